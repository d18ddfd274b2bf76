"""A Skill that does what its input says, so that one bundle serves every scenario.

input: {"calls": [[method, params], ...]} makes calls and records what came back as its decision;
       {"do": NAME} misbehaves.
"""

import errno
import os
import signal
import socket
import struct
import sys
import time

import msgpack


class Door:
    """The door without the SDK: a scenario must be able to send what no SDK would."""

    def __init__(self):
        self.socket = socket.socket(fileno=3)
        self.unpacker = msgpack.Unpacker(raw=False)
        self.serial = 0

    def call(self, method, params):
        self.serial += 1
        self.socket.sendall(msgpack.packb([0, self.serial, method, params]))
        while True:
            for message in self.unpacker:
                if message[0] == 1 and message[1] == self.serial:
                    return message[2], message[3]
            data = self.socket.recv(65536)
            if not data:
                raise EOFError("the door is closed")
            self.unpacker.feed(data)


door = Door()


def decide(output):
    params = {
        "reasoning": ["the input said so"],
        "alternatives": [{"action": "do it", "score": 0.75}, {"action": "do nothing", "score": 0.25}],
        "confidence": 0.7,
        "output": output,
    }
    return door.call("decision.record", params)


def expand(value):
    """["repeat", TEXT, N] stands for a long text: an input has a size limit of its own."""
    if isinstance(value, list) and len(value) == 3 and value[0] == "repeat":
        return value[1] * value[2]
    if isinstance(value, dict):
        return {key: expand(item) for key, item in value.items()}
    return value


def make_calls(calls):
    outcomes = []
    for method, params in calls:
        error, result = door.call(method, expand(params))
        outcomes.append({"error": error, "result": result})
    error, _ = decide(outcomes)
    assert error is None, error


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)


def hang():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("hanging", flush=True)
    while True:
        time.sleep(1)


def leave_daemons():
    """Forks as a daemon does: twice, in a session of its own, deaf to signals."""
    for _ in range(4):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                    signal.signal(number, signal.SIG_IGN)
                time.sleep(1000)
            os._exit(0)
    decide("daemons")


def garbage():
    door.socket.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 10)
    time.sleep(1000)


def huge_length():
    # bin 32 with a length of 4 GiB, as the method's name.
    door.socket.sendall(b"\x94\x00\x01\xc6" + struct.pack(">I", 0xFFFFFFFF))
    time.sleep(1000)


def deep():
    door.socket.sendall(b"\x91" * 100000)
    time.sleep(1000)


def send_descriptor():
    try:
        socket.send_fds(door.socket, [msgpack.packb([0, 1, "run.input", {}])], [0])
    except OSError as error:
        decide(errno.errorcode[error.errno])


def never_read():
    """Asks for much and reads nothing, until the broker's patience or our wall time ends."""
    request = msgpack.packb([0, 1, "run.input", {}])
    while True:
        door.socket.sendall(request)


def flood():
    while True:
        os.write(1, b"x" * 4096 + b"\n")


def fork_bomb():
    failed = 0
    for _ in range(1000):
        try:
            if os.fork() == 0:
                time.sleep(1000)
        except OSError:
            failed += 1
    decide({"failed": failed})


def exhaust_memory():
    try:
        bytearray(4 << 30)
    except MemoryError:
        decide("refused")


def put(number):
    """One effect; the type of the error, or None."""
    error, _ = door.call("memory.put", {"key": f"ws/ws_test/probe/own/{number % 8}", "value": number})
    return error["type"] if error else None


def work_on():
    """One effect after another, until somebody ends us. Not as fast as it goes: where a durable write
    costs nothing, as on tmpfs, the log would outgrow the test that reads it."""
    for number in range(100000):
        put(number)
        time.sleep(0.005)


def outlive_log():
    """Works on while the log goes away and comes back, and tells what it was told."""
    told = {"done": 0, "refused": {}}
    while not told["refused"] or told["after"] < 10:
        refusal = put(told["done"])
        if refusal:
            told["refused"][refusal] = told["refused"].get(refusal, 0) + 1
            told["after"] = 0
            time.sleep(0.02)
        else:
            told["done"] += 1
            told["after"] = told.get("after", 0) + 1
            time.sleep(0.005)
    decide(told)


def refusal(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


def ask_for_too_much():
    """Calls that the profile denies: by a rule, by argument, and by not being in the list."""
    decide(
        {
            "socket": [refusal(socket.socket) for _ in range(3)],
            "memfd_create": refusal(os.memfd_create, "x"),
            "socketpair": refusal(socket.socketpair, socket.AF_UNIX, socket.SOCK_DGRAM),
            "fchown": refusal(os.fchown, 1, 0, 0),
        }
    )


def ask_for_ever():
    """Denied calls in a loop, from two processes, far more than anybody wants to count."""
    if os.fork() == 0:
        for _ in range(20000):
            refusal(os.chroot, "/")
        os._exit(0)
    answers = {}
    for _ in range(20000):
        answer = refusal(socket.socket)
        answers[answer] = answers.get(answer, 0) + 1
    os.wait()
    decide(answers)


def ask_until_the_end():
    print("asking", flush=True)
    while True:
        refusal(socket.socket)


def keep(attempt):
    """Tries for ever, however often it is refused; says "at it" when it has begun."""
    print("at it", flush=True)
    while True:
        try:
            attempt()
        except (OSError, MemoryError):
            time.sleep(0.01)


def fill_bytes():
    keep(lambda: open("/tmp/big", "ab", buffering=0).write(b"x" * 65536))


def fill_inodes():
    numbers = iter(range(10**9))
    keep(lambda: open(f"/tmp/{next(numbers)}", "w").close())


def fork_on():
    keep(lambda: os.fork() or time.sleep(1000))


def allocate_on():
    kept = []
    keep(lambda: kept.append(bytearray(1 << 20)))


def open_on():
    kept = []
    keep(lambda: kept.append(os.open("/dev/null", os.O_RDONLY)))


def spin():
    print("at it", flush=True)
    while True:
        pass


def hide():
    """Spins in processes that nobody is the parent of, deaf to signals, and is gone."""
    for _ in range(2):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                    signal.signal(number, signal.SIG_IGN)
                spin()
            os._exit(0)
    time.sleep(1)


def exit_three():
    sys.exit(3)


def call_tools_at_once():
    """Twelve calls before the first answer is read."""
    params = {"tool": "probe.echo", "arguments": {"text": "a"}}
    door.socket.sendall(b"".join(msgpack.packb([0, 1000 + n, "tool.call", params]) for n in range(12)))
    outcomes = []
    while len(outcomes) < 12:
        door.unpacker.feed(door.socket.recv(65536))
        outcomes += [message[2]["type"] if message[2] else "ok" for message in door.unpacker]
    decide(sorted(outcomes))


def use_sdk():
    import praxa

    run = praxa.Run()

    def refusal(call, *arguments, **named):
        try:
            call(*arguments, **named)
        except praxa.Error as error:
            return type(error).__name__
        return None

    run.decide(
        reasoning=["through the SDK"],
        alternatives=[],
        confidence=1.0,
        output={
            "tool": refusal(run.tool, "probe.forbidden"),
            "argument": refusal(run.tool, "probe.echo", text="longer than ten"),
            "failing": refusal(run.tool, "probe.fail"),
            "namespace": refusal(run.memory.put, "ws/ws_test/other/a", 1),
            "workspace": refusal(run.memory.get, "ws/ws_other/probe/own/a"),
            "echo": run.tool("probe.echo", text="ab", times=2),
        },
    )


def main():
    error, answer = door.call("run.input", {})
    assert error is None, error
    work = answer["input"] if "input" in answer else answer
    if "calls" in work:
        make_calls(work["calls"])
    else:
        globals()[work["do"]]()


main()
