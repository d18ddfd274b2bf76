"""What is asked of the log by an index is what a reading of all of it gives."""

import json
import subprocess

from stack import PATIENCE, WORKSPACE


def audit(stack, *arguments):
    place = ("--state", stack.state, "--workspace", WORKSPACE)
    done = subprocess.run(stack.command("audit", *arguments, *place, "--json"),
                          capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done
    return done


def query(stack, *arguments):
    done = audit(stack, "query", *arguments)
    *records, cursor = [json.loads(line) for line in done.stdout.splitlines()]
    return records, cursor


def ids(records):
    return [record["auditEventId"] for record in records]


def test_queries_of_a_log_of_three_runs(stack):
    for _ in range(3):
        assert stack.run({"do": "use_sdk"}).status == 0
    shown = stack.records()
    found, cursor = query(stack)
    assert ids(found) == ids(shown)
    assert cursor == {"next": len(shown), "more": False}
    run = stack.of("run.admitted")[1]["runId"]
    assert ids(query(stack, "--run", run)[0]) == ids(r for r in shown if r["runId"] == run)
    denied, _ = query(stack, "--verdict", "denied", "--tool", "probe.echo")
    assert [r["error"] for r in denied] == ["ToolArgumentError"] * 3
    woken, _ = query(stack, "--trigger", "cli:probe", "--kind", "decision")
    assert len(woken) == 3 and all("trigger" in r for r in woken)
    assert query(stack, "--trigger", "cli:other")[0] == []
    first, cursor = query(stack, "--limit", "4")
    assert cursor == {"next": 4, "more": True}
    assert ids(first + query(stack, "--from", "4")[0]) == ids(shown)


def test_an_index_is_brought_to_the_end_and_made_again(stack):
    assert stack.run({"do": "use_sdk"}).status == 0
    before, _ = query(stack)
    assert stack.run({"do": "use_sdk"}).status == 0
    after, _ = query(stack)
    assert after[: len(before)] == before and len(after) > len(before)
    for options in (["--check"], ["--rebuild"], ["--check"]):
        done = audit(stack, "index", *options)
        assert json.loads(done.stdout)["records"] == len(after)
