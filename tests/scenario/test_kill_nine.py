"""kill -9 of a process of ours during a run: no acknowledged record is lost, no orphan is left, and
the log says how the run ended."""

import os
import signal
import time

import pytest


def start_working(stack, what="work_on"):
    """A run in the middle of its effects, of which the log holds some."""
    running = stack.start({"do": what})
    stack.wait_for_skill(running)
    stack.wait_for_records(10, "call.result")
    stack.note(running)
    return running


def is_continuation(before, after):
    """What could be read before can be read after, unchanged and at the same place."""
    return after[: len(before)] == before


@pytest.mark.parametrize(
    "daemon, reason", [("praxa-broker", "broker-lost"), ("praxad", "supervisor-lost")]
)
def test_a_run_ends_with_the_daemon_that_served_it(stack, daemon, reason):
    running = start_working(stack)
    before = stack.records()
    os.kill(stack.daemon(daemon), signal.SIGKILL)
    done = stack.finish(running)
    after = stack.records()
    assert done.status != 0, done
    assert is_continuation(before, after)
    assert [r["reason"] for r in after if r["kind"] == "run.ended"] == [reason], done
    assert stack.verify().status == 0


def test_while_the_log_is_gone_every_effect_is_refused(stack):
    running = start_working(stack, "outlive_log")
    before = stack.records()
    os.kill(stack.daemon("praxa-auditd"), signal.SIGKILL)
    done = stack.finish(running)
    assert done.status == 0, done
    after = stack.records()
    assert is_continuation(before, after)
    told = [r for r in after if r["kind"] == "decision"][0]["output"]
    assert set(told["refused"]) == {"AuditUnavailableError"}
    # Each effect that the Skill was told of has its intent in the log, those before the kill too.
    intents = [r for r in after if r["kind"] == "call.intent"]
    assert len(intents) >= told["done"]
    assert [r["reason"] for r in after if r["kind"] == "run.ended"] == ["exited"]
    assert stack.verify().status == 0


def test_kill_nine_of_praxa_takes_its_daemons_along(stack):
    running = start_working(stack)
    before = stack.records()
    began = time.monotonic()
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    stack.nothing_is_left(sockets=False)
    assert time.monotonic() - began < 4, "the daemons waited for one that had gone first"
    assert is_continuation(before, stack.records())
    assert stack.verify().status == 0
    # All of them were told to end at once, and yet the end of the run was recorded, with its numbers.
    ended = stack.of("run.ended")
    assert [r["reason"] for r in ended] in (["shutdown"], ["killed"]), ended
    assert ended[0]["calls"] >= 10, ended
    # The folder is not broken: the next run works.
    assert stack.run({"calls": []}).status == 0
    assert [r["reason"] for r in stack.of("run.ended")][1:] == ["exited"]


def test_all_daemons_at_once(stack):
    running = start_working(stack)
    before = stack.records()
    for daemon in ("praxa-auditd", "praxa-broker", "praxad"):
        os.kill(stack.daemon(daemon), signal.SIGKILL)
    done = stack.finish(running)
    assert done.status != 0, done
    assert is_continuation(before, stack.records())
    assert [r["reason"] for r in stack.of("run.ended")] == ["supervisor-lost"], done
    assert stack.verify().status == 0


def test_an_interrupt_ends_the_run(stack):
    running = start_working(stack)
    running.send_signal(signal.SIGINT)
    done = stack.finish(running)
    assert done.status != 0, done
    assert [r["reason"] for r in stack.of("run.ended")] in (["killed"], ["shutdown"])
