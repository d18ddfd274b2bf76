"""Counts the cases of all suites: report.py RESULTS SKIPS-ALLOWED...

RESULTS holds `steps` (lines "passed|failed TAB name" or "skipped TAB name TAB reason"), SUITE.json (meson's test log, one line a test,
with the TAP output of our unit tests) and SUITE.xml (JUnit, from pytest). Prints what failed and what
was skipped, then one last line. Ends with 0 only if nothing failed and every skip is allowed.
"""

import fnmatch
import json
import pathlib
import re
import sys
import xml.etree.ElementTree

SKIP = re.compile(r"skip(?: reason)?: \S")
TAP = re.compile(r"^(not )?ok \d+(?: -)? ?(# SKIP )?(.*)$")


def meson_cases(suite, test):
    """(name, verdict, text) for each case of one meson test: of its TAP lines, or of itself."""
    name = f"{suite}/{test['name'].split(':')[-1].split(' / ')[-1]}"
    output = test.get("stdout") or ""
    cases, comments = [], []
    for line in output.splitlines():
        found = TAP.match(line)
        if not found:
            comments = [*comments, line.lstrip("# ")] if line.startswith("#") else []
            continue
        failed, skipped, title = found.groups()
        reason = [text.split(": ", 1)[1] for text in comments if SKIP.match(text)]
        if skipped or reason:
            cases.append((f"{name}.{title}", "skipped", "".join(reason)))
        else:
            cases.append((f"{name}.{title}", "failed" if failed else "passed", ""))
        comments = []
    ok = test["result"] in ("OK", "SKIP") or (
        test["returncode"] == 0 and cases and all(verdict != "failed" for _, verdict, _ in cases)
    )
    if not cases:
        return [(name, "passed" if ok else "failed", test["result"])]
    if not ok and all(verdict != "failed" for _, verdict, _ in cases):
        # Died between two cases: the TAP lines alone would look well.
        cases.append((name, "failed", f"{test['result']}, exit status {test['returncode']}"))
    return cases


def pytest_cases(suite, path):
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        name = f"{suite}/{case.get('classname')}.{case.get('name')}"
        verdict, text = "passed", ""
        for kind, found in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
            element = case.find(kind)
            if element is not None:
                verdict, text = found, element.get("message") or ""
        yield name, verdict, text


def cases(results):
    for line in (results / "steps").read_text().splitlines():
        verdict, name, *reason = line.split("\t")
        yield name, verdict, "".join(reason)
    for path in sorted(results.glob("*.json")):
        for line in path.read_text().splitlines():
            yield from meson_cases(path.stem, json.loads(line))
    for path in sorted(results.glob("*.xml")):
        yield from pytest_cases(path.stem, path)


def allowed_skips(path):
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split(maxsplit=1)[0]


def judge(verdict, name, text, allowed):
    if verdict != "skipped":
        return verdict, text
    if not text:
        return "failed", "skipped without a reason"
    if not any(fnmatch.fnmatchcase(name, pattern) for pattern in allowed):
        return "failed", f"skipped ({text}), and tests/skips.allowed does not name it"
    return verdict, text


def main(results, *skips):
    allowed = [pattern for path in skips for pattern in allowed_skips(pathlib.Path(path))]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, verdict, text in cases(pathlib.Path(results)):
        verdict, text = judge(verdict, name, text, allowed)
        counts[verdict] += 1
        if verdict != "passed":
            first = text.splitlines()[0] if text else ""
            print(f"{verdict}: {name}{': ' if first else ''}{first}")
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
