"""praxa policy lint and format as people and CI call them: what they print and how they exit."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOOD = ROOT / "tests" / "policy" / "good"


def praxa(*arguments):
    command = [pathlib.Path(os.environ["PRAXA_BUILD"]) / "praxa", "policy", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def policy(tmp_path):
    shutil.copy(GOOD / "git.tools.yaml", tmp_path)
    return pathlib.Path(shutil.copy(GOOD / "decide.policy.yaml", tmp_path))


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_lint_fails_on_the_level_that_is_asked_for(policy):
    notes = praxa("lint", policy)
    assert notes.returncode == 0 and ": note: " in notes.stdout and "0 warnings" in notes.stdout
    assert praxa("lint", policy, "--fail-on", "note").returncode == 1
    assert praxa("lint", policy, "--fail-on", "error").returncode == 2
    change(policy, "    event: close\n", "    event: [ close, review, recheck ]\n")
    warned = praxa("lint", policy)
    assert warned.returncode == 1
    assert "decide.policy.yaml:12:5: warning: the trigger on line 18" in warned.stdout
    assert "[shadowed-trigger]" in warned.stdout


def test_lint_says_the_same_as_json(policy):
    change(policy, '"ws/{workspace}/code-review/**"', '"ws/{workspace}/code-review/x"')
    found = json.loads(praxa("lint", policy, "--json").stdout)["findings"]
    example = next(f for f in found if f["rule"] == "write-without-read")
    assert example["level"] == "note" and example["line"] > 1 and example["column"] > 1
    key = example["example"]["memory-write"]
    assert key.startswith("ws/ws_acme/code-review/")
    explained = praxa(
        "explain", policy, "--memory-write", key, "--workspace", "ws_acme",
        "--input", json.dumps(example["example"]["input"]),
    )
    assert explained.returncode == 0


def test_what_does_not_load_is_neither_linted_nor_laid_out(policy):
    change(policy, "policy: 1\n", "policy: 1\nskil: x\n")
    for command in (["lint"], ["format"], ["format", "--write"], ["format", "--check"]):
        done = praxa(*command, policy)
        assert done.returncode == 21 and done.stdout == "" and 'did you mean "skill"?' in done.stderr


def test_format_writes_what_it_would_print_and_keeps_the_mode(policy):
    change(policy, "    event: close\n", "    event:   close   # at the end\n")
    policy.chmod(0o640)
    printed = praxa("format", policy)
    assert printed.returncode == 0 and "    event: close  # at the end\n" in printed.stdout
    checked = praxa("format", "--check", policy)
    assert checked.returncode == 1
    assert "-    event:   close   # at the end\n+    event: close  # at the end\n" in checked.stdout
    assert praxa("format", "--write", policy).returncode == 0
    assert policy.read_text() == printed.stdout and policy.stat().st_mode & 0o7777 == 0o640
    assert praxa("format", "--check", policy).returncode == 0
    assert sorted(path.name for path in policy.parent.iterdir()) == ["decide.policy.yaml", "git.tools.yaml"]


@pytest.mark.parametrize("example", sorted(ROOT.glob("examples/*/*.policy.yaml")), ids=lambda path: path.name)
def test_shipped_policies_are_laid_out(example):
    done = praxa("format", "--check", example)
    assert done.returncode == 0, done.stdout + done.stderr
