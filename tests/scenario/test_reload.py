"""Policies come into force while the service runs."""

import contextlib
import os
import shutil
import signal
import subprocess

import pytest

from stack import PATIENCE, WORKSPACE, Finished, descendants, wait_until
from test_signing import Signers, write_signed


@contextlib.contextmanager
def up(stack, *options):
    command = stack.command(
        "up", stack.base / "probe.policy.yaml", "--workspace", WORKSPACE, "--state", stack.state, *options
    )
    with open(stack.base / "up", "wb") as err:
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=err)
    try:
        wait_until(lambda: "is in force for sk_probe" in (stack.base / "up").read_text(), "a policy in force")
        yield running
    finally:
        stack.note(running)
        running.terminate()
        assert running.wait(timeout=PATIENCE) == 0, (stack.base / "up").read_text()


def reload_command(stack, *options):
    return stack.command("reload", "--workspace", WORKSPACE, "--state", stack.state, *options)


def reload(stack, *options):
    done = subprocess.run(reload_command(stack, *options), capture_output=True, text=True, timeout=PATIENCE)
    return Finished(done.returncode, done.stdout, done.stderr)


def policies_of_runs(stack):
    return [record["policy"] for record in stack.of("run.admitted")]


def without_writing(text):
    return text.replace('write: [ "ws/{workspace}/probe/own/*" ]', "write: []")


def live_writer(stack):
    """A run that writes memory until it is ended."""
    stack.calls = 100000
    running = stack.start({"do": "work_on"})
    stack.wait_for_records(3, "call.intent")
    return running


@contextlib.contextmanager
def ended_by_us(stack, running):
    yield
    running.send_signal(signal.SIGINT)
    stack.finish(running)


@pytest.mark.parametrize("how", ["praxa reload", "SIGHUP"])
def test_new_runs_get_the_new_policy_and_live_runs_keep_theirs(stack, how):
    stack.calls = 100000
    stack.write_policy()
    with up(stack):
        running = live_writer(stack)
        with ended_by_us(stack, running):
            stack.write_policy(without_writing)
            if how == "SIGHUP":
                os.kill(stack.daemon("praxad"), signal.SIGHUP)
            else:
                done = reload(stack, "--json")
                assert done.status == 0, done
                assert done.json == {"policies": 1, "taken": 1, "refused": 0, "ended_runs": 0}
            stack.wait_for_records(2, "policy.accepted")
            before = len(stack.of("call.intent"))
            stack.wait_for_records(before + 3, "call.intent")  # the live run still may
        old, new = (record["policy"] for record in stack.of("policy.accepted"))
        assert old != new
        assert {record["policy"] for record in stack.of("call.intent")} == {old}
        done = stack.run({"calls": [["memory.put", {"key": "ws/ws_test/probe/own/a", "value": 1}]]})
        assert done.status == 0, done
        assert stack.of("call.denied")[0]["error"] == "MemoryNamespaceError"
        assert policies_of_runs(stack) == [old, new]
    assert stack.of("run.ended")[0]["reason"] == "killed"
    assert stack.verify().status == 0


def test_live_runs_end_where_the_new_policy_says_so_and_allows_less(stack):
    stack.calls = 100000
    stack.write_policy()
    with up(stack):
        running = live_writer(stack)
        # More than before, and the same: nothing ends.
        for wider in (lambda text: text.replace("own/*", "own/**"), lambda text: text.replace("own/*", "own/**")):
            stack.write_policy(lambda text: wider(text) + "on_reload: end\n")
            assert reload(stack, "--json").json["ended_runs"] == 0
        assert running.poll() is None
        stack.write_policy(lambda text: without_writing(text) + "on_reload: end\n")
        assert reload(stack, "--json").json["ended_runs"] == 1
        done = stack.finish(running)
        assert done.status == 21, done
    ended = stack.of("run.ended")
    assert [record["reason"] for record in ended] == ["policy-changed"]
    assert (ended[0]["error"], ended[0]["rule"]) == ("PolicyError", "on_reload")
    assert stack.verify().status == 0


def test_a_bad_file_keeps_the_old_policy_in_force_and_says_so(stack):
    stack.write_policy()
    with up(stack):
        stack.write_policy(lambda text: text.replace("memory:", "memroy:", 1))
        line = stack.policy_line("memroy:")
        done = reload(stack)
        assert done.status == 21, done
        assert f'probe.policy.yaml:{line}:1: unknown key "memroy"' in done.err and 'did you mean "memory"' in done.err
        assert "0 of 1 policies are in force as they lie there, 1 refused" in done.out
        refused = stack.of("policy.refused")
        assert len(refused) == 1 and refused[0]["skillId"] == "sk_probe" and "memroy" in refused[0]["problems"]
        log = (stack.base / "up").read_text()
        assert "is refused; the policy before stays in force" in log
        (stack.base / "probe.policy.yaml").unlink()
        assert reload(stack).status == 21
        stack.write_policy()  # praxa run reads it, too
        assert stack.run({"calls": []}).status == 0
        assert reload(stack).status == 0
    accepted = {record["policy"] for record in stack.of("policy.accepted")}
    assert len(accepted) == 1 and set(policies_of_runs(stack)) == accepted
    assert stack.verify().status == 0


def test_a_bundle_comes_with_its_pin(stack):
    stack.write_policy()
    with up(stack):
        program = stack.base / "skill" / "probe.py"
        program.write_text(program.read_text().replace('"hanging"', '"hanging on"'))
        done = reload(stack)
        assert done.status == 25 and "not the pinned" in done.err, done
        stack.write_policy()
        assert reload(stack).status == 0
        running = stack.start({"do": "hang"})
        wait_until(lambda: "hanging on" in (stack.base / "err").read_text(), "the new bundle")
        running.send_signal(signal.SIGINT)
        stack.finish(running)


def test_a_file_for_another_skill_is_refused(stack):
    stack.write_policy()
    with up(stack):
        stack.write_policy(lambda text: text.replace("skill: probe", "skill: other"))
        done = reload(stack)
        assert done.status == 21 and "was for the Skill probe and is for other now" in done.err, done


def parked(running):
    return {p.pid for p in descendants(running.pid) if p.command == "praxa-init\0"}


def test_cells_that_were_built_for_the_old_policy_are_built_anew(stack):
    stack.write_policy()
    with up(stack, "--warm", 2) as running:
        old = wait_until(lambda: len(parked(running)) >= 4 and parked(running), "two parked cells")
        stack.note(running)
        stack.write_policy(lambda text: text.replace("open_files: 64", "open_files: 63"))
        assert reload(stack).status == 0
        wait_until(lambda: not parked(running) & old and len(parked(running)) >= 4, "two new ones")
        for _ in range(5):
            wait_until(lambda: len(parked(running)) >= 4, "parked cells")
            assert stack.run({"calls": []}).status == 0
            if stack.of("run.started")[-1]["warm"]:
                break
        assert stack.of("run.started")[-1]["warm"]
        assert stack.of("run.started")[-1]["policy"] == stack.of("policy.accepted")[-1]["policy"]


def test_reloads_at_once_all_hear_of_a_pass_that_began_after_they_asked(stack):
    stack.write_policy()
    with up(stack, "--warm", 1):
        for round in range(3):
            stack.wall = f"{20 + round}s"
            stack.write_policy()
            asked = [
                subprocess.Popen(reload_command(stack), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for _ in range(8)
            ]
            os.kill(stack.daemon("praxad"), signal.SIGHUP)
            assert [process.wait(timeout=PATIENCE) for process in asked] == [0] * 8
            last = stack.of("policy.accepted")[-1]["policy"]
            assert stack.run({"calls": []}).status == 0
            assert policies_of_runs(stack)[-1] == last
    assert len({record["policy"] for record in stack.of("policy.accepted")}) == 3
    assert stack.verify().status == 0


def test_a_reload_while_the_service_stops_leaves_nothing(stack):
    stack.write_policy()
    for _ in range(3):
        with up(stack, "--warm", 1):
            asked = [
                subprocess.Popen(reload_command(stack), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for _ in range(4)
            ]
        # Whatever was first: in force, refused because it stops, gone, or not there any more.
        assert {process.wait(timeout=PATIENCE) for process in asked} <= {0, 41, 43}
    assert stack.verify().status == 0


def test_without_the_log_nothing_comes_into_force(stack):
    stack.write_policy()
    with up(stack):
        auditd = stack.daemon("praxa-auditd")
        stack.write_policy(without_writing)
        os.kill(auditd, signal.SIGSTOP)
        try:
            done = reload(stack)
        finally:
            os.kill(auditd, signal.SIGCONT)
        assert done.status == 38, done
        assert "does not come into force, because that cannot be recorded" in done.err


def test_who_asks_the_wrong_service_is_told(stack):
    stack.write_policy()
    assert reload(stack).status == 41
    with up(stack):
        command = stack.command("reload", "--workspace", "ws_other", "--state", stack.state)
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 22 and "serves ws_test" in done.stderr


needs_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not there")


@pytest.fixture
def signers(stack):
    made = Signers(stack.base / "signers")
    made.add("alice")
    made.add("bob")
    return made


@needs_keygen
def test_a_reload_asks_for_signatures_as_the_start_does(stack, signers):
    write_signed(stack, signers, revision=1)
    with up(stack, "--allowed-signers", signers.file):
        write_signed(stack, signers, revision=2, keys=("alice",))
        done = reload(stack)
        assert done.status == 21 and "signed by 1 of 2 people" in done.err, done
        signers.sign("bob", stack.base / "probe.policy.yaml")
        assert reload(stack).status == 0
        write_signed(stack, signers, revision=1)
        done = reload(stack)
        assert done.status == 21 and "revision 2 was accepted before" in done.err, done
        # Who may sign is read anew, too.
        write_signed(stack, signers, revision=3)
        signers.add("bob", options='namespaces="git"')
        assert reload(stack).status == 21
    accepted = stack.of("policy.accepted")
    assert [record["revision"] for record in accepted] == [1, 2]
    assert len(stack.of("policy.refused")) == 3
    assert stack.verify().status == 0


@needs_keygen
def test_a_supervisor_that_is_killed_during_reloads_never_goes_back(stack, signers):
    kept = stack.state / "policy" / WORKSPACE / "sk_probe.accepted"
    write_signed(stack, signers, revision=1)
    with up(stack, "--allowed-signers", signers.file):
        for revision in range(2, 6):
            write_signed(stack, signers, revision=revision)
            asked = subprocess.Popen(reload_command(stack), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            os.kill(stack.daemon("praxad"), signal.SIGKILL)
            asked.wait(timeout=PATIENCE)
            # The next praxad puts in force what lies there, and what it had accepted is whole.
            wait_until(lambda: stack.of("policy.accepted")[-1]["revision"] == revision, "the new policy")
            wait_until(lambda: f"revision {revision}\n" in kept.read_text(), "its revision")
            assert kept.read_text().startswith("praxa-accepted 1\n")
    write_signed(stack, signers, revision=4)
    done = stack.run({"calls": []}, extra=("--allowed-signers", signers.file))
    assert done.status == 21 and "revision 5 was accepted before" in done.err, done
    assert stack.verify().status == 0
