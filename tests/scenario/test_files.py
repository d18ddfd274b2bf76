"""What `praxa run` is started with: closed descriptors, readers that go, a disk without room."""

import os
import subprocess

import pytest
from stack import PATIENCE, WORKSPACE


def command(stack, *extra):
    stack.write_policy()
    return stack.command(
        "run", stack.base / "probe.policy.yaml", "--workspace", WORKSPACE, "--state", stack.state,
        "--event", "probe", "--input", '{"calls": []}', *extra,
    )  # fmt: skip


@pytest.mark.parametrize("closed", [(0,), (0, 1), (1, 2), (0, 1, 2)])
def test_closed_standard_descriptors_are_not_given_to_other_files(stack, closed):
    def close():
        for fd in closed:
            os.close(fd)

    running = subprocess.run(command(stack), preexec_fn=close, timeout=PATIENCE)
    assert running.returncode == 0
    assert [r["reason"] for r in stack.of("run.ended")] == ["exited"]
    # What was said went nowhere, and not into one of our own files.
    for path in stack.state.rglob("*"):
        if path.is_file() and path.suffix != ".plog":
            assert b"confidence" not in path.read_bytes(), path


def test_a_run_goes_on_when_nobody_reads_its_progress(stack):
    reader, writer = os.pipe()
    os.close(reader)
    running = subprocess.run(command(stack), stderr=writer, stdout=subprocess.DEVNULL, timeout=PATIENCE)
    os.close(writer)
    assert running.returncode == 0
    assert [r["reason"] for r in stack.of("run.ended")] == ["exited"]


def test_a_result_that_cannot_be_printed_is_no_success(stack):
    with open("/dev/full", "wb") as full:
        running = subprocess.run(
            command(stack, "--json"), stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE
        )
    assert running.returncode == 70, running
    assert "stdout cannot be written" in running.stderr
