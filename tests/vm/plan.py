"""Copies what the virtual machine needs of a build: plan.py BUILD STAGE SUITE...

STAGE/build gets the programs, their data and the compiled tests of `groups`; STAGE/plan.json what
those tests are and which suites of guest.py shall run.
"""

import json
import pathlib
import shutil
import subprocess
import sys

groups = {"praxa:cell", "praxa:table"}
folders = ["seccomp-profiles", "sdk"]


def main(build, stage, *suites):
    build, to = pathlib.Path(build).resolve(), pathlib.Path(stage) / "build"
    found = json.loads(subprocess.check_output(["meson", "introspect", "--tests", build]))
    tests = [
        {
            "name": test["name"],
            "suite": test["suite"],
            "timeout": test["timeout"],
            "program": str(pathlib.Path(test["cmd"][0]).relative_to(build)),
            "arguments": test["cmd"][1:],
        }
        for test in found
        if groups & set(test["suite"])
    ]
    built = [*build.glob("praxa*"), *build.glob("tests/**/*-probe"), build / "tests/scenario/secret-scan"]
    programs = [str(path.relative_to(build)) for path in built if path.is_file()]
    for name in [*programs, *(test["program"] for test in tests)]:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(build / name, to / name)
    for name in folders:
        shutil.copytree(build / name, to / name, ignore=shutil.ignore_patterns("*.p"))
    (pathlib.Path(stage) / "plan.json").write_text(json.dumps({"suites": suites, "tests": tests}))


if __name__ == "__main__":
    main(*sys.argv[1:])
