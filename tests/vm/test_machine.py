"""What only a whole machine has: a cgroup that systemd delegates, and sysctls to forbid with.

Runs in the virtual machine of tests/vm/run, as root, and changes the machine's settings.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from stack import BUILD, WORKSPACE, Stack, new_base  # noqa: E402

CONFINEMENT = 39  # exit code, docs/errors.md
NOBODY = 65534
EVERY_LAYER = 22
# What depends on the processor and on Linux 6.3: no part of what a policy requires without naming it.
OPTIONAL = {"speculation", "memory-deny-write-execute"}


@pytest.fixture
def stack():
    base = new_base()
    try:
        made = Stack(base)
        made.require = "all"
        yield made
        made.nothing_is_left()
    finally:
        shutil.rmtree(base)


@pytest.fixture(params=["root", "user"])
def who(request):
    return request.param


def sysctl(path, value):
    path = pathlib.Path("/proc/sys", path)
    before = path.read_text()
    path.write_text(value)
    yield path
    path.write_text(before)


@pytest.fixture
def no_user_namespaces():
    yield from sysctl("user/max_user_namespaces", "0")


@pytest.fixture
def no_unprivileged_ones():
    yield from sysctl("kernel/unprivileged_userns_clone", "0")


# What Ubuntu 24.04 does to a program without a profile of its own: the user namespace is made, and
# nothing in it may be used. There a sysctl moves such a program into its profile
# "unprivileged_userns"; Debian's kernel has no such sysctl, so this one is named for the service.
WITHOUT_CAPABILITIES = "praxa-test-without-capabilities"
PROFILE = f"""
profile {WITHOUT_CAPABILITIES} flags=(attach_disconnected, mediate_deleted) {{
  file,
  /{{**,}} ix,
  network,
  signal,
  ptrace,
  mount,
  remount,
  umount,
  pivot_root,
}}
"""


@pytest.fixture
def apparmor():
    subprocess.run(["apparmor_parser", "--replace"], input=PROFILE, text=True, check=True)
    yield [f"--property=AppArmorProfile={WITHOUT_CAPABILITIES}"]
    subprocess.run(["apparmor_parser", "--remove"], input=PROFILE, text=True, check=True)


# A shell as people have one: it stays in the cgroup that its child divides.
SESSION = """
"$@"
status=$?
own=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
case $own in */others) ;; *) echo "the shell is in $own" >&2; exit 1 ;; esac
for left in "${own%/others}"/cells-*; do test ! -e "$left" || exit 1; done
exit $status
"""


def in_service(who, command, home, properties=()):
    """As the main process of a service with Delegate=yes: alone in its cgroup."""
    os.chmod(home, 0o755)
    if who == "user":
        for path in [home, *home.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
    unit = ["systemd-run", "--quiet", "--wait", "--pipe", "--collect", "--property=Delegate=yes"]
    unit += [*properties, f"--setenv=HOME={home}", "--setenv=LANG=C.UTF-8"]
    unit += [f"--uid={NOBODY}", f"--gid={NOBODY}"] if who == "user" else []
    return subprocess.run([*unit, "--", *map(str, command)], capture_output=True, text=True, timeout=120)


def doctor(who, stack, properties=()):
    command = [BUILD / "praxa", "doctor", "--json", "--state", stack.state]
    done = in_service(who, command, stack.base, properties)
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["can_run"] else CONFINEMENT), done
    return found


def layer(found, name):
    (row,) = [row for row in found["layers"] if row["name"] == name]
    return row


def run(who, stack, properties=(), session=False):
    stack.write_policy()
    command = stack.command("run", stack.base / "probe.policy.yaml", "--workspace", WORKSPACE, "--state", stack.state)
    command += ["--event", "probe", "--json", "--input", '{"calls": []}']
    # From a file: on a command line systemd would expand the dollar signs.
    (stack.base / "session").write_text(SESSION)
    before = ["sh", stack.base / "session"] if session else []
    return in_service(who, [*before, *command], stack.base, properties)


def test_every_layer_is_there(stack, who):
    found = doctor(who, stack)
    assert {row["name"] for row in found["layers"] if row["state"] == "missing"} <= OPTIONAL, found
    assert found["can_run"] and found["user_namespace"] and found["missing"] == [], found


def test_landlock_says_what_this_kernel_lacks(stack):
    found = doctor("root", stack)
    assert layer(found, "landlock")["state"] == ("present" if found["landlock_abi"] >= 6 else "partly")
    if os.uname().release.startswith("6.1."):
        assert found["landlock_abi"] == 2


@pytest.mark.parametrize("session", [False, True], ids=["alone", "in-a-session"])
def test_a_run_in_a_delegated_cgroup_has_every_layer(stack, who, session):
    done = run(who, stack, session=session)
    assert done.returncode == 0, done
    layers = json.loads(done.stdout)["layers"]
    assert "cgroup" in layers and len(layers) == EVERY_LAYER, layers


def test_root_does_without_user_namespaces(stack, no_user_namespaces):
    found = doctor("root", stack)
    assert found["can_run"] and not found["user_namespace"], found
    assert "max_user_namespaces is 0" in layer(found, "user-namespace")["detail"]
    done = run("root", stack)
    assert done.returncode == 0, done
    layers = json.loads(done.stdout)["layers"]
    assert "user-namespace" not in layers and len(layers) == EVERY_LAYER - 1, layers


def refused(stack, why, properties=()):
    found = doctor("user", stack, properties)
    assert not found["can_run"] and why in found["message"], found
    assert why in layer(found, "user-namespace")["detail"], found
    assert layer(found, "user-namespace")["fix"]
    done = run("user", stack, properties)
    assert done.returncode == CONFINEMENT, done
    assert "ConfinementError" in done.stderr and why in done.stderr, done


def test_a_user_without_user_namespaces_is_told_so(stack, no_user_namespaces):
    refused(stack, "the sysctl user.max_user_namespaces is 0")


def test_a_user_who_may_make_none_is_told_so(stack, no_unprivileged_ones):
    refused(stack, "the sysctl kernel.unprivileged_userns_clone is 0")


def test_a_user_whose_namespaces_apparmor_disarms_is_told_so(stack, apparmor):
    used = in_service("user", ["unshare", "--user", "true"], stack.base, apparmor)
    assert used.returncode == 0, used
    used = in_service("user", ["unshare", "--map-root-user", "--uts", "hostname", "x"], stack.base, apparmor)
    assert used.returncode != 0, used
    refused(stack, f"AppArmor confines this process as {WITHOUT_CAPABILITIES}", apparmor)
