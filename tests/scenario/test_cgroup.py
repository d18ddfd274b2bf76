"""Each cell in a leaf of its own, beneath a cgroup that is ours. Needs root and a cgroup v2."""

import os
import pathlib
import signal

import pytest

from stack import wait_until


@pytest.fixture
def folder():
    """An empty cgroup. Hybrid hosts have the v2 tree in the second place."""
    for tree in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        path = pathlib.Path(tree, f"praxa-test-{os.getpid()}")
        if not pathlib.Path(tree, "cgroup.controllers").exists():
            continue
        try:
            path.mkdir()
        except OSError:
            continue
        yield path
        for leaf in path.glob("*/"):
            leaf.rmdir()
        path.rmdir()
        return
    pytest.skip("no cgroup v2 that this user may write to")


def leaves(folder):
    return [path.name for path in folder.glob("cell-*")]


def test_usage_of_the_cgroup_is_recorded_and_its_leaf_is_gone(stack, folder):
    call = ["tool.call", {"tool": "probe.echo", "arguments": {"text": "ab"}}]
    done = stack.run({"calls": [call]}, extra=("--cgroup", folder))
    assert done.status == 0, done
    for usage in (stack.of("run.ended")[0], stack.of("call.result")[0]["usage"]):
        assert usage["cpu_us"] > 0
        assert {"memory_peak_kib", "processes_peak", "oom_kills"} <= set(usage)
    assert leaves(folder) == []


def test_every_process_of_a_run_is_in_its_leaf(stack, folder):
    stack.wall = "3s"
    running = stack.start({"do": "hang"}, extra=("--cgroup", folder))
    stack.wait_for_skill(running)
    (leaf,) = leaves(folder)
    inside = {int(pid) for pid in (folder / leaf / "cgroup.procs").read_text().split()}
    assert {p.pid for p in stack.skill_processes()} <= inside
    assert len(inside) == 2  # and praxa-init
    stack.finish(running)
    assert [r["reason"] for r in stack.of("run.ended")] == ["wall-time"]
    assert leaves(folder) == []


def test_a_killed_supervisor_leaves_nothing_to_the_next(stack, folder):
    stack.wall = "20s"
    running = stack.start({"do": "hang"}, extra=("--cgroup", folder))
    stack.wait_for_skill(running)
    os.kill(stack.daemon("praxad"), signal.SIGKILL)
    stack.finish(running)
    # Whether praxad was started again or not: the next one takes the folder and finds it clean.
    assert stack.run({"calls": []}, extra=("--cgroup", folder)).status == 0
    wait_until(lambda: leaves(folder) == [], "the leaves to go")


def test_a_required_cgroup_is_there_or_the_run_is_refused(stack, folder):
    stack.require = "[ seccomp, cgroup ]"
    done = stack.run({"calls": []}, extra=("--cgroup", folder))
    ended = stack.of("run.ended")[0]
    if "memory" in (folder / "cgroup.controllers").read_text():
        assert done.status == 0, done
        assert "cgroup" in ended["layers"]
        assert ended["memory_peak_kib"] > 0
    else:
        assert done.status != 0, done
        assert ended["reason"] == "confinement"
        assert "required layer cgroup: no memory.max in" in ended["message"]


def test_a_limit_of_reading_holds_on_every_disk_or_the_run_is_refused(stack, folder):
    stack.wall = "3s"
    stack.write_policy(lambda text: text.replace("tmp: 16MiB", "tmp: 16MiB, io_read: 5MiB"))
    running = stack.start({"do": "hang"}, extra=("--cgroup", folder))
    stack.wait_for_skill(running)
    limits = [path.read_text() for path in folder.glob("cell-*/io.max")]
    done = stack.finish(running)
    (ended,) = stack.of("run.ended")
    if "io" in (folder / "cgroup.controllers").read_text().split():
        assert limits and limits[0] and all(" rbps=5242880 " in line for line in limits[0].splitlines())
        assert ended["reason"] == "wall-time"
    else:
        assert done.status == 39, done
        assert ended["error"] == "ConfinementError" and "required layer cgroup" in ended["message"]


@pytest.fixture
def inside(folder):
    """We are in the folder, and it is marked as systemd marks what it delegates."""
    place = [line for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")]
    home = pathlib.Path(f"{folder.parent}{place[0][3:]}")
    try:
        os.setxattr(folder, "user.delegate", b"1")
    except OSError:
        pytest.skip("no cgroup v2 that this user may write to")
    (folder / "cgroup.procs").write_text(str(os.getpid()))
    yield folder
    (home / "cgroup.procs").write_text(str(os.getpid()))


def test_praxa_run_divides_the_cgroup_that_is_delegated_to_it(stack, inside):
    stack.wall = "3s"
    running = stack.start({"do": "hang"})
    stack.wait_for_skill(running)
    (leaf,) = inside.glob("cells-*/cell-*")
    cell = {int(pid) for pid in (leaf / "cgroup.procs").read_text().split()}
    others = {int(pid) for pid in (inside / "others" / "cgroup.procs").read_text().split()}
    assert {p.pid for p in stack.skill_processes()} <= cell and len(cell) == 2
    assert {os.getpid(), running.pid, stack.daemon("praxad"), stack.daemon("praxa-auditd")} <= others
    assert (inside / "cgroup.procs").read_text() == ""
    stack.finish(running)
    assert [r["reason"] for r in stack.of("run.ended")] == ["wall-time"]
    assert [path.name for path in inside.glob("*/")] == ["others"]


def test_what_is_no_cgroup_stops_the_start(stack):
    done = stack.run({"calls": []}, extra=("--cgroup", "/tmp"))
    assert done.status != 0, done
    assert "not a cgroup v2" in done.err + done.out, done
