"""Policies that are signed with the real ssh-keygen."""

import json
import shutil
import subprocess

import pytest

from stack import Finished

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not there")


class Signers:
    """Keys of people, and an allowed_signers file."""

    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir()
        self.file = folder / "allowed_signers"
        self.lines = {}

    def add(self, key, principal=None, options='namespaces="praxa-policy"', kind="ed25519"):
        path = self.folder / key
        if not path.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "c", "-f", path], check=True)
        public = (self.folder / f"{key}.pub").read_text().strip()
        self.lines[key] = f"{principal or key + '@example.com'} {options} {public}\n"
        self.file.write_text("".join(self.lines.values()))

    def sign(self, key, path, namespace="praxa-policy"):
        """As docs/signing.md says: each reviewer a file of his own."""
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", self.folder / key]
        with open(path, "rb") as source, open(f"{path}.sig.{key}", "wb") as target:
            subprocess.run(command, stdin=source, stdout=target, stderr=subprocess.DEVNULL, check=True)


@pytest.fixture
def signers(stack):
    made = Signers(stack.base / "signers")
    made.add("alice")
    made.add("bob", kind="ecdsa")
    return made


def verify(stack, signers, *options):
    command = stack.command(
        "policy", "verify", stack.base / "probe.policy.yaml", "--allowed-signers", signers.file, *options
    )
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    return Finished(done.returncode, done.stdout, done.stderr)


def write_signed(stack, signers, revision=1, reviewers=2, keys=("alice", "bob"), change=lambda text: text):
    """A policy that pins its manifest, with its signatures."""

    def sign(text):
        pin = "sha256:" + subprocess.run(
            ["sha256sum", stack.base / "probe.tools.yaml"], check=True, capture_output=True, text=True
        ).stdout.split()[0]
        text = text.replace("owner: { team: tests }", f"owner: {{ team: tests, reviewers: {reviewers} }}")
        text = text.replace("skill: probe\n", f"skill: probe\nrevision: {revision}\n")
        text = text.replace(
            "manifests: [ probe.tools.yaml ]", f"manifests: [ {{ file: probe.tools.yaml, digest: {pin} }} ]"
        )
        return change(text)

    stack.write_policy()
    stack.write_policy(sign)
    path = stack.base / "probe.policy.yaml"
    for old in stack.base.glob("*.sig.*"):
        old.unlink()
    for key in keys:
        signers.sign(key, path)


def test_verify_says_of_each_signature_whether_it_counts(stack, signers):
    write_signed(stack, signers)
    done = verify(stack, signers, "--json")
    assert done.status == 0, done
    assert done.json["approved"] and done.json["revision"] == 1 and done.json["given"] == 2
    assert [item["principal"] for item in done.json["signatures"]] == ["alice@example.com", "bob@example.com"]
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", signers.folder / "bob.pub"], check=True, capture_output=True, text=True
    ).stdout
    assert done.json["signatures"][1]["key"] == listed.split()[1]

    signers.add("mallory")
    del signers.lines["mallory"]
    signers.file.write_text("".join(signers.lines.values()))
    write_signed(stack, signers, keys=("alice", "mallory"))
    done = verify(stack, signers)
    assert done.status == 21, done
    assert "does not count: probe.policy.yaml.sig.mallory: its key is not among the allowed signers" in done.out
    assert "signed by 1 of 2 people" in done.err
    assert json.loads(verify(stack, signers, "--json").out)["approved"] is False


def test_verify_needs_to_know_who_may_sign(stack, signers):
    write_signed(stack, signers)
    path = stack.base / "probe.policy.yaml"
    done = subprocess.run(stack.command("policy", "verify", path), capture_output=True, text=True)
    assert done.returncode == 2 and "--allowed-signers is missing" in done.stderr
    signers.file.unlink()
    assert verify(stack, signers).status == 41
    signers.file.write_text("*@example.com ssh-ed25519 AAAA\n")
    done = verify(stack, signers)
    assert done.status == 21 and "allowed_signers:1:" in done.err and "is a pattern" in done.err
