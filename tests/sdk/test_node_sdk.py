"""The Node SDK: its own tests, against the package as npm makes and installs it."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
from node import NODE, install_sdk  # noqa: E402


def test_the_package_passes_its_tests():
    with tempfile.TemporaryDirectory() as place:
        install_sdk(place)
        shutil.copy(ROOT / "tests" / "sdk" / "node" / "client.test.js", place)
        done = subprocess.run([NODE, "--test", "--test-reporter=tap", "client.test.js"], cwd=place,
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_its_errors_are_those_of_the_table():
    table = (ROOT / "common" / "fault.h").read_text(encoding="utf-8")
    sdk = ROOT / "sdk" / "node"
    rows = sorted(re.findall(r'"(\w+Error)",\s*\d+,\s*\d+,\s*-(\d+)', table))
    assert len(rows) > 20
    said = re.findall(r"typed\('(\w+)', -(\d+)\)", (sdk / "errors.js").read_text(encoding="utf-8"))
    assert sorted(said) == rows
    types = re.findall(r"class (\w+) extends PraxaError", (sdk / "index.d.ts").read_text(encoding="utf-8"))
    assert sorted(types) == [name for name, _ in rows]
