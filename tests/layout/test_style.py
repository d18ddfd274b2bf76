"""What a reviewer would otherwise have to say each time."""

import re
import subprocess

import pytest

import tree

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60

C_FILES = tree.files(".c", ".h")
TEXT_FILES = [
    name
    for name in tree.files()
    if not name.startswith("tests/fuzz/corpus/") and b"\0" not in (tree.ROOT / name).read_bytes()
]


def test_files_are_short():
    assert [
        f"{name}: {len(tree.lines(name)) - 1} lines"
        for name in tree.files(".c", ".h", ".py")
        if len(tree.lines(name)) - 1 > FILE_LINES_MAX
    ] == []


def functions(name):
    """(first line, name, length): a definition's name and both braces stand at column 0."""
    start = title = None
    for number, line in tree.lines(name):
        found = re.match(r"([A-Za-z_]\w*)\(", line)
        if found:
            start, title = number, found.group(1)
        elif line == "}" and title:
            yield start, title, number - start + 1
            title = None
        elif line.startswith(("struct ", "enum ", "static const", "};")):
            title = None


def test_functions_are_short():
    assert [
        f"{name}:{start}: {title} has {length} lines"
        for name in C_FILES
        for start, title, length in functions(name)
        if length > FUNCTION_LINES_MAX
    ] == []


# Pattern, files, and what to do instead. Written so that this file does not match itself.
BANNED = [
    (r"^\s*#\s*if\s+0\b", (".c", ".h"), "delete dead code: git keeps it"),
    (r"\b(XX[X]|TOD[O]|FIXM[E]|HAC[K])\b", (), "file an issue, or do it"),
    (r"(?<![\w.])/wor[k]/|/tmp/[a-z]-[a-z]", (), "a path of somebody's machine"),
    (r"\bgoto (?!fail;)", (".c", ".h"), "goto only to one `fail:`"),
    (r"\b(sprintf|gets|strtok|alloca)\s*\(", (".c", ".h"), "no bound, or hidden state"),
    (r"[ \t]+$", (".c", ".h", ".py", ".md", "meson.build"), "space at the end of a line"),
]


@pytest.mark.parametrize("pattern, suffixes, instead", BANNED)
def test_nothing_banned(pattern, suffixes, instead):
    wanted = re.compile(pattern, re.M)
    found = []
    for name in TEXT_FILES:
        if name == "LICENSE" or (suffixes and not name.endswith(suffixes)):
            continue
        source = tree.text(name)
        for match in wanted.finditer(source):
            line = source.count("\n", 0, match.start()) + 1
            found.append(f"{name}:{line}")
    assert found == [], instead


def test_no_unknown_case_is_ignored():
    """In our processes; a test's own switch may have a rest."""
    assert [
        name
        for name in C_FILES
        if not name.startswith("tests/") and re.search(r"\bdefault:\s*break;", tree.text(name))
    ] == []


def test_every_header_says_what_it_is_for():
    bad = []
    for name in tree.files(".h"):
        base = name.rsplit("/", 1)[-1]
        if not re.match(rf"/\* {re.escape(base)} - \S", tree.text(name)):
            bad.append(f"{name} does not begin with /* {base} - ...")
    assert bad == []


def test_every_header_has_its_own_guard():
    bad = []
    for name in tree.files(".h"):
        guard = re.sub(r"[^A-Z0-9]", "_", name.upper())
        if f"#ifndef {guard}\n#define {guard}\n" not in tree.text(name):
            bad.append(f"{name}: {guard}")
    assert bad == []


def test_clang_format_would_change_nothing():
    command = ["clang-format", "--dry-run", "--Werror", *C_FILES]
    done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:4000]


def test_scripts_parse_and_are_executable():
    for name in TEXT_FILES:
        if not tree.text(name).startswith("#!"):
            continue
        assert (tree.ROOT / name).stat().st_mode & 0o111, f"{name} has #! and is not executable"
        if re.match(r"#!.*\b(ba)?sh\b", tree.text(name)):
            subprocess.run(["bash", "-n", name], cwd=tree.ROOT, check=True)
