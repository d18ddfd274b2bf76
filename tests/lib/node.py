"""Node.js for tests: where it is, and our SDK in it as a user would install it."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NODE = next((path for path in ("/usr/bin/node", "/usr/local/bin/node") if os.path.exists(path)), None)
PATIENCE = 120


def npm(place, *arguments):
    environment = {**os.environ, "npm_config_cache": str(pathlib.Path(place) / ".npm-cache"),
                   "npm_config_update_notifier": "false", "npm_config_audit": "false",
                   "npm_config_fund": "false"}
    return subprocess.run(["npm", *arguments], cwd=place, env=environment, capture_output=True,
                          text=True, timeout=PATIENCE, check=False)


def install_sdk(place):
    """Packs sdk/node and installs the package, with what it depends on, into place."""
    if NODE is None or shutil.which("npm") is None:
        pytest.skip("no Node.js and npm in /usr")
    place = pathlib.Path(place)
    (place / "package.json").write_text(json.dumps({"name": "skill", "private": True, "type": "module"}))
    packed = npm(place, "pack", "--silent", str(ROOT / "sdk" / "node"))
    assert packed.returncode == 0, packed.stderr
    done = npm(place, "install", "--silent", "--fetch-retries=1", f"./{packed.stdout.strip()}")
    shutil.rmtree(place / ".npm-cache", ignore_errors=True)
    if done.returncode != 0:
        pytest.skip("the npm registry cannot be reached")
    (place / packed.stdout.strip()).unlink()
