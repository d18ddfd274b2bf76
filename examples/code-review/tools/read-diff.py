"""git.read.diff: one commit of /repo as JSON. Arguments come as JSON on stdin.

Runs in a cell of its own that holds the repository, read-only, and nothing else. The repository is
not trusted either: its configuration may name programs, so every way to run one is off.
"""

import json
import os
import re
import subprocess
import sys

PATCH_MAX = 256 * 1024
FILES_MAX = 2000
GIT = [
    "git", "-C", "/repo", "--no-pager", "-c", "safe.directory=*", "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false", "-c", "diff.external=",
    "-c", "protocol.allow=never",
]
ENV = {
    "PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1",
}


def git(*words):
    done = subprocess.run(GIT + list(words), env=ENV, stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode != 0:
        sys.stderr.write(done.stderr.decode("utf-8", "replace"))
        sys.exit("git could not read the commit: is /repo a repository, and the commit in it?")
    return done.stdout


def show(commit, *words):
    return git("show", "--first-parent", "-m", "--no-ext-diff", "--no-textconv", "--no-color", *words, commit, "--")


def numbers(raw):
    """added TAB removed TAB path NUL, or with renames: added TAB removed TAB NUL old NUL new NUL."""
    fields = raw.split(b"\0")
    at = 0
    while at < len(fields) and fields[at].strip():
        added, removed, path = fields[at].strip(b"\n").split(b"\t", 2)
        at += 1
        if path == b"":
            path = fields[at + 1]
            at += 2
        yield {
            "path": path.decode("utf-8", "replace"),
            "added": 0 if added == b"-" else int(added),
            "removed": 0 if removed == b"-" else int(removed),
            "binary": added == b"-",
        }


def main():
    arguments = json.load(sys.stdin)
    commit = arguments["commit"]
    if not re.fullmatch(r"[0-9a-f]{7,64}", commit):
        sys.exit("commit must be 7 to 64 hexadecimal digits")
    if not os.path.isdir("/repo"):
        sys.exit("/repo is not there")
    head = show(commit, "--no-patch", "--format=%H%x00%aI%x00%s").decode("utf-8", "replace").strip("\n").split("\0")
    patch = show(commit, "--format=", f"--unified={arguments.get('context', 3)}")
    files = list(numbers(show(commit, "--format=", "--numstat", "-z")))
    json.dump(
        {
            "commit": head[0], "date": head[1], "subject": head[2], "files": files[:FILES_MAX],
            "patch": patch[:PATCH_MAX].decode("utf-8", "replace"),
            "truncated": len(patch) > PATCH_MAX or len(files) > FILES_MAX,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
