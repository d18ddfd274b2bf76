"""However a Skill ends, the reason is recorded, and no process and no mount is left."""

import pytest

# What the Skill does: reason in run.ended.
ENDS = {
    "exit_three": "exited",
    "crash": "crashed",
    "hang": "wall-time",
    "garbage": "protocol",
    "huge_length": "protocol",
    "deep": "protocol",
    "never_read": "protocol",
    "flood": "output-limit",
    "leave_daemons": "exited",
}


@pytest.mark.parametrize("what", ENDS)
def test_the_end_is_recorded_and_nothing_is_left(stack, what):
    if what in ("hang", "never_read"):
        stack.wall = "3s"
    running = stack.start({"do": what})
    stack.wait_for_skill(running)
    done = stack.finish(running)
    ended = stack.of("run.ended")
    assert len(ended) == 1, done
    reasons = (ENDS[what], "wall-time") if what == "never_read" else (ENDS[what],)
    assert ended[0]["reason"] in reasons, ended
    assert (done.status == 0) == (what == "leave_daemons"), done
    assert stack.verify().status == 0


def test_a_wall_time_is_a_budget_with_its_rule(stack):
    stack.wall = "1s"
    done = stack.run({"do": "hang"})
    assert done.status == 31, done
    ended = stack.of("run.ended")[0]
    assert (ended["error"], ended["rule"]) == ("BudgetExceededError", "budget.run.wall")
    assert ended["line"] == stack.policy_line("run: { calls")


def test_an_exit_status_is_recorded(stack):
    done = stack.run({"do": "exit_three"})
    assert done.status == 1, done
    assert stack.of("run.ended")[0]["exit_code"] == 3


def test_a_descriptor_cannot_be_sent_through_the_door(stack):
    done = stack.run({"do": "send_descriptor"})
    assert done.status == 0, done
    assert stack.of("decision")[0]["output"] == "EPERM"


def test_processes_are_limited(stack):
    done = stack.run({"do": "fork_bomb"})
    assert done.status == 0, done
    assert stack.of("decision")[0]["output"]["failed"] > 900


def test_memory_is_limited(stack):
    done = stack.run({"do": "exhaust_memory"})
    assert done.status == 0, done
    assert stack.of("decision")[0]["output"] == "refused"


def test_required_layers_stand_in_the_record(stack):
    stack.run({"calls": []})
    layers = stack.of("run.started")[0]["layers"]
    for layer in (
        "user-namespace", "mount-namespace", "pid-namespace", "network-namespace", "root", "seccomp",
        "no-capabilities", "no-new-privs", "closed-descriptors", "rlimits",
    ):  # fmt: skip
        assert layer in layers
