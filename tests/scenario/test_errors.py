"""Each typed error of this milestone, provoked from inside a cell: it reaches the Skill, and stands
in the log with the rule and its line."""

import pytest

OWN = "ws/ws_test/probe/own/"

# Calls (the last one is refused), type, rule, start of the policy's line, field.
REFUSALS = {
    "unknown-method": ([["tool.cal", {}]], "ProtocolError", "", None, ""),
    "missing-parameter": ([["memory.get", {}]], "ProtocolError", "", None, "key"),
    "unknown-parameter": ([["run.input", {"x": 1}]], "ProtocolError", "", None, "x"),
    "wrong-type": ([["memory.get", {"key": 7}]], "ProtocolError", "", None, "key"),
    "other-workspace-read": (
        [["memory.get", {"key": "ws/ws_other/probe/own/a"}]], "WorkspaceScopeError", None, None, None,
    ),
    "other-workspace-write": (
        [["memory.put", {"key": "ws/ws_other/probe/own/a", "value": 1}]], "WorkspaceScopeError", None, None, None,
    ),
    "namespace-read": (
        [["memory.get", {"key": "ws/ws_test/other/a"}]], "MemoryNamespaceError", "memory.read", "read:", None,
    ),
    "namespace-write": (
        [["memory.put", {"key": "ws/ws_test/probe/shared", "value": 1}]],
        "MemoryNamespaceError", "memory.write", "write:", None,
    ),
    "namespace-above": (
        [["memory.put", {"key": OWN + "../../other/a", "value": 1}]], "MemoryNamespaceError", None, None, None,
    ),
    "fact-too-large": (
        [["memory.put", {"key": OWN + "a", "value": ["repeat", "x", 70000]}]], "LimitError", "", None, "value",
    ),
    "tool-not-in-manifest": ([["tool.call", {"tool": "probe.nowhere"}]], "ToolNotAllowedError", None, None, None),
    "tool-without-rule": ([["tool.call", {"tool": "probe.unlisted"}]], "ToolNotAllowedError", None, None, None),
    "tool-denied": (
        [["tool.call", {"tool": "probe.forbidden"}]],
        "ToolNotAllowedError", "tools.probe.forbidden", "deny:", None,
    ),
    "argument-outside-rule": (
        [["tool.call", {"tool": "probe.echo", "arguments": {"text": "longer than ten"}}]],
        "ToolArgumentError", "tools.probe.echo.allow.text", "text: { len", "text",
    ),
    "argument-missing": (
        [["tool.call", {"tool": "probe.echo", "arguments": {}}]], "ToolArgumentError", None, None, "text",
    ),
    "argument-unknown": (
        [["tool.call", {"tool": "probe.echo", "arguments": {"text": "a", "user": "root"}}]],
        "ToolArgumentError", None, None, "user",
    ),
    "argument-of-wrong-type": (
        [["tool.call", {"tool": "probe.echo", "arguments": {"text": ["a"]}}]],
        "ToolArgumentError", None, None, "text",
    ),
    "budget": (
        [["tool.call", {"tool": "probe.nowhere"}]]
        + [["tool.call", {"tool": "probe.echo", "arguments": {"text": "a"}}]] * 3,
        "BudgetExceededError", "budget.run.calls", "run: { calls", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal_reaches_skill_and_log(stack, name):
    calls, kind, rule, start, field = REFUSALS[name]
    if name == "budget":
        stack.calls = 2
    done = stack.run({"calls": calls})
    assert done.status == 0, done
    outcome = stack.of("decision")[0]["output"][-1]
    error = outcome["error"]
    assert error["type"] == kind, outcome
    assert error["message"] and isinstance(error["code"], int) and error["retry"] is False
    denied = stack.of("call.denied")[-1]
    assert denied["error"] == kind
    for where in (error, denied):
        if rule is not None:
            assert (where["rule"] or "") == rule
        if start is not None:
            assert where["line"] == stack.policy_line(start)
    if field is not None:
        assert error["field"] == field
    assert stack.verify().status == 0


def test_the_sdk_raises_each_refusal_under_its_own_name(stack):
    done = stack.run({"do": "use_sdk"})
    assert done.status == 0, done
    assert stack.of("decision")[0]["output"] == {
        "tool": "ToolNotAllowedError",
        "argument": "ToolArgumentError",
        "failing": "ToolFailedError",
        "namespace": "MemoryNamespaceError",
        "workspace": "WorkspaceScopeError",
        "echo": {"text": "abab"},
    }


def test_more_tools_at_once_than_a_run_may_have(stack):
    done = stack.run({"do": "call_tools_at_once"})
    assert done.status == 0, done
    assert stack.of("decision")[0]["output"] == ["RateLimitError"] * 4 + ["ok"] * 8
    assert [r["error"] for r in stack.of("call.denied")] == ["RateLimitError"] * 4


def test_a_required_layer_that_this_host_has_not_is_never_done_without(stack):
    stack.require = "[ cgroup ]"
    stack.write_policy()
    done = stack.run({"calls": []})
    if done.status == 0:
        assert "cgroup" in stack.of("run.ended")[0]["layers"]
        pytest.skip("this host has every layer")
    assert done.status == 39, done
    ended = stack.of("run.ended")
    assert [r["reason"] for r in ended] == ["confinement"]
    assert "cgroup" in ended[0]["message"]
    assert stack.of("run.started") == [] and stack.of("decision") == []


def test_a_state_folder_serves_one_stack_at_a_time(stack):
    first = stack.start({"do": "hang"})
    stack.wait_for_skill(first)
    second = stack.run({"calls": []}, extra=("--workspace", "ws_second"))
    assert second.status == 22 and "WorkspaceScopeError" in second.err, second
    first.terminate()
    first.wait()
    assert stack.verify().status == 0


def test_a_tool_that_fails_says_why(stack):
    done = stack.run({"calls": [["tool.call", {"tool": "probe.fail", "arguments": {}}]]})
    assert done.status == 0, done
    error = stack.of("decision")[0]["output"][0]["error"]
    assert error["type"] == "ToolFailedError"
    assert "this tool always fails" in error["message"]
    # It was allowed: so there is an intent and a result, and no denial.
    assert [r["kind"] for r in stack.records() if r["kind"].startswith("call.")][-2:] == ["call.intent", "call.result"]


def test_what_is_allowed_works_and_is_recorded_before_and_after(stack):
    calls = [
        ["memory.put", {"key": OWN + "a", "value": {"n": [1, 2.5, "x", None, True]}}],
        ["memory.get", {"key": OWN + "a"}],
        ["tool.list", {}],
        ["tool.call", {"tool": "probe.echo", "arguments": {"text": "ab", "times": 3}}],
    ]
    done = stack.run({"calls": calls})
    assert done.status == 0, done
    outcomes = stack.of("decision")[0]["output"]
    assert [o["error"] for o in outcomes] == [None] * 4
    assert outcomes[1]["result"]["value"] == {"n": [1, 2.5, "x", None, True]}
    assert {tool["name"] for tool in outcomes[2]["result"]["tools"]} == {"probe.echo", "probe.fail"}
    assert outcomes[3]["result"] == {"text": "ababab"}
    kinds = [record["kind"] for record in stack.records()]
    assert kinds[-3:] == ["call.result", "decision", "run.ended"] or "run.ended" in kinds
    assert kinds.index("run.admitted") < kinds.index("run.started") < kinds.index("call.intent")
    (put, echo) = stack.of("call.result")
    assert "usage" not in put
    assert echo["usage"]["cpu_us"] > 0 and echo["usage"]["peak_kib"] > 0
    assert stack.verify().status == 0


def test_memory_outlives_the_run(stack):
    key = OWN + "kept"
    assert stack.run({"calls": [["memory.put", {"key": key, "value": "first"}]]}).status == 0
    assert stack.run({"calls": [["memory.get", {"key": key}]]}).status == 0
    assert stack.of("decision")[-1]["output"][0]["result"]["value"] == "first"


def test_the_audit_event_has_the_shape_of_the_contract(stack):
    assert stack.run({"calls": []}).status == 0
    event = stack.of("decision")[0]
    assert event["auditEventId"].startswith("ae_") and len(event["auditEventId"]) == 29
    assert event["skillId"] == "sk_probe" and event["runId"].startswith("rn_")
    assert event["workspaceId"] == "ws_test"
    assert event["reasoning"] == ["the input said so"]
    assert event["alternatives"][0] == {"action": "do it", "score": 0.75}
    assert event["confidence"] == 0.7 and event["output"] == [] and event["tools_used"] == []
    assert event["input"] == {"calls": []}
    assert isinstance(event["duration_ms"], int)
    assert event["occurred_at"].endswith("Z") and len(event["occurred_at"]) == 24


# What refuses before anything is forked: change of the policy's text, exit code, words on stderr.
BEFORE = {
    "unknown-key": (lambda t: t.replace("memory:", "memmory:"), 21, ["memmory", 'did you mean "memory"']),
    "duplicate-key": (lambda t: t + "memory: {}\n", 21, ["memory"]),
    "wrong-type": (lambda t: t.replace("calls: 25,", "calls: many,"), 21, ["calls"]),
    "feature-not-enforced": (lambda t: t.replace("policy: 1", "policy: 1\nrevision: 1"), 21, ["line 2", "revision"]),
    "no-yaml": (lambda t: t + "a: [", 21, ["probe.policy.yaml:"]),
    "digest": (lambda t: t.replace("digest: sha256:", "digest: sha1:"), 21, ["digest"]),
    "profile": (lambda t: t.replace("profile: python", "profile: pyton"), None, ["pyton"]),
    "layer": (lambda t: t.replace("[ seccomp,", "[ secomp,"), 21, ["secomp", "seccomp"]),
}


@pytest.mark.parametrize("name", BEFORE)
def test_a_bad_policy_starts_nothing(stack, name):
    change, status, words = BEFORE[name]
    stack.write_policy(change)
    done = stack.run({"calls": []})
    assert done.status == status if status else done.status not in (0, 1), done
    for word in words:
        assert word in done.err, done
    assert not (stack.state / "audit").exists() or "run.admitted" not in [r["kind"] for r in stack.records()]


def test_a_changed_bundle_is_not_run(stack):
    stack.write_policy()
    with open(stack.base / "skill" / "probe.py", "a", encoding="utf-8") as file:
        file.write("# one line more\n")
    done = stack.run({"calls": []})
    assert done.status == 25, done
    assert "SkillDigestError" in done.err or "pinned" in done.err, done


def test_a_trigger_that_the_policy_does_not_list_is_refused_and_recorded(stack):
    done = stack.run({"calls": []}, event="other")
    assert done.status == 23, done
    refused = stack.of("run.refused")
    assert len(refused) == 1 and refused[0]["error"] == "TriggerNotAllowedError"
    assert stack.of("run.admitted") == []
