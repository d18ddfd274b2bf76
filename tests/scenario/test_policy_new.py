"""A policy to begin with: sound at once, closed, and never in the place of another."""

import pathlib
import subprocess
import tempfile

import pytest

from stack import BUILD, digest_of

SKILL_MD = """---
name: pdf-forms
description: Fills PDF forms.
license: Apache-2.0
allowed-tools: Bash(git:*) Read
---
# How to fill a form
"""


@pytest.fixture
def place():
    """A folder with a bundle; nothing is left of it."""
    with tempfile.TemporaryDirectory(prefix="praxa-") as name:
        path = pathlib.Path(name)
        (path / "skill").mkdir()
        (path / "skill" / "main.py").write_text("print('hello')\n")
        yield path


@pytest.fixture
def praxa(place):
    return lambda *arguments: subprocess.run(
        [BUILD / "praxa", "policy", *map(str, arguments)], cwd=place, capture_output=True, text=True
    )


def test_a_starter_pins_its_bundle_and_is_sound(praxa, place):
    made = praxa("new", "my-skill", "--bundle", "skill", "--team", "platform: security")
    assert (made.returncode, made.stdout) == (0, "my-skill.policy.yaml\n"), made.stderr
    assert digest_of(place / "skill") in (place / "my-skill.policy.yaml").read_text()
    checked = praxa("check", "my-skill.policy.yaml")
    assert checked.returncode == 0, checked.stderr
    assert praxa("format", "--check", "my-skill.policy.yaml").returncode == 0
    assert praxa("explain", "my-skill.policy.yaml", "--trigger", "cli", "--event", "run").returncode == 0
    assert praxa("explain", "my-skill.policy.yaml", "--memory-read", "ws/ws_a/x").returncode == 1


def test_what_is_there_is_not_overwritten(praxa, place):
    path = place / "a.policy.yaml"
    path.write_text("mine\n")
    refused = praxa("new", "a")
    assert refused.returncode != 0 and "--force" in refused.stderr
    assert path.read_text() == "mine\n"
    assert praxa("new", "a", "--force").returncode == 0
    assert path.read_text() != "mine\n"


def test_a_link_is_not_written_through(praxa, place):
    (place / "other").write_text("mine\n")
    (place / "a.policy.yaml").symlink_to("other")
    assert praxa("new", "a", "--force").returncode != 0
    assert (place / "other").read_text() == "mine\n"


def test_what_a_skill_asks_for_is_denied(praxa, place):
    (place / "skill" / "SKILL.md").write_text(SKILL_MD)
    made = praxa("new", "--from", "skill", "--run", "/usr/bin/python3", "--run", "/skill/main.py")
    assert (made.returncode, made.stdout) == (0, "pdf-forms.policy.yaml\n"), made.stderr
    text = (place / "pdf-forms.policy.yaml").read_text()
    assert "#   denied: Bash(git:*)\n#   denied: Read\n" in text
    assert praxa("check", "pdf-forms.policy.yaml").returncode == 0
    for tool in ("Read", "Bash(git:*)"):
        assert praxa("explain", "pdf-forms.policy.yaml", "--tool", tool, "--args", "{}").returncode == 1


@pytest.mark.parametrize(
    "arguments, says",
    [
        ([], "a Skill needs a name"),
        (["Bad_Name"], "a Skill needs a name"),
        (["a", "--profile", "pyton"], 'did you mean "python"?'),
        (["a", "--run", "python3"], "is not absolute"),
        (["a", "--bundle", "/etc"], "a bundle lies beneath its policy's directory"),
        (["a", "--bundle", "nowhere"], "No such file"),
        (["a", "--from", "skill"], "SKILL.md: No such file"),
    ],
)
def test_what_makes_no_policy_writes_nothing(praxa, place, arguments, says):
    done = praxa("new", *arguments)
    assert done.returncode != 0 and says in done.stderr, done
    assert not list(place.glob("*.yaml"))
