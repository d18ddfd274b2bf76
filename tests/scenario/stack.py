"""One state folder, one policy, and `praxa` run on them as a person would."""

import hashlib
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("PRAXA_BUILD", HERE.parents[1] / "build" / "gcc"))
WORKSPACE = "ws_test"
# Nothing here takes a second; what takes this long hangs.
PATIENCE = 40

POLICY = """\
policy: 1
skill: probe
owner: { team: tests }
bundle:
  path: skill
  digest: {skill_digest}
  run: [ /usr/bin/python3, /skill/probe.py, {token} ]
manifests: [ probe.tools.yaml ]
trigger:
  - source: cli
    event: probe
tools:
  probe.echo:
    allow:
      text: { len: { max: 10 } }
      times: { range: { min: 1, max: 3 }, optional: true }
  probe.fail:
    allow: {}
  probe.forbidden:
    deny: always
    why: "a person does this"
memory:
  read: [ "ws/{workspace}/probe/**" ]
  write: [ "ws/{workspace}/probe/own/*" ]
budget:
  run: { calls: {calls}, wall: {wall} }
sandbox:
  profile: python
  require: {require}
  limits: { memory: 512MiB, processes: 16, open_files: 64, tmp: 16MiB, output: 64KiB }
"""

TOOLS = """\
tools: 1
integration: probe
bundle:
  path: tools
  digest: {tools_digest}
tool:
  probe.echo:
    summary: gives the text back
    run: [ /usr/bin/python3, /tool/tool.py, echo ]
    profile: python
    limits: { wall: 10s, output: 64KiB, memory: 512MiB, processes: 8, open_files: 64 }
    arguments:
      required: [ text ]
      properties:
        text: { type: string, maxLength: 1000 }
        times: { type: integer, minimum: 0 }
  probe.fail:
    summary: ends with exit status 3
    run: [ /usr/bin/python3, /tool/tool.py, fail ]
    profile: python
    limits: { wall: 10s, output: 64KiB, memory: 512MiB, processes: 8, open_files: 64 }
  probe.forbidden:
    summary: is denied by the policy
    run: [ /usr/bin/python3, /tool/tool.py, echo ]
    profile: python
    limits: { wall: 10s, output: 64KiB, memory: 512MiB, processes: 8, open_files: 64 }
  probe.unlisted:
    summary: no rule of the policy names it
    run: [ /usr/bin/python3, /tool/tool.py, echo ]
    profile: python
    limits: { wall: 10s, output: 64KiB, memory: 512MiB, processes: 8, open_files: 64 }
"""


def digest_of(folder):
    """What `find -type f | sort | xargs sha256sum | sha256sum` prints."""
    names = sorted(str(path.relative_to(folder)).encode() for path in folder.rglob("*") if path.is_file())
    total = hashlib.sha256()
    for name in names:
        one = hashlib.sha256((folder / name.decode()).read_bytes()).hexdigest()
        total.update(f"{one}  ./".encode() + name + b"\n")
    return f"sha256:{total.hexdigest()}"


class Process:
    """A process by pid and start time, so that a pid used again is not mistaken for it."""

    def __init__(self, pid):
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        self.pid, self.parent, self.started = pid, int(fields[1]), fields[19]
        self.command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        self.zombie = fields[0] == "Z"

    def is_alive(self):
        """A dead orphan is for process 1 to reap, which in a container may never do it."""
        try:
            now = Process(self.pid)
            return now.started == self.started and not now.zombie
        except (FileNotFoundError, ProcessLookupError):
            return False

    def __repr__(self):
        return f"{self.pid} {self.command!r}"


def processes():
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                found[int(entry)] = Process(int(entry))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
    return found


def descendants(pid):
    everyone, found, grew = processes(), {pid}, True  # pid may be gone, and then nothing is found
    while grew:
        more = {p.pid for p in everyone.values() if p.parent in found} - found
        grew = bool(more)
        found |= more
    return [everyone[p] for p in found if p in everyone]


def wait_until(condition, what):
    """Polls: what is waited for happens in processes that give us no descriptor."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


class Finished:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err
        try:
            self.json = json.loads(out)
        except ValueError:
            self.json = None

    def __repr__(self):
        return f"exit {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Stack:
    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.state = self.base / "state"
        self.token = f"praxa-test-{secrets.token_hex(8)}"
        self.seen = {}  # every process that was ever ours, by (pid, start)
        self.calls, self.wall, self.require = 25, "20s", "[ seccomp, network-namespace ]"
        shutil.copytree(HERE / "skill", self.base / "skill")
        shutil.copytree(HERE / "tools", self.base / "tools")
        for path in [self.base, *self.base.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        self.mounts = self.own_mounts()

    def write_policy(self, change=lambda text: text):
        """Writes policy and manifest with today's digests; change may spoil the policy's text."""
        text = POLICY.replace("{skill_digest}", digest_of(self.base / "skill"))
        text = text.replace("{token}", self.token).replace("{wall}", self.wall).replace("{calls}", str(self.calls))
        self.policy_text = change(text.replace("{require}", self.require))
        tools = TOOLS.replace("{tools_digest}", digest_of(self.base / "tools"))
        (self.base / "probe.policy.yaml").write_text(self.policy_text)
        (self.base / "probe.tools.yaml").write_text(tools)

    def policy_line(self, start):
        """The number of the one line of the policy that begins so, blanks aside."""
        found = [n for n, line in enumerate(self.policy_text.split("\n"), 1) if line.strip().startswith(start)]
        assert len(found) == 1, (start, found)
        return found[0]

    def command(self, *arguments):
        return [str(BUILD / "praxa"), *map(str, arguments)]

    def start(self, work, event="probe", extra=()):
        """Starts `praxa run`; work is the Skill's input."""
        if not (self.base / "probe.policy.yaml").exists():
            self.write_policy()
        command = self.command(
            "run", self.base / "probe.policy.yaml", "--workspace", WORKSPACE, "--state", self.state,
            "--event", event, "--json", "--input", json.dumps(work), *extra,
        )  # fmt: skip
        # Files, because a full pipe would hold up a `praxa` that nobody reads from yet.
        with open(self.base / "out", "wb") as out, open(self.base / "err", "wb") as err:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def finish(self, running):
        """Waits for the end of the `praxa run` that was started last."""
        hangs = False
        try:
            running.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            hangs = True
            self.note(running)
            running.kill()
            running.wait()
        out, err = ((self.base / name).read_text(errors="replace") for name in ("out", "err"))
        done = Finished(running.returncode, out, err)
        assert not hangs, f"praxa run hangs: {done}"
        return done

    def run(self, work, **options):
        return self.finish(self.start(work, **options))

    def note(self, running):
        """Remembers all processes beneath a running `praxa`."""
        for process in descendants(running.pid):
            self.seen[process.pid, process.started] = process

    def daemon(self, name):
        """The pid of a running daemon of this stack."""
        path = self.state / "run" / f"{name}.pid"
        return wait_until(lambda: path.exists() and path.read_text().strip(), path) and int(path.read_text())

    def wait_for_skill(self, running):
        """Waits until the Skill's program runs in its cell, or `praxa` has ended already, and
        remembers everything beneath."""
        wait_until(lambda: self.skill_processes() or running.poll() is not None, "the Skill to run")
        self.note(running)

    def wait_for_records(self, count, kind):
        """Waits until the log holds so many records of a kind."""
        return wait_until(lambda: len(self.of(kind)) >= count, f"{count} records of {kind}")

    def of(self, kind):
        return [record for record in self.records() if record["kind"] == kind]

    def skill_processes(self):
        return [p for p in processes().values() if self.token in p.command and "/skill/probe.py" in p.command]

    def records(self):
        """Every record of the workspace's log, oldest first; a body's members beside the header's."""
        command = self.command("audit", "show", "--json", "--workspace", WORKSPACE, "--state", self.state)
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        records = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
        # A decision is exported as the audit event of the contract, which knows no kind.
        return [{**(r.get("body") or {}), "kind": "decision", **r} for r in records]

    def verify(self):
        command = self.command("audit", "verify", "--workspace", WORKSPACE, "--state", self.state)
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        return Finished(done.returncode, done.stdout, done.stderr)

    def own_mounts(self):
        lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
        return [line for line in lines if str(self.base) in line or re.search(r"praxa", line)]

    def left_over(self):
        """Processes that still live: seen beneath a run, or with our state folder or token."""
        alive = [p for p in self.seen.values() if p.is_alive()]
        named = [
            p
            for p in processes().values()
            if (self.token in p.command or str(self.state) in p.command) and p.pid != os.getpid()
        ]
        return alive + named

    def nothing_is_left(self, sockets=True):
        """The end of every scenario, whatever happened in it."""
        end = time.monotonic() + 10
        while self.left_over() and time.monotonic() < end:
            time.sleep(0.05)
        left = self.left_over()
        for process in left:
            os.kill(process.pid, signal.SIGKILL)
        assert left == [], "processes are left"
        assert self.own_mounts() == self.mounts, "mounts are left"
        if sockets:
            left = [str(path) for path in self.state.rglob("*") if path.is_socket()]
            assert left == [], "sockets are left"


def new_base():
    """Short, because a socket's path has 107 bytes; open to walk, because daemons have uids."""
    base = tempfile.mkdtemp(prefix="praxa-", dir=os.environ.get("TMPDIR", "/tmp"))
    os.chmod(base, 0o755)
    return base
