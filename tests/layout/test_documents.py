"""What the documents say is what the tables say."""

import importlib
import importlib.machinery
import importlib.util
import re
import sys
import warnings

import pytest

import tree

ROLES = {
    "WIRE_CLI": "cli",
    "WIRE_SUPERVISOR": "supervisor",
    "WIRE_BROKER": "broker",
    "WIRE_AUDITD": "auditd",
}


def markdown_rows(name):
    """First cell -> all cells, for every row of every table of a document."""
    rows = {}
    for _, line in tree.lines(name):
        if line.startswith("|"):
            cells = [cell.strip().strip("`") for cell in line.strip("|\n").split("|")]
            rows[cells[0]] = cells
    return rows


def roles(mask):
    return ", ".join(ROLES[role.strip()] for role in mask.split("|"))


@pytest.mark.parametrize("row", tree.table("common/wire.h", "WIRE_TABLE", 7), ids=lambda row: row[0])
def test_every_message_is_in_the_channel_table(row):
    name, _, number, senders, receivers, _, descriptors = row
    cells = markdown_rows("docs/architecture.md").get(name)
    assert cells, f"docs/architecture.md does not list {name}"
    assert cells[1:5] == [number, roles(senders), roles(receivers), descriptors]


def test_the_channel_table_lists_no_other_message():
    known = {row[0] for row in tree.table("common/wire.h", "WIRE_TABLE", 7)}
    listed = {name for name in markdown_rows("docs/architecture.md") if re.match(r"[A-Z]+_[A-Z_]+$", name)}
    assert listed - known == set()


@pytest.mark.parametrize("row", tree.table("common/fault.h", "ERR_TABLE", 8)[1:], ids=lambda row: row[1])
def test_every_typed_error_is_documented(row):
    _, name, number, http, jsonrpc, exit_code, retry, _ = row
    cells = markdown_rows("docs/errors.md").get(name)
    assert cells, f"docs/errors.md does not list {name}"
    assert cells[1:6] == [number, http, jsonrpc, exit_code, "yes" if retry == "1" else "no"]
    assert all(len(cell) > 10 for cell in cells[6:8]), "when it comes and what to do"


def test_the_sdk_has_every_typed_error_with_its_code():
    sys.path.insert(0, str(tree.ROOT / "sdk" / "python"))
    errors = importlib.import_module("praxa.errors")
    for _, name, _, _, jsonrpc, _, _, _ in tree.table("common/fault.h", "ERR_TABLE", 8)[1:]:
        assert getattr(errors, name).code == int(jsonrpc)


@pytest.mark.parametrize(
    "header, macro", [("common/event.h", "EVENT_TABLE"), ("common/event.h", "END_TABLE")]
)
def test_every_event_and_end_is_documented(header, macro):
    names = [row[2] for row in tree.table(header, macro, 3)]
    listed = markdown_rows("docs/architecture.md")
    assert names and [name for name in names if name not in listed] == []


def test_every_rule_of_the_linter_is_documented():
    rows = [(row[1], row[2].lower()) for row in tree.table("policy/lint.h", "POLICY_LINTS", 3)]
    section = tree.text("docs/policy.md").split("### lint")[1].split("###")[0]
    listed = re.findall(r"^\| `([a-z-]+)` \| (warning|note) \| \S", section, re.M)
    assert rows and rows == listed


def test_every_relative_link_leads_somewhere():
    bad = []
    for name in tree.files(".md"):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", tree.text(name)):
            if not (tree.ROOT / name).parent.joinpath(target).exists():
                bad.append(f"{name}: {target}")
    assert bad == []


def test_the_escapes_are_those_of_the_code():
    """Every probe is in the document, with what was measured of it, and no other is."""
    path = str(tree.ROOT / "tests/escape/table")
    spec = importlib.util.spec_from_loader("table", importlib.machinery.SourceFileLoader("table", path))
    table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    build = tree.build()
    probes = {"on", *(row[1] for row in table.rows(build) if row[0])}
    for measured in table.measurements():
        assert set(measured) == probes, f"{measured['on']}: measure again with tests/escape/table"
    above, made = tree.text("docs/escapes.md").split(table.MARK)
    assert made == table.render(build), "run tests/escape/table BUILD --render"


def test_commit_subjects_name_a_folder():
    """A warning only: history cannot be mended."""
    for subject in tree.git("log", "--format=%s", "--max-count=50").splitlines():
        if not re.match(r"[a-z][a-z0-9./-]*(, [a-z][a-z0-9./-]*)*: \S", subject):
            warnings.warn(f"commit subject without a folder: {subject}")
