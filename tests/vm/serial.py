"""What tests/vm/arm64 says to its machine and hears from it.

serial.py plan PLAN.JSON     the compiled tests of plan.py, one a line: name, seconds, program
serial.py results SERIAL     what they said on the serial line, one line of JSON a test, as meson's
                             own log has it; a test that did not end, or was never begun, has failed
"""

import json
import pathlib
import re
import sys

SLOWNESS = 4  # times the patience of a test, for the machine is emulated
BEGIN, END = re.compile(r"^@begin (\S+)$"), re.compile(r"^@end (\S+) (\d+)$")


def plan(path):
    """Not the tables: in emulation they take longer than all else."""
    for test in json.loads(pathlib.Path(path).read_text())["tests"]:
        if "praxa:cell" not in test["suite"]:
            continue
        name = test["name"].split(":")[-1]
        print(name, test["timeout"] * SLOWNESS, test["program"], *test["arguments"])


def results(path):
    name, said, ended = "none", [], 0
    for line in pathlib.Path(path).read_text(errors="replace").splitlines():
        if begin := BEGIN.match(line):
            name, said = begin[1], []
        elif end := END.match(line):
            status = int(end[2])
            row = {"name": name, "result": "OK" if status == 0 else "FAIL", "returncode": status}
            print(json.dumps({**row, "stdout": "\n".join(said)}))
            name, ended = "none", ended + 1
        else:
            said.append(line)
    if name != "none" or ended == 0:
        row = {"name": name, "result": "FAIL", "returncode": -1, "stdout": ""}
        print(json.dumps(row))


if __name__ == "__main__":
    {"plan": plan, "results": results}[sys.argv[1]](sys.argv[2])
