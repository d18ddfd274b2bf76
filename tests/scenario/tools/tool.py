"""The tools of the scenarios: JSON arguments on stdin, JSON result on stdout."""

import json
import socket
import sys

arguments = json.load(sys.stdin)
if sys.argv[1] == "fail":
    try:
        socket.socket()  # the profile has something against it
    except PermissionError:
        pass
    print("this tool always fails", file=sys.stderr)
    sys.exit(3)
print(json.dumps({"text": arguments.get("text", "") * arguments.get("times", 1)}))
