"""praxa policy test and diff, as people and CI use them: their exit codes, and what they print is ready
to be pasted."""

import json
import pathlib
import re
import subprocess

import pytest
from stack import BUILD

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Those that have tests: most samples show one feature and no more.
EXAMPLES = sorted(path for path in (ROOT / "examples").rglob("*.policy.yaml") if "\ntests:" in path.read_text())

HEAD = f"""\
policy: 1
skill: probe
owner: {{ team: tests }}
bundle: {{ path: skill, digest: sha256:{"0" * 64}, run: [ /a ] }}
sandbox: {{ profile: python }}
trigger:
  - {{ source: cli, event: probe, where: {{ $.repo: {{ glob: "it's/*" }} }} }}
memory: {{ read: [ "ws/{{workspace}}/{{repo}}/*" ] }}
"""


def praxa(*words):
    return subprocess.run([BUILD / "praxa", "policy", *map(str, words)], capture_output=True, text=True)


@pytest.fixture
def policy(tmp_path):
    def write(text, name="probe.policy.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_with_tests_is_tested_through_and_through(path):
    done = praxa("test", path, "--min-score", "100")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 failed\n" in done.stdout
    covered, parts = re.search(r"^coverage: (\d+) of (\d+) ", done.stdout, re.M).groups()
    assert covered == parts


def test_the_example_that_runs_has_tests():
    assert ROOT / "examples" / "code-review" / "code-review.policy.yaml" in EXAMPLES


def test_a_failing_test_is_shown_with_the_rule_that_decided(policy):
    path = policy(
        HEAD
        + "tests:\n"
        + "  - { read: ws/ws_acme/b/x, input: { repo: a }, expect: allow, why: all of b is open }\n"
    )
    done = praxa("test", path)
    assert done.returncode == 1
    assert done.stdout.startswith(
        f"{path}:10:5: expected allow, got MemoryNamespaceError: no rule allows the memory key"
    )
    assert "all of b is open" in done.stdout
    assert f"  {path}:8: decided by memory.read\n     8 | memory:" in done.stdout
    assert f"{path}: 1 test, 1 failed\n" in done.stdout


def test_the_proposed_tests_are_all_it_takes(policy):
    path = policy(HEAD)
    done = praxa("test", path)
    assert done.returncode == 0
    assert praxa("test", path, "--min-score", "1").returncode == 1
    proposed = [line for line in done.stdout.splitlines() if line.startswith("  - {")]
    assert proposed
    done = praxa("test", policy(HEAD + "tests:\n" + "\n".join(proposed) + "\n"), "--min-score", "100")
    assert done.returncode == 0, done.stdout
    assert "mutation score: 100 %" in done.stdout


def test_json_says_the_same(policy):
    path = policy(HEAD + "tests:\n  - { read: ws/ws_acme/b/x, input: { repo: b }, expect: allow }\n")
    done = praxa("test", path, "--json")
    assert done.returncode == 0
    said = json.loads(done.stdout)
    assert said["failed"] == 0
    assert said["tests"][0]["passed"] and said["tests"][0]["rule"] == "memory.read"
    assert said["coverage"]["covered"] < said["coverage"]["parts"]
    assert {"trigger", "memory.read"} <= {item["rule"] for item in said["coverage"]["uncovered"]}
    mutation = said["mutation"]
    assert mutation["mutants"] == sum(
        mutation[fate] for fate in ("killed", "harmless", "survived", "untried")
    )
    assert mutation["survived"] == len(mutation["survivors"])
    assert all(survivor["test"].startswith("{ ") for survivor in mutation["survivors"])


@pytest.mark.parametrize("value", ["101", "-1", "x", ""])
def test_a_score_is_a_percentage(policy, value):
    done = praxa("test", policy(HEAD), f"--min-score={value}")
    assert done.returncode == 2
    assert "--min-score takes a whole number from 0 to 100" in done.stderr


def test_a_witness_can_be_pasted_into_a_shell(policy):
    old = policy(HEAD)
    new = policy(HEAD.replace("it's/*", "it's/**"), "new.policy.yaml")
    done = praxa("diff", old, new)
    words = re.search(r"now allowed: (.*)  \(", done.stdout).group(1)
    assert r"it'\''s" in words
    for path, code in ((new, 0), (old, 1)):
        command = f'"$1" policy explain "$2" {words}'
        explained = subprocess.run(["sh", "-c", command, "sh", BUILD / "praxa", path], capture_output=True)
        assert explained.returncode == code, explained.stdout + explained.stderr
