"""A hostile Skill harms no other run: both live in the same daemons at the same time."""

import json
import subprocess

import pytest

from stack import PATIENCE, WORKSPACE, wait_until

# What the hostile one does: how its run must end.
ENDS = {
    "flood": "output-limit",
    "fill_bytes": "wall-time",
    "fill_inodes": "wall-time",
    "fork_on": "wall-time",
    "allocate_on": ("crashed", "wall-time"),  # by its CPU limit, where pages are slow to get
    "open_on": "wall-time",
    "spin": ("crashed", "wall-time"),  # by its CPU limit, where it gets that much
    "hang": "wall-time",
    "hide": ("exited", "wall-time"),  # the second, where Python starts slowly
    "ask_until_the_end": ("crashed", "wall-time"),
    "never_read": ("protocol", "wall-time"),
}
WORK = {
    "calls": [
        ["memory.put", {"key": "ws/ws_test/probe/own/a", "value": "kept"}],
        ["tool.call", {"tool": "probe.echo", "arguments": {"text": "ab", "times": 2}}],
        ["memory.get", {"key": "ws/ws_test/probe/own/a"}],
    ]
}


@pytest.fixture
def up(stack):
    """praxa up with two Skills of one bundle: "probe", and "hostile" with tight limits."""
    stack.write_policy()
    text = stack.policy_text.replace("skill: probe", "skill: hostile").replace("wall: 20s", "wall: 2s")
    limits = "memory: 128MiB, processes: 6, open_files: 32, tmp: 4MiB, tmp_files: 64, cpu: 1s, output: 64KiB"
    hostile = stack.base / "hostile.policy.yaml"
    hostile.write_text(text[: text.index("  limits: {")] + f"  limits: {{ {limits} }}\n")
    running = subprocess.Popen(
        stack.command(
            "up", stack.base / "probe.policy.yaml", hostile, "--workspace", WORKSPACE, "--state", stack.state
        ),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until(lambda: (stack.state / "run" / "control.sock").exists() or running.poll(), "praxa up")
        yield hostile
        stack.note(running)
    finally:
        running.terminate()
        assert running.wait(timeout=30) == 0


def start_hostile(stack, policy, what):
    command = stack.command(
        "run", policy, "--workspace", WORKSPACE, "--state", stack.state, "--event", "probe", "--json",
        "--input", json.dumps({"do": what}),
    )  # fmt: skip
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.mark.parametrize("what", ENDS)
def test_the_neighbour_of_a_hostile_run_finishes(stack, up, what):
    hostile = start_hostile(stack, up, what)
    wait_until(lambda: stack.skill_processes() or hostile.poll() is not None, "the hostile Skill")
    done = stack.run(WORK)
    hostile.wait(timeout=PATIENCE)
    assert done.status == 0, done
    ended = {record["skillId"]: record for record in stack.of("run.ended")}
    assert ended["sk_probe"]["reason"] == "exited"
    allowed = ENDS[what] if isinstance(ENDS[what], tuple) else (ENDS[what],)
    assert ended["sk_hostile"]["reason"] in allowed, ended["sk_hostile"]
    (decision,) = [record["output"] for record in stack.of("decision") if record["skillId"] == "sk_probe"]
    assert [outcome["error"] for outcome in decision] == [None] * len(WORK["calls"])
    assert decision[1]["result"] == {"text": "abab"}
    assert decision[2]["result"]["value"] == "kept"
    assert stack.verify().status == 0
