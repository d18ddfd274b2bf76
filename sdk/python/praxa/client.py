"""The client: MessagePack-RPC over the run's door (docs/protocol.md)."""

from __future__ import annotations

import socket
from typing import Any, Iterable, Mapping, NamedTuple, Optional, Sequence

import msgpack

from .errors import _classes, from_wire

DOOR_FD = 3
FRAME_BYTES_MAX = 1024 * 1024  # the broker ends a run that sends more in one message
_PAGE = 256


class Tool(NamedTuple):
    """A tool that the policy lets this Skill call."""

    name: str
    summary: str


class Fact(NamedTuple):
    """A memory fact and where it comes from."""

    key: str
    value: Any
    run: str
    written_ms: int


class Entry(NamedTuple):
    """A key as memory.list shows it."""

    key: str
    size: int
    run: str
    written_ms: int


class _Door:
    """One call at a time: send, then wait for its reply."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._next = 0
        self._unpacker = msgpack.Unpacker(raw=False, strict_map_key=True,
                                          max_buffer_size=4 * FRAME_BYTES_MAX)

    def call(self, method: str, params: Mapping[str, Any]) -> Any:
        self._next = (self._next + 1) & 0xFFFFFFFF
        self._send([0, self._next, method, [dict(params)]])
        reply = self._receive()
        if not isinstance(reply, list) or len(reply) != 4 or reply[:2] != [1, self._next]:
            raise _classes["ProtocolError"]("the broker sent something that is not the reply")
        if reply[2] is not None:
            raise from_wire(reply[2])
        return reply[3]

    def _send(self, message: Sequence[Any]) -> None:
        try:
            data = msgpack.packb(message, use_bin_type=True)
        except (TypeError, ValueError, OverflowError) as error:
            raise _classes["ProtocolError"](f"this cannot be sent: {error}") from error
        if len(data) > FRAME_BYTES_MAX:
            raise _classes["LimitError"](
                f"the message has {len(data)} bytes", allowed=f"at most {FRAME_BYTES_MAX} bytes")
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise _classes["RunEndedError"](f"the broker is gone: {error.strerror}") from error

    def _receive(self) -> Any:
        while True:
            try:
                return next(self._unpacker)
            except StopIteration:
                pass
            except (ValueError, msgpack.exceptions.UnpackException) as error:
                raise _classes["ProtocolError"](f"the broker's reply is malformed: {error}") from error
            try:
                data = self._socket.recv(65536)
            except OSError as error:
                raise _classes["RunEndedError"](f"the broker is gone: {error.strerror}") from error
            if not data:
                raise _classes["RunEndedError"]("the broker closed the door")
            self._unpacker.feed(data)


class Memory:
    """Memory facts. Keys look like ws/<workspace>/<namespace>/<name>; the policy says which
    namespaces are open."""

    def __init__(self, door: _Door) -> None:
        self._door = door

    def fact(self, key: str) -> Optional[Fact]:
        """The fact with its provenance, or None."""
        found = self._door.call("memory.get", {"key": key})
        if not found["found"]:
            return None
        return Fact(key, found["value"], found["run"], found["written_ms"])

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or default where there is none."""
        fact = self.fact(key)
        return default if fact is None else fact.value

    def put(self, key: str, value: Any) -> None:
        """Writes a value of at most 64 KiB; it is durable when this returns."""
        self._door.call("memory.put", {"key": key, "value": value})

    def delete(self, key: str) -> bool:
        """Deletes; True where there was something."""
        return bool(self._door.call("memory.delete", {"key": key})["existed"])

    def list(self, prefix: str, limit: int = _PAGE) -> "list[Entry]":
        """At most limit keys beneath prefix, which ends with a slash, in order."""
        entries: "list[Entry]" = []
        more = limit > 0
        while more:
            params: "dict[str, Any]" = {
                "prefix": prefix, "limit": min(limit - len(entries), _PAGE)}
            if entries:
                params["after"] = entries[-1].key
            page = self._door.call("memory.list", params)
            entries += [Entry(k["key"], k["size"], k["run"], k["written_ms"]) for k in page["keys"]]
            more = page["more"] and page["keys"] and len(entries) < limit
        return entries


class Run:
    """This run: what woke it, and what it may do.

    input      what the trigger brought (any JSON value, usually a dict)
    trigger    {"source": …, "event": …}
    id, skill, workspace
    memory     see Memory
    """

    def __init__(self, sock: Optional[socket.socket] = None) -> None:
        """Connects to the door, fd 3, or to sock (which then belongs to the Run)."""
        self._socket = sock if sock is not None else socket.socket(fileno=DOOR_FD)
        self._door = _Door(self._socket)
        woke = self._door.call("run.input", {})
        self.input: Any = woke["input"]
        self.trigger: "dict[str, str]" = woke["trigger"]
        self.id: str = woke["run"]
        self.skill: str = woke["skill"]
        self.workspace: str = woke["workspace"]
        self.memory = Memory(self._door)

    def tools(self) -> "list[Tool]":
        """The tools that the policy allows."""
        return [Tool(t["name"], t["summary"]) for t in self._door.call("tool.list", {})["tools"]]

    def tool(self, name: str, /, **arguments: Any) -> Any:
        """Calls a tool and returns what it answered."""
        return self._door.call("tool.call", {"tool": name, "arguments": arguments})

    def decide(self, *, reasoning: Iterable[str], alternatives: Iterable[Mapping[str, Any]],
               confidence: float, output: Any) -> str:
        """Records a decision; returns the id of its audit event, which is durable by then."""
        return self._door.call("decision.record", {
            "reasoning": list(reasoning),
            "alternatives": [dict(a) for a in alternatives],
            "confidence": confidence,
            "output": output,
        })["event"]

    def log(self, message: str, level: str = "info") -> None:
        """Records a line: debug, info, warning or error, at most 4096 bytes."""
        self._door.call("run.log", {"level": level, "message": message})

    def close(self) -> None:
        """Closes the door; the run ends when the Skill does."""
        self._socket.close()

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
