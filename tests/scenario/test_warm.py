"""Cells that are built before their run is known. That they are faster is bench/launch's to say."""

import contextlib
import subprocess

from stack import WORKSPACE, descendants, wait_until


@contextlib.contextmanager
def up(stack, warm):
    """`praxa up`, which runs use instead of daemons of their own."""
    stack.write_policy()
    command = stack.command(
        "up", stack.base / "probe.policy.yaml", "--workspace", WORKSPACE, "--state", stack.state, "--warm", warm
    )
    with open(stack.base / "up", "wb") as err:
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=err)
    try:
        wait_until(lambda: "is up" in (stack.base / "up").read_text(), "praxa up")
        yield running
    finally:
        stack.note(running)
        running.terminate()
        assert running.wait(timeout=20) == 0


def parked(running):
    return [p for p in descendants(running.pid) if p.command == "praxa-init\0"]


def starts(stack):
    return [record for record in stack.records() if record["kind"] == "run.started"]


def test_a_run_takes_a_warm_cell_with_the_same_layers_and_the_next_is_built(stack):
    with up(stack, 1) as running:
        for _ in range(5):  # the first may come before its cell
            wait_until(lambda: len(parked(running)) >= 2, "a parked cell")
            assert stack.run({"calls": []}).status == 0
            if starts(stack)[-1]["warm"]:
                break
        wait_until(lambda: len(parked(running)) >= 2, "the next parked cell")
    with up(stack, 0) as running:
        assert stack.run({"calls": []}).status == 0
        assert parked(running) == []
    warm, cold = starts(stack)[-2:]
    assert (warm["warm"], cold["warm"]) == (True, False)
    assert warm["layers"] == cold["layers"]


def test_a_killed_supervisor_leaves_no_parked_cell(stack):
    with up(stack, 2) as running:
        wait_until(lambda: len(parked(running)) >= 4, "two parked cells")
        stack.note(running)
        subprocess.run(["kill", "-KILL", str(stack.daemon("praxad"))], check=True)
        # The daemon is started again, and builds its own.
        wait_until(lambda: sum(p.is_alive() for p in stack.seen.values() if p.command == "praxa-init\0") == 0, "their end")
