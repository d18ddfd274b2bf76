"""A process that breaks the protocol of a channel between daemons: it is cut off, that is on record,
and nobody else notices."""

import socket
import subprocess

import pytest
from stack import WORKSPACE, wait_until

HEAD = b"AXRP" + b"\x01\x00"  # magic and version as host order has them on little endian
GARBAGE = {
    "no head": b"x" * 100,
    "unknown type": HEAD + b"\xff\x7f" + b"\0" * 8,
    "from the wrong side": HEAD + b"\x15\x00" + b"\0" * 8,
    "short": HEAD + b"\x02\x00" + b"\0" * 8,
}


@pytest.fixture
def up(stack):
    stack.write_policy()
    command = stack.command(
        "up", stack.base / "probe.policy.yaml", "--workspace", WORKSPACE, "--state", stack.state
    )
    with open(stack.base / "up", "wb") as err:
        running = subprocess.Popen(command, stderr=err)
    try:
        wait_until(lambda: b"is up" in (stack.base / "up").read_bytes(), "praxa up")
        yield running
    finally:
        running.terminate()
        running.wait()


@pytest.mark.parametrize("what", GARBAGE)
@pytest.mark.parametrize(
    "name, peer", [("control", "client"), ("audit-broker", "broker"), ("audit-supervisor", "supervisor")]
)
def test_who_breaks_the_protocol_is_cut_off_and_recorded(stack, up, name, peer, what):
    assert stack.run({"calls": []}).status == 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hostile:
        hostile.settimeout(10)
        hostile.connect(str(stack.state / "run" / f"{name}.sock"))
        hostile.send(GARBAGE[what])
        while hostile.recv(70000):
            pass
    refused = wait_until(lambda: stack.of("peer.refused"), "the record")
    assert [r["peer"] for r in refused] == [peer]
    assert refused[0]["message"], refused
    assert stack.run({"calls": []}).status == 0
    assert stack.verify().status == 0
