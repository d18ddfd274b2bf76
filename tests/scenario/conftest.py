"""Scenarios over real processes: the daemons, praxa-init and a Skill in its cell."""

import shutil
import sys
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from stack import BUILD, Stack, new_base  # noqa: E402


@pytest.fixture
def stack():
    """A state folder of its own. Whatever the test did, nothing may be left of it."""
    assert (BUILD / "praxa").exists(), f"{BUILD}/praxa is not built; set PRAXA_BUILD"
    base = new_base()
    try:
        made = Stack(base)
        yield made
        made.nothing_is_left()
    finally:
        shutil.rmtree(base, ignore_errors=False)
