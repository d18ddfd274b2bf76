"""Policies that are signed with the real ssh-keygen."""

import json
import shutil
import subprocess

import pytest

from stack import WORKSPACE, Finished

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


def signed_run(stack, signers, work=None):
    return stack.run(work or {"calls": []}, extra=("--allowed-signers", signers.file))


def test_a_signed_policy_runs_and_the_log_says_who_approved_it(stack, signers):
    write_signed(stack, signers, revision=3)
    done = signed_run(stack, signers)
    assert done.status == 0, done
    kinds = [record["kind"] for record in stack.records()]
    assert kinds.index("policy.accepted") < kinds.index("run.admitted")
    record = stack.of("policy.accepted")[0]
    assert (record["skillId"], record["revision"], record["signed"], record["reviewers"]) == ("sk_probe", 3, True, 2)
    assert record["policy"] == stack.of("run.admitted")[0]["policy"]
    shown = verify(stack, signers, "--json").json
    assert record["file_digest"] == shown["digest"]
    assert [(a["principal"], a["key"], a["type"], a["signature"]) for a in record["approvers"]] == [
        (s["principal"], s["key"], s["type"], s["file"]) for s in shown["signatures"]
    ]
    assert stack.verify().status == 0
    kept = (stack.state / "policy" / WORKSPACE / "sk_probe.accepted").read_text()
    assert kept == f"praxa-accepted 1\nrevision 3\nreviewers 2\npolicy {record['file_digest']}\n"


def unsigned(stack, signers):
    write_signed(stack, signers, keys=())


def too_few(stack, signers):
    write_signed(stack, signers, keys=("alice",))


def same_person_twice(stack, signers):
    signers.add("alice2", "Alice@example.com")
    write_signed(stack, signers, keys=("alice", "alice2"))


def wrong_namespace(stack, signers):
    write_signed(stack, signers, keys=("alice",))
    signers.sign("bob", stack.base / "probe.policy.yaml", namespace="git")


def wrong_key(stack, signers):
    signers.add("mallory")
    write_signed(stack, signers, keys=("alice", "mallory"))
    del signers.lines["mallory"]
    signers.file.write_text("".join(signers.lines.values()))


def expired_key(stack, signers):
    write_signed(stack, signers)
    signers.add("bob", options='namespaces="praxa-policy",valid-before="20200101Z"')


def altered_bytes(stack, signers):
    write_signed(stack, signers)
    path = stack.base / "probe.policy.yaml"
    path.write_text(path.read_text().replace("calls: 25", "calls: 26"))


def another_files_signature(stack, signers):
    write_signed(stack, signers, keys=("alice",))
    other = stack.base / "other.policy.yaml"
    other.write_text("policy: 1\n")
    signers.sign("bob", other)
    shutil.move(f"{other}.sig.bob", stack.base / "probe.policy.yaml.sig.bob")


def altered_manifest(stack, signers):
    write_signed(stack, signers)
    path = stack.base / "probe.tools.yaml"
    path.write_text(path.read_text() + "# changed\n")


def without_a_pin(stack, signers):
    def unpin(text):
        return "\n".join(
            "manifests: [ probe.tools.yaml ]" if line.startswith("manifests:") else line for line in text.split("\n")
        )

    write_signed(stack, signers, change=unpin)


def without_a_revision(stack, signers):
    write_signed(stack, signers, change=lambda text: text.replace("revision: 1\n", ""))


def no_signers_file(stack, signers):
    write_signed(stack, signers)
    signers.file.write_text(signers.file.read_text() + "*@example.com ssh-ed25519 AAAA\n")


REFUSALS = {
    unsigned: "signed by 0 of 2 people; have it signed: ssh-keygen -Y sign -n praxa-policy",
    too_few: "signed by 1 of 2 people",
    same_person_twice: "Alice@example.com has signed already: one person counts once",
    wrong_namespace: 'probe.policy.yaml.sig.bob: it was made for the namespace "git"',
    wrong_key: "probe.policy.yaml.sig.mallory: its key is not among the allowed signers",
    expired_key: "the key of bob@example.com has expired",
    altered_bytes: "probe.policy.yaml.sig.alice: it is no signature of these bytes",
    another_files_signature: "probe.policy.yaml.sig.bob: it is no signature of these bytes",
    without_a_pin: "does not pin probe.tools.yaml",
    without_a_revision: "has no revision",
    no_signers_file: 'allowed_signers:3: "*@example.com" is a pattern',
}


@pytest.mark.parametrize("prepare", REFUSALS, ids=lambda prepare: prepare.__name__)
def test_what_is_not_signed_as_it_must_be_is_refused_and_recorded(stack, signers, prepare):
    prepare(stack, signers)
    done = signed_run(stack, signers)
    assert done.status == 21, done
    assert REFUSALS[prepare] in done.err, done
    refused = stack.of("policy.refused")
    assert len(refused) == 1 and refused[0]["error"] == "PolicyError", stack.records()
    assert REFUSALS[prepare] in refused[0]["message"]
    assert stack.of("policy.accepted") == [] and stack.of("run.admitted") == []
    assert not list((stack.state / "policy" / WORKSPACE).glob("*"))
    assert stack.verify().status == 0


def test_a_manifest_that_was_changed_is_refused_before_anything_starts(stack, signers):
    altered_manifest(stack, signers)
    done = signed_run(stack, signers)
    assert done.status == 21 and "not the pinned" in done.err, done


def test_an_older_revision_does_not_come_back(stack, signers):
    for revision, change, words in (
        (2, "20s", None),
        (2, "20s", None),
        (1, "20s", "is revision 1, and revision 2 was accepted before"),
        (2, "21s", "is another version of revision 2"),
        (3, "21s", None),
        (2, "20s", "is revision 2, and revision 3 was accepted before"),
    ):
        stack.wall = change
        write_signed(stack, signers, revision=revision)
        done = signed_run(stack, signers)
        assert done.status == (0 if words is None else 21), (revision, done)
        assert words is None or words in done.err, done
    refused = stack.of("policy.refused")
    assert [record["rule"] for record in refused] == ["revision"] * 3
    assert [record["revision"] for record in stack.of("policy.accepted")] == [2, 2, 3]


def test_who_asks_for_fewer_reviewers_needs_as_many_as_before(stack, signers):
    write_signed(stack, signers, revision=1)
    assert signed_run(stack, signers).status == 0
    write_signed(stack, signers, revision=2, reviewers=1, keys=("alice",))
    done = signed_run(stack, signers)
    assert done.status == 21 and "signed by 1 of 2 people" in done.err, done
    write_signed(stack, signers, revision=2, reviewers=1)
    assert signed_run(stack, signers).status == 0
    write_signed(stack, signers, revision=3, reviewers=1, keys=("bob",))
    assert signed_run(stack, signers).status == 0


def test_a_policy_that_asks_for_reviewers_does_not_run_where_nobody_knows_them(stack, signers):
    write_signed(stack, signers)
    done = stack.run({"calls": []})
    assert done.status == 21 and "start with --allowed-signers FILE" in done.err, done


def test_signers_that_others_may_write_are_not_trusted(stack, signers):
    write_signed(stack, signers)
    signers.file.chmod(0o666)
    done = signed_run(stack, signers)
    assert done.status == 39 and "may be written by others" in done.err, done
    assert stack.of("policy.refused")[0]["error"] == "ConfinementError"


def test_without_signers_a_policy_is_recorded_as_unsigned(stack):
    assert stack.run({"calls": []}).status == 0
    record = stack.of("policy.accepted")[0]
    assert record["signed"] is False and "approvers" not in record
    command = stack.command("audit", "show", "--kind", "policy.accepted", "--workspace", WORKSPACE, "--state", stack.state)
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "policy.accepted" in shown
