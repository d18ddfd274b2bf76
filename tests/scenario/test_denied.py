"""What a profile refuses stands in the log, whatever the Skill does about it."""

import os
import signal
import time

from stack import PATIENCE, wait_until
from test_warm import parked, starts, up


def kinds(stack):
    """(syscall, tool) -> its last record, which has the final count."""
    return {(record["syscall"], record["tool"] or ""): record for record in stack.of("cell.denied")}


def test_every_kind_of_denied_call_is_recorded_with_its_rule(stack):
    done = stack.run({"do": "ask_for_too_much"})
    assert done.status == 0, done
    # The answers are the profile's, as if nobody had listened.
    assert stack.of("decision")[0]["output"] == {
        "socket": ["EPERM"] * 3,
        "memfd_create": "EPERM",
        "socketpair": "ENOSYS",
        "fchown": "ENOSYS",
    }
    found = kinds(stack)
    socket = found["socket", ""]
    assert (socket["answer"], socket["count"], socket["profile"]) == ("EPERM", 3, "python")
    assert socket["profile_rule"] > 0 and "address family" in socket["reason"]
    assert socket["args"][:2] == ["0x2", "0x80001"]
    assert socket["arch"] in ("x86_64", "aarch64")
    assert found["memfd_create", ""]["reason"].startswith("a program from memory")
    assert found["socketpair", ""]["profile_rule"] == 0
    assert "with these arguments" in found["socketpair", ""]["reason"]
    assert found["fchown", ""]["reason"] == "not in the profile's list"
    ended = stack.of("run.ended")[0]
    assert ended["syscalls_seen"] == "all"
    assert ended["syscalls_denied"] == sum(record["count"] for record in found.values())
    assert done.json["syscalls_denied"] == ended["syscalls_denied"]
    order = [record["kind"] for record in stack.records()]
    assert order.index("run.started") < order.index("cell.denied")
    assert order[-1] == "run.ended"
    assert stack.verify().status == 0


def test_a_tool_is_named_with_what_it_was_denied(stack):
    done = stack.run({"calls": [["tool.call", {"tool": "probe.fail", "arguments": {}}]]})
    assert done.status == 0, done
    record = kinds(stack)["socket", "probe.fail"]
    assert (record["count"], record["answer"]) == (1, "EPERM")
    assert stack.of("run.ended")[0]["syscalls_denied"] >= 1


def test_a_flood_of_denied_calls_is_answered_and_no_longer_counted(stack):
    done = stack.run({"do": "ask_for_ever"})
    assert done.status == 0, done
    answers = stack.of("decision")[0]["output"]
    assert set(answers) == {"EPERM", "ENOSYS"}, answers
    ended = stack.of("run.ended")[0]
    assert ended["syscalls_seen"] == "part"
    assert 1024 <= ended["syscalls_denied"] <= 1200
    assert len(stack.of("cell.denied")) <= 8


def test_a_warm_cell_is_listened_to_like_any_other(stack):
    with up(stack, 1) as running:
        for _ in range(5):  # the first may come before its cell
            wait_until(lambda: len(parked(running)) >= 2, "a parked cell")
            assert stack.run({"do": "ask_for_too_much"}).status == 0
            if starts(stack)[-1]["warm"]:
                break
    run = starts(stack)[-1]
    assert run["warm"]
    mine = [record["syscall"] for record in stack.of("cell.denied") if record["runId"] == run["runId"]]
    assert set(mine) >= {"socket", "memfd_create", "socketpair", "fchown"}
    assert stack.of("run.ended")[-1]["syscalls_seen"] == "all"


def test_who_waits_for_an_answer_ends_with_the_supervisor(stack):
    running = stack.start({"do": "ask_until_the_end"})
    stack.wait_for_skill(running)
    began = time.monotonic()
    os.kill(stack.daemon("praxad"), signal.SIGKILL)
    stack.finish(running)
    assert time.monotonic() - began < PATIENCE
