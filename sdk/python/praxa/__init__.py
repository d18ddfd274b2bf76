"""What a Skill sees of Praxa.

    import praxa

    run = praxa.Run()
    diff = run.tool("git.read.diff", commit=run.input["commit"])
    run.decide(reasoning=["small and tested"],
               alternatives=[{"action": "approve", "score": 0.9}],
               confidence=0.9,
               output={"verdict": "approve"})

Every call goes through the run's one socket to the broker, which decides, records and answers. What
it refuses is raised as an exception of the same name as in the log: see praxa.errors. Needs Python
3.9 and msgpack; nothing is sent anywhere else.
"""

from .client import Entry, Fact, Memory, Run, Tool
from .errors import *  # noqa: F401,F403
from .errors import __all__ as _errors

__all__ = ["Entry", "Fact", "Memory", "Run", "Tool", *_errors]
