"""A state folder that somebody else may have prepared is refused, with what to do about it."""

import os
import socket

import pytest

CONFINEMENT = 39

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's files")


def refused(stack, status=None):
    done = stack.run({"calls": []})
    assert done.status == status if status else done.status != 0, done
    assert not (stack.state / "run" / "control.sock").exists()
    return done.err


def test_a_link_in_the_place_of_a_folder_is_not_followed(stack):
    stack.state.mkdir(mode=0o711)
    target = stack.base / "target"
    target.mkdir()
    before = target.stat()
    (stack.state / "audit").symlink_to(target)
    assert "audit" in refused(stack)
    assert (target.stat().st_uid, target.stat().st_mode) == (before.st_uid, before.st_mode)
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("folder", [".", "run", "memory"])
def test_a_folder_that_others_may_write_into_is_refused(stack, folder):
    place = stack.state / folder
    place.mkdir(parents=True, exist_ok=True)
    stack.state.chmod(0o711)
    place.chmod(0o777)
    assert "chmod go-w" in refused(stack, CONFINEMENT)


def test_a_way_on_which_everybody_may_rename_is_refused(stack):
    stack.base.chmod(0o777)
    assert "choose another folder" in refused(stack, CONFINEMENT)
    stack.base.chmod(0o755)


@as_root
@pytest.mark.parametrize("folder", [".", "run", "audit", "memory"])
def test_a_folder_of_another_user_is_refused(stack, folder):
    place = stack.state / folder
    place.mkdir(parents=True, exist_ok=True)
    stack.state.chmod(0o711)
    os.chown(place, 4321, 4321)
    assert "belongs to uid 4321" in refused(stack, CONFINEMENT)


@as_root
def test_another_users_daemons_are_not_used(stack):
    (stack.state / "run").mkdir(parents=True)
    stack.state.chmod(0o711)
    fake = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    fake.bind(str(stack.state / "run" / "control.sock"))
    os.seteuid(4321)
    try:
        fake.listen()  # unix(7): whoever calls this is the peer
    finally:
        os.seteuid(0)
    done = stack.run({"calls": []})
    fake.close()
    assert done.status == 0, done
    assert "using the daemons" not in done.err
