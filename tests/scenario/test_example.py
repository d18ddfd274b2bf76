"""The README's first command, as it stands there, on a repository that the test makes."""

import json
import pathlib
import re
import subprocess

import pytest
from stack import BUILD

POLICY = pathlib.Path(__file__).resolve().parents[2] / "examples/code-review/code-review.policy.yaml"


def git(repo, *words):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", repo, *identity, *words], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def repo(stack):
    place = stack.base / "shop"
    place.mkdir()
    git(place, "init", "-q")
    (place / "pay.py").write_text("import os\n")
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "start")
    (place / "pay.py").write_text('KEY = "AKIA' + "ABCDEFGHIJKLMNOP" + '"\n')
    git(place, "commit", "-q", "-am", "add the key")
    return str(place)


def review(stack, repo, commit="HEAD"):
    full = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", repo, "rev-parse", commit], check=True, capture_output=True, text=True,
    ).stdout.strip()
    return subprocess.run(
        [
            BUILD / "praxa", "run", POLICY, "--workspace", "ws_example", "--state", str(stack.state), "--event", "review",
            "--resource", f"repo={repo}", "--input", f'{{"repo": "shop", "commit": "{full}"}}',
        ],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_pins_fit_the_files():
    done = subprocess.run([BUILD / "praxa", "policy", "check", POLICY], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_commit_with_a_key_is_sent_back(stack, repo):
    done = review(stack, repo)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^  request_changes, confidence", done.stdout, re.M)
    assert "pay.py adds an AWS access key" in done.stdout
    assert '"auditEventId": "ae_' in done.stdout
    assert re.search(r"Layers that were active\n  2\d: user-namespace", done.stdout)
    assert "ok: every record, link, root and signature fits" in done.stdout


def test_memory_lasts_from_run_to_run(stack, repo):
    for _ in range(2):
        assert review(stack, repo, "HEAD~1").returncode == 0
    shown = subprocess.run(
        [BUILD / "praxa", "audit", "show", "--state", stack.state, "--workspace", "ws_example", "--json"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    events = [json.loads(line) for line in shown.stdout.splitlines()]
    kinds = [event["kind"] for event in events if event.get("tool") == "memory.put"]
    assert kinds == ["call.intent", "call.result"] * 2
