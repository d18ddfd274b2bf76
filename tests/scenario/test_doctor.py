"""praxa doctor tells the truth: what it says of a default policy is what a run finds."""

import json
import os
import subprocess

from stack import BUILD

CONFINEMENT = 39  # exit code, docs/errors.md

# By a policy that does not say; common/layer.h has the reasons.
NOT_REQUIRED = ("user-namespace", "cgroup", "memory-deny-write-execute", "speculation")


def layers(found):
    return [row["name"] for row in found["layers"]]


def doctor(*arguments):
    return subprocess.run([BUILD / "praxa", "doctor", *arguments], capture_output=True, text=True, timeout=60)


def test_what_the_doctor_says_is_what_a_run_finds(stack):
    done = doctor("--json", "--state", stack.state)
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["can_run"] else CONFINEMENT), done
    stack.require = f"[ {', '.join(name for name in layers(found) if name not in NOT_REQUIRED)} ]"
    run = stack.run({"do": "exit_three"})
    assert (run.status != CONFINEMENT) == found["can_run"], (found["missing"], run)
    if found["can_run"]:
        active = set(run.json["layers"])
        present = {row["name"] for row in found["layers"] if row["state"] in ("present", "partly")}
        assert active <= present, active - present


def test_every_missing_layer_says_why_and_what_to_do():
    found = json.loads(doctor("--json").stdout)
    for row in found["layers"]:
        assert row["detail"], row
        assert row["state"] != "missing" or row["fix"], row


def test_text_and_json_agree(tmp_path):
    text = doctor("--state", tmp_path).stdout
    found = json.loads(doctor("--json", "--state", tmp_path).stdout)
    for row in [*found["layers"], *found["host"]]:
        assert row["name"] in text
    assert ("can run here" in text) == found["can_run"]
    assert os.listdir(tmp_path) == []


def test_a_wrong_word_is_refused_with_usage():
    assert doctor("quickly").returncode == 2
    assert "--json" in doctor("--jsn").stderr
