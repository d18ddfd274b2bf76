"""Planted credentials are nowhere in a cell: not in a file, not in /proc, not in its memory."""

import ctypes
import os
import secrets
import shutil
import subprocess
import sys

import pytest

from stack import BUILD, WORKSPACE, wait_until

NEEDLE, MASK = 32, 0x5A
# Where each needle is planted, in the order of /skill/needles.
PLACES = (
    "environment of praxa up and praxa run",
    "host file 0600",
    "host file 0644",
    "input of another run, in broker memory",
    "text of a policy, in the memory of praxad and broker",
    "arguments of a host process",
    "session keyring of the caller",
)
# Which daemon has which needle in its memory while the scan runs.
HELD = (("praxad", 4), ("praxa-broker", 3), ("praxa-broker", 4))
KEYCTL_JOIN_SESSION_KEYRING, KEY_SPEC_SESSION_KEYRING = 1, -3
CALLS = {"x86_64": (250, 248), "aarch64": (219, 217)}  # keyctl, add_key


def masked(needle):
    return bytes(byte ^ MASK for byte in needle.encode())


def plant_key(needle):
    """In the child, before praxa is executed: a session keyring that holds the needle."""
    keyctl, add_key = CALLS[os.uname().machine]
    libc = ctypes.CDLL(None)
    libc.syscall(keyctl, KEYCTL_JOIN_SESSION_KEYRING, None)
    key = libc.syscall(
        add_key, b"user", b"praxa-secret", needle.encode(), len(needle), KEY_SPEC_SESSION_KEYRING
    )
    assert key > 0


def holds(pid, needle):
    """Whether a process has the needle in its memory; None where we may not look."""
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory, open(f"/proc/{pid}/maps") as maps:
            for line in maps:
                span, rights = line.split()[:2]
                begin, end = (int(number, 16) for number in span.split("-"))
                if rights.startswith("r") and end < 1 << 63:
                    memory.seek(begin)
                    try:
                        if needle.encode() in memory.read(end - begin):
                            return True
                    except OSError:  # [vvar]
                        continue
        return False
    except PermissionError:
        return None


@pytest.fixture
def planted(stack):
    """Needles by place, and the control that is to be found."""
    needles = [secrets.token_hex(NEEDLE // 2) for _ in PLACES]
    control = secrets.token_hex(NEEDLE // 2)
    skill = stack.base / "skill"
    shutil.copy(BUILD / "tests" / "scenario" / "secret-scan", skill / "scan")
    (skill / "needles").write_bytes(b"".join(map(masked, [*needles, control])))
    (skill / "control").write_text(control)
    for mode, needle in ((0o600, needles[1]), (0o644, needles[2])):
        path = stack.base / f"secret-{mode:o}"
        path.write_text(needle)
        path.chmod(mode)
    return needles


def write_policies(stack, needles):
    """The scanner's policy, and that of a Skill that keeps a needle busy in broker and praxad."""
    stack.write_policy(lambda text: text.replace("a person does this", needles[4]))
    holder = stack.policy_text
    scanner = holder.replace("skill: probe", "skill: scan")
    scanner = scanner.replace("[ /usr/bin/python3, /skill/probe.py, ", "[ /skill/scan, ")
    scanner = scanner.replace("profile: python", "profile: base").replace("require: [", "require: [ landlock,")
    path = stack.base / "scan.policy.yaml"
    path.write_text(scanner)
    return path


def test_no_planted_credential_can_be_read_in_a_cell(stack, planted):
    scanner = write_policies(stack, planted)
    env = {**os.environ, "PRAXA_TEST_SECRET": planted[0]}
    shared = ("--workspace", WORKSPACE, "--state", stack.state)
    up = subprocess.Popen(
        stack.command("up", stack.base / "probe.policy.yaml", scanner, *shared),
        env=env, preexec_fn=lambda: plant_key(planted[6]),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    argv = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)", planted[5]])
    try:
        wait_until(lambda: (stack.state / "run" / "control.sock").exists() or up.poll(), "praxa up")
        holder = stack.start({"do": "hang", "secret": planted[3]})
        stack.wait_for_skill(holder)
        stack.note(up)
        done = subprocess.run(
            stack.command("run", scanner, *shared, "--event", "probe", "--json", "--input", "{}"),
            env=env, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        held = {(daemon, n): holds(stack.daemon(daemon), planted[n]) for daemon, n in HELD}
        holder.kill()
        holder.wait()
    finally:
        argv.kill()
        argv.wait()
        up.terminate()
        _, err = up.communicate(timeout=30)
    assert done.returncode == 0, (done, err)
    assert set(held.values()) <= {True, None}, f"what was planted is not there: {held}"
    # praxa run shows what the Skill prints behind a mark of its own.
    lines = [line.split("skill: ", 1)[-1] for line in done.stderr.splitlines()]
    found = [line.split(maxsplit=2)[1:] for line in lines if line.startswith("found ")]
    assert [line for line in lines if line.startswith("scanned ")], done
    # The control is found, in the file and in memory: the scan can see.
    controls = [place for number, place in found if int(number) == len(PLACES)]
    assert "/skill/control" in controls and any(p.startswith("memory ") for p in controls), found
    assert [(PLACES[int(n)], place) for n, place in found if int(n) < len(PLACES)] == []
