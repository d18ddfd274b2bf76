"""`praxa sandbox`: what was refused, from the log; and a profile from what a program does."""

import json
import os
import subprocess

from stack import BUILD, PATIENCE, WORKSPACE


def praxa(*arguments, **options):
    command = [str(BUILD / "praxa"), "sandbox", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, **options)


def explain(stack, run, *options):
    return praxa("explain", "--state", stack.state, "--workspace", WORKSPACE, *options, run)


def test_explain_says_what_was_refused_and_why(stack):
    assert stack.run({"do": "ask_for_too_much"}).status == 0
    run = stack.of("run.ended")[0]["runId"]
    done = explain(stack, run)
    assert done.returncode == 0, done.stderr
    assert "socket(0x2, 0x80001" in done.stdout
    assert "answered EPERM, 3 times" in done.stdout
    assert "of the profile python: the door is connected already" in done.stdout
    assert "profile python: not in the profile's list" in done.stdout
    found = json.loads(explain(stack, run, "--json").stdout)
    assert found["runId"] == run and found["syscalls_seen"] == "all" and found["ended"]
    assert sum(kind["count"] for kind in found["denied"]) == found["syscalls_denied"]


def test_explain_of_what_is_not_there_says_so(stack):
    stack.run({"calls": []})
    done = explain(stack, "rn_01M86YXSYS58S1ZWQEQD51073P")
    assert done.returncode != 0 and "is not in this log" in done.stderr
    assert explain(stack, "nothing").returncode == 2
    assert praxa("explain").returncode == 2


def test_profiles_are_listed_with_their_counts():
    done = praxa("profiles")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["base", "python", "node", "shell"]


def test_a_traced_program_gets_the_profile_that_it_needs(tmp_path):
    path = tmp_path / "profile.json"
    work = "import os, socket\nos.fork() or os._exit(0)\nos.wait()\nsocket.socket()\nprint('worked')"
    done = praxa("trace", "--output", path, "--", "/usr/bin/python3", "-c", work)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "worked\n"
    assert "WITHOUT A CELL" in done.stderr
    assert "socket is allowed by no profile of Praxa" in done.stderr
    profile = json.loads(path.read_text())
    rules = {name: rule for rule in profile["syscalls"] for name in rule["names"]}
    assert {"execve", "read", "wait4", "clone", "socket"} <= set(rules)
    assert "clone3" not in rules and "ptrace" not in rules
    assert rules["clone"]["args"][0]["value"] == 0x7E020000
    assert "REVIEW" in rules["socket"]["reason"] and rules["read"]["reason"] == "files, stdio and the door"
    assert all(rule["reason"] for rule in profile["syscalls"])


def test_a_program_that_fails_or_is_missing_is_told(tmp_path):
    assert praxa("trace", "--output", tmp_path / "a", "--", "/bin/false").returncode == 1
    done = praxa("trace", "--output", tmp_path / "b", "--", "/nowhere")
    assert done.returncode == 1 and "/nowhere" in done.stderr
    assert praxa("trace").returncode == 2
    assert praxa("trace", "--outptu", "x").returncode == 2


def test_nothing_that_a_policy_starts_can_trace():
    done = praxa("trace", "--", "/bin/true", env={**os.environ, "PRAXA_RUN": "rn_1"})
    assert done.returncode != 0 and "tool for developers" in done.stderr
