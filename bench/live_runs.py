"""What a live run costs in memory outside its Skill: praxad, broker and log keep one run, then many,
of a Skill that waits, and the difference is divided among those that came.

    python3 bench/live_runs.py BUILD SKILL [RUNS]

BUILD has the programs, SKILL is a static program that waits for the end of the descriptor that its
argument names. Rows go to stdout, explanations to stderr; docs/cell.md says what is counted."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

DAEMONS = ("praxad", "praxa-broker", "praxa-auditd")
PATIENCE_S = 120

POLICY = """\
policy: 1
skill: waits
owner: { team: bench }
bundle:
  path: skill
  digest: %s
  run: [ /skill/waits, "3" ]
trigger:
  - source: cli
    event: run
budget:
  run: { wall: 10m }
sandbox:
  profile: base
  require: [ seccomp, network-namespace, read-only, landlock ]
  limits: { memory: 64MiB, processes: 4, open_files: 16, tmp: 1MiB, output: 64KiB }
"""


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"launch: waited {PATIENCE_S} s for {what}")
        time.sleep(0.05)


def kib(path, *keys):
    """The sum of the numbers behind keys of a file like /proc/meminfo."""
    fields = (line.split() for line in pathlib.Path(path).read_text().splitlines())
    return sum(int(field[1]) for field in fields if field[0].rstrip(":") in keys)


def children(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Stack:
    """A workspace's daemons, kept by `praxa up`."""

    def __init__(self, build, skill, base):
        self.praxa, self.base = str(build / "praxa"), base
        self.policy, self.state = base / "waits.policy.yaml", base / "state"
        self.clients = []
        (base / "skill").mkdir()
        shutil.copy(skill, base / "skill" / "waits")
        for path in (base, base / "skill", base / "skill" / "waits"):
            path.chmod(0o755)
        digest = subprocess.run(
            [self.praxa, "policy", "digest", str(base / "skill")], check=True, capture_output=True, text=True
        )
        self.policy.write_text(POLICY % digest.stdout.split()[0])
        self.up = None

    def start(self):
        command = [self.praxa, "up", str(self.policy), "--warm", "0", "--state", str(self.state)]
        self.up = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        wait_until(lambda: all(self.pid_file(name).exists() for name in DAEMONS), "the daemons")
        self.pids = {name: int(self.pid_file(name).read_text()) for name in DAEMONS}

    def pid_file(self, name):
        return self.state / "run" / f"{name}.pid"

    def grow(self, count):
        """As many live runs, whose Skills run."""
        command = [self.praxa, "run", str(self.policy), "--quiet", "--state", str(self.state)]
        while len(self.clients) < count:
            self.clients.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        wait_until(lambda: len(self.waiting()) >= count, f"{count} live runs")
        time.sleep(1)  # what the daemons still do for the last one

    def waiting(self):
        """praxa-init of every run whose Skill has been executed."""
        found = []
        for init in children(self.pids["praxad"]):
            try:
                if any(pathlib.Path(f"/proc/{pid}/comm").read_text() == "waits\n" for pid in children(init)):
                    found.append(init)
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def memory(self):
        """KiB by who holds it; what several share is divided among them (proc(5), Pss). Of the daemons
        without files: their programs do not grow, and are shared with those who wait for the runs."""
        own = ("Pss_Anon", "Pss_Shmem")
        held = {name: kib(f"/proc/{pid}/smaps_rollup", *own) for name, pid in self.pids.items()}
        held["praxa-init"] = sum(kib(f"/proc/{pid}/smaps_rollup", "Pss") for pid in self.waiting())
        return held

    def stop(self):
        if self.up is not None:
            self.up.send_signal(signal.SIGINT)
            self.up.wait()
        for client in self.clients:
            client.wait()


def row(name, value, count):
    print(json.dumps({"bench": name, "ours": round(value, 3), "unit": "KiB", "n": count}), flush=True)


def measure(stack, count):
    stack.grow(1)
    one = stack.memory()
    stack.grow(count)
    many = stack.memory()
    shares = {name: (many[name] - one[name]) / (count - 1) for name in many}
    row("launch.kib_per_run", sum(shares.values()), count)
    for name, share in shares.items():
        row(f"launch.kib_per_run.{name}", share, count)


def main():
    build, skill = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    base = pathlib.Path(tempfile.mkdtemp(prefix="praxa-bench.", dir=os.environ.get("TMPDIR", "/tmp")))
    stack = None
    try:
        stack = Stack(build, skill, base)
        stack.start()
        measure(stack, count)
    finally:
        if stack is not None:
            stack.stop()
        shutil.rmtree(base)


main()
