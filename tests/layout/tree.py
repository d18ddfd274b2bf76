"""The tree as the layout tests see it: the files that are, or would be, under version control."""

import functools
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Folders of the plan (docs/architecture.md). A process folder is one binary and one privilege set.
LIBRARIES = ("common", "policy", "sandbox")
PROCESSES = ("supervisor", "broker", "audit", "vault", "gateway", "courier", "cli")


def git(*arguments):
    # The tree may belong to another user than the one who tests it.
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@functools.cache
def files(*suffixes):
    """Paths relative to ROOT, sorted; those that end with one of suffixes, or all."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    present = {name for name in listed if name and (ROOT / name).is_file()}
    return sorted(name for name in present if not suffixes or name.endswith(suffixes))


@functools.cache
def text(name):
    # Some files of the tests are not UTF-8 on purpose.
    return (ROOT / name).read_text(encoding="utf-8", errors="surrogateescape")


def lines(name):
    """(number, line) from 1."""
    return list(enumerate(text(name).split("\n"), 1))


def folder(name):
    return name.split("/", 1)[0]


def build():
    """The build directory whose binaries are looked at: tests/run and meson set it."""
    return pathlib.Path(os.environ["PRAXA_BUILD"])


def table(name, macro, fields):
    """The rows of an X-macro table in a header, each a list of its first `fields` arguments."""
    source = text(name)
    start = re.search(rf"^#define {macro}\(X\)", source, re.M)
    assert start, f"{name} has no {macro}"
    body = re.match(r"(?:[^\n]*\\\n)*[^\n]*", source[start.end():]).group(0)
    rows = []
    for row in re.finditer(r"\bX\(((?:[^()\"]|\"(?:[^\"\\]|\\.)*\")*)\)", body.replace("\\\n", " ")):
        cells = re.findall(r"\"(?:[^\"\\]|\\.)*\"|[^,\"]+", row.group(1))
        rows.append([cell.strip().strip('"') for cell in cells if cell.strip()][:fields])
    return rows
