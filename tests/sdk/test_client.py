"""The Python SDK against a broker that says what each test needs."""

import contextlib
import importlib
import pathlib
import re
import socket
import subprocess
import sys
import threading

import msgpack
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "sdk" / "python"))
praxa = importlib.import_module("praxa")

WOKE = {
    "trigger": {"source": "cli", "event": "review"},
    "input": {"repo": "pay"},
    "run": "rn_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "skill": "sk_code-review",
    "workspace": "ws_acme",
}


class Broker:
    """Answers calls from a list of functions of (method, params), in a thread of its own."""

    def __init__(self, *answers):
        self.ours, self.theirs = socket.socketpair()
        self.calls = []
        self.thread = threading.Thread(target=self._serve, args=(list(answers),))
        self.thread.start()

    def _serve(self, answers):
        unpacker = msgpack.Unpacker(raw=False)
        # A client that has seen enough closes before all pieces are written.
        with self.ours, contextlib.suppress(BrokenPipeError):
            while answers:
                data = self.ours.recv(65536)
                if not data:
                    return
                unpacker.feed(data)
                for kind, number, method, params in unpacker:
                    assert kind == 0 and len(params) == 1
                    self.calls.append((method, params[0]))
                    reply = answers.pop(0)(number)
                    if reply is None:
                        return
                    for at in range(0, len(reply), 7):  # in pieces: a reader must put them together
                        self.ours.sendall(reply[at:at + 7])


def result(value):
    return lambda number: msgpack.packb([1, number, None, value])


def error(name, **more):
    fields = {"code": -1, "type": name, "message": "no", "rule": "", "line": 0, "field": "",
              "allowed": "", "retry": False, **more}
    return lambda number: msgpack.packb([1, number, fields, None])


@pytest.fixture
def start():
    brokers = []

    def begin(*answers):
        broker = Broker(result(WOKE), *answers)
        brokers.append(broker)
        run = praxa.Run(broker.theirs)
        return broker, run

    yield begin
    for broker in brokers:
        broker.theirs.close()
        broker.thread.join(timeout=10)
        assert not broker.thread.is_alive()


def test_a_run_knows_what_woke_it(start):
    broker, run = start()
    assert run.input == {"repo": "pay"}
    assert run.trigger == {"source": "cli", "event": "review"}
    assert (run.id, run.skill, run.workspace) == (WOKE["run"], "sk_code-review", "ws_acme")
    assert broker.calls == [("run.input", {})]


def test_a_tool_is_called_with_its_arguments_even_one_named_name(start):
    broker, run = start(result({"files": []}))
    assert run.tool("git.read.diff", commit="1234567", name="x") == {"files": []}
    assert broker.calls[1] == (
        "tool.call", {"tool": "git.read.diff", "arguments": {"commit": "1234567", "name": "x"}})


def test_tools_are_listed(start):
    _, run = start(result({"tools": [{"name": "git.read.diff", "summary": "a diff"}]}))
    assert run.tools() == [praxa.Tool("git.read.diff", "a diff")]


def test_memory_reads_writes_and_deletes(start):
    found = {"found": True, "value": {"n": 1}, "run": "rn_x", "written_ms": 5}
    broker, run = start(result({"found": False}), result({"found": False}), result(found),
                        result(found), result(None), result({"existed": True}))
    assert run.memory.get("ws/ws_acme/a") is None
    assert run.memory.get("ws/ws_acme/a", 7) == 7
    assert run.memory.get("ws/ws_acme/a") == {"n": 1}
    assert run.memory.fact("ws/ws_acme/a") == praxa.Fact("ws/ws_acme/a", {"n": 1}, "rn_x", 5)
    run.memory.put("ws/ws_acme/a", [1, None, b"\x00"])
    assert run.memory.delete("ws/ws_acme/a") is True
    assert broker.calls[5] == ("memory.put", {"key": "ws/ws_acme/a", "value": [1, None, b"\x00"]})


def test_a_long_list_is_read_page_by_page(start):
    def page(keys, more):
        return result({"keys": [{"key": k, "size": 1, "run": "rn_x", "written_ms": 2} for k in keys],
                       "more": more})

    broker, run = start(page(["p/a", "p/b"], True), page(["p/c"], False))
    assert [entry.key for entry in run.memory.list("p/", limit=1000)] == ["p/a", "p/b", "p/c"]
    assert broker.calls[2] == ("memory.list", {"prefix": "p/", "limit": 256, "after": "p/b"})


def test_a_list_stops_at_its_limit(start):
    _, run = start(result({"keys": [{"key": "p/a", "size": 1, "run": "r", "written_ms": 2}],
                           "more": True}))
    assert len(run.memory.list("p/", limit=1)) == 1
    assert run.memory.list("p/", limit=0) == []


def test_a_decision_returns_its_event(start):
    broker, run = start(result({"event": "ae_1"}))
    event = run.decide(reasoning=(r for r in ["small"]), confidence=0.5, output=None,
                       alternatives=[{"action": "approve", "score": 1}])
    assert event == "ae_1"
    assert broker.calls[1][1] == {"reasoning": ["small"], "confidence": 0.5, "output": None,
                                  "alternatives": [{"action": "approve", "score": 1}]}


def test_a_log_line_has_a_level(start):
    broker, run = start(result(None))
    run.log("hello", level="warning")
    assert broker.calls[1] == ("run.log", {"level": "warning", "message": "hello"})


def test_an_error_is_raised_by_its_name_with_all_it_says(start):
    _, run = start(error("ToolArgumentError", code=-31009, message="not this commit",
                         rule="tools.git.read.diff.allow.commit", line=15, field="commit",
                         allowed="equal to $.commit"))
    with pytest.raises(praxa.ToolArgumentError) as caught:
        run.tool("git.read.diff", commit="x")
    raised = caught.value
    assert isinstance(raised, praxa.Error)
    assert (raised.code, raised.type) == (-31009, "ToolArgumentError")
    assert (raised.rule, raised.line) == ("tools.git.read.diff.allow.commit", 15)
    assert (raised.field, raised.allowed, raised.retry) == ("commit", "equal to $.commit", False)
    assert "line 15" in str(raised) and "not this commit" in str(raised)


def test_an_error_of_a_later_version_keeps_its_name(start):
    _, run = start(error("FutureError", retry=True))
    with pytest.raises(praxa.Error) as caught:
        run.tools()
    assert caught.value.type == "FutureError" and caught.value.retry


def test_every_error_of_the_table_has_its_exception_and_code():
    table = (ROOT / "common" / "fault.h").read_text(encoding="utf-8")
    rows = re.findall(r'"(\w+Error)",\s*\d+,\s*\d+,\s*(-\d+)', table)
    assert len(rows) > 20
    for name, code in rows:
        assert getattr(praxa, name).code == int(code)
        assert getattr(praxa, name).type == name
    assert sorted(name for name, _ in rows) == sorted(praxa.errors._TABLE)


def test_a_message_above_the_limit_is_not_sent(start):
    broker, run = start(result(None))
    with pytest.raises(praxa.LimitError):
        run.memory.put("ws/ws_acme/a", "x" * (1 << 20))
    run.log("still works")
    assert [method for method, _ in broker.calls] == ["run.input", "run.log"]


def test_what_msgpack_cannot_say_is_a_protocol_error(start):
    _, run = start()
    for value in (object(), 1 << 70, {1, 2}):
        with pytest.raises(praxa.ProtocolError):
            run.memory.put("ws/ws_acme/a", value)


def test_a_closed_door_is_the_end_of_the_run(start):
    _, run = start(lambda number: None)
    with pytest.raises(praxa.RunEndedError):
        run.tools()


@pytest.mark.parametrize("reply", [
    lambda number: msgpack.packb([1, number + 1, None, 1]),
    lambda number: msgpack.packb([1, number, None]),
    lambda number: msgpack.packb([2, "x", {}]),
    lambda number: msgpack.packb(7),
    lambda number: msgpack.packb([1, number, "not a map", None]),
    lambda number: b"\xc1" * 8,
])
def test_a_reply_that_is_none_is_a_protocol_error(start, reply):
    _, run = start(reply)
    with pytest.raises(praxa.ProtocolError):
        run.tools()


def test_the_pure_python_msgpack_will_do():
    code = (
        "import sys; sys.modules['msgpack._cmsgpack'] = None\n"
        f"sys.path.insert(0, {str(ROOT / 'sdk' / 'python')!r})\n"
        "import msgpack, praxa, socket\n"
        "assert msgpack.Packer.__module__ == 'msgpack.fallback'\n"
        "a, b = socket.socketpair()\n"
        f"b.sendall(msgpack.packb([1, 1, None, {WOKE!r}]) + msgpack.packb([1, 2, None, {{'event': 'ae_1'}}]))\n"
        "run = praxa.Run(a)\n"
        "print(run.decide(reasoning=['a'], alternatives=[], confidence=1, output=None))\n"
    )
    done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True,
                          timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("ae_1\n", "")
