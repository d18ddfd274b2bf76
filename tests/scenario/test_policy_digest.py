"""Which policy was in force stands in every record, and where it can be found in the first."""

import re
import subprocess

import pytest


def digests(stack):
    """policy and source, as `praxa policy check` prints them."""
    command = stack.command("policy", "check", stack.base / "probe.policy.yaml")
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [re.search(rf"^ +{name} +(sha256:[0-9a-f]{{64}}) ", said, re.M).group(1) for name in ("policy", "source")]


@pytest.mark.parametrize("change", [str, lambda text: "# reviewed on a Tuesday\n" + text], ids=["as-is", "commented"])
def test_every_record_of_a_run_names_what_was_in_force(stack, change):
    stack.write_policy()
    policy, source = digests(stack)
    stack.write_policy(change)
    policy_now, source_now = digests(stack)
    assert policy_now == policy
    assert (source_now == source) == (change is str)
    assert stack.run({"do": "exit_three"}).status == 1
    records = [record for record in stack.records() if record["runId"]]
    assert {record["policy"] for record in records if "policy" in record} == {policy}
    assert [record["policy_source"] for record in records if record["kind"] == "run.admitted"] == [source_now]
