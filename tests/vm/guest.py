"""Runs the suites inside the virtual machine, started by praxa-vm.service: guest.py SERIAL RESULTS

Lies in PLACE/source/tests/vm beside PLACE/build and PLACE/plan.json. Progress goes to SERIAL; the
results, in the form that tests/report.py reads, as one tar to RESULTS.
"""

import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import threading
import time

PLACE = pathlib.Path(__file__).resolve().parents[3]
SOURCE, BUILD, RESULTS = PLACE / "source", PLACE / "build", PLACE / "results"
NOBODY = 65534  # any uid without rights
SLOWNESS = 4  # times the patience of a test, for the machine is emulated

USERS = {"root": [], "user": [f"--uid={NOBODY}", f"--gid={NOBODY}"]}
PYTEST_SECONDS = 2700
GRACE = 60  # seconds for systemd to end a service that is over its time
TIMED_OUT = 124
FORBID = pathlib.Path("/proc/sys/user/max_user_namespaces")


def run_as(user, command, timeout, scratch):
    """In a transient service with a delegated cgroup of its own, as users run theirs."""
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "HOME": scratch,
        "TMPDIR": scratch,
        "PRAXA_SOURCE": SOURCE,
        "PRAXA_BUILD": BUILD,
        "PYTHONDONTWRITEBYTECODE": "1",
        "CMOCKA_MESSAGE_OUTPUT": "TAP",
    }
    unit = ["systemd-run", "--quiet", "--wait", "--pipe", "--collect", "--property=Delegate=yes"]
    unit += [f"--property=RuntimeMaxSec={timeout}", f"--working-directory={SOURCE}", *USERS[user]]
    unit += [f"--setenv={name}={value}" for name, value in environment.items()]
    whole = [*unit, "--", *map(str, command)]
    try:
        return subprocess.run(
            whole, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout + GRACE
        )
    except subprocess.TimeoutExpired as hang:
        # A process that left the service for another cgroup still holds the pipes.
        said = (hang.stdout or b"").decode(errors="replace")
        return subprocess.CompletedProcess(whole, TIMED_OUT, said, "timed out\n")


def in_group(test, group):
    return f"praxa:{group}" in test["suite"]


def is_for(test, user):
    return in_group(test, "cell") and test["name"].endswith("-as-user") == (user == "user")


def is_privileged(test, group):
    return in_group(test, group) and test["name"].endswith("-privileged")


class Guest:
    def __init__(self, serial):
        self.serial = open(serial, "w", buffering=1)
        self.plan = json.loads((PLACE / "plan.json").read_text())
        self.steps = []

    def say(self, text):
        self.serial.write(f"vm: {time.monotonic():6.1f} {text}\r\n")

    def scratch(self, user):
        path = PLACE / f"tmp-{user}"
        path.mkdir(exist_ok=True)
        if user != "root":
            os.chown(path, NOBODY, NOBODY)
        return str(path)

    def show(self, done):
        for line in (done.stdout + done.stderr).splitlines()[-60:]:
            self.say(f"  | {line}")

    def program(self, name, user, test):
        """One compiled test; a line of JSON, as meson's own log has it."""
        command = [BUILD / test["program"], *test["arguments"]]
        began = time.monotonic()
        done = run_as(user, command, test["timeout"] * SLOWNESS, self.scratch(user))
        result = "OK" if done.returncode == 0 else "FAIL"
        self.say(f"{name}: {test['name']} {result} ({time.monotonic() - began:.1f} s)")
        if done.returncode:
            self.show(done)
        row = {"name": test["name"], "result": result, "returncode": done.returncode, "stdout": done.stdout}
        return json.dumps(row) + "\n"

    def programs(self, name, user, tests):
        """One on each processor, for none of them uses two."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            rows = pool.map(lambda test: self.program(name, user, test), tests)
            (RESULTS / f"{name}.json").write_text("".join(rows))

    def pytest(self, name, user, *places):
        scratch = self.scratch(user)
        xml = pathlib.Path(scratch) / "out.xml"
        command = ["python3", "-m", "pytest", "-q", "-v", "-p", "no:cacheprovider", f"--junitxml={xml}", *places]
        done = run_as(user, command, PYTEST_SECONDS, scratch)
        last = (done.stdout.splitlines() or [""])[-1].strip("= ")
        self.say(f"{name}: {last} (exit status {done.returncode})")
        if done.returncode:
            self.show(done)
        if xml.exists():
            shutil.move(xml, RESULTS / f"{name}.xml")
        else:
            self.steps.append(f"failed\t{name}: pytest")

    def suite_machine(self):
        self.pytest("vm-machine", "root", "tests/vm")

    def suite_cell(self):
        for user in USERS:
            tests = [test for test in self.plan["tests"] if is_for(test, user)]
            self.programs(f"vm-{user}-cell", user, tests)

    def forbidden(self, name, group):
        before = FORBID.read_text()
        FORBID.write_text("0")
        self.programs(name, "root", [test for test in self.plan["tests"] if is_privileged(test, group)])
        FORBID.write_text(before)

    def suite_forbidden(self):
        self.forbidden("vm-forbidden-cell", "cell")

    def suite_table(self):
        tables = [test for test in self.plan["tests"] if in_group(test, "table")]
        self.programs("vm-table", "root", [test for test in tables if not is_privileged(test, "table")])
        self.forbidden("vm-forbidden-table", "table")

    def suite_scenario(self):
        """Both users at once: scenarios wait more than they work."""
        # What only reads policy files is the same everywhere.
        places = ("tests/scenario", "tests/sdk", "--ignore-glob=*/test_policy_*")
        both = [threading.Thread(target=self.pytest, args=(f"vm-{user}-scenario", user, *places)) for user in USERS]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()

    def facts(self):
        self.say("kernel " + os.uname().release)
        for path in ("/sys/kernel/security/lsm", "/sys/fs/cgroup/cgroup.controllers"):
            self.say(f"{path}: {pathlib.Path(path).read_text().strip()}")


def main(serial, results):
    RESULTS.mkdir()
    guest = Guest(serial)
    guest.facts()
    try:
        for suite in guest.plan["suites"]:
            getattr(guest, f"suite_{suite}")()
    finally:
        (RESULTS / "steps").write_text("".join(f"{line}\n" for line in guest.steps))
        with tarfile.open(results, "w") as tar:
            tar.add(RESULTS, "results")
        guest.say("results are written")


if __name__ == "__main__":
    main(*sys.argv[1:])
