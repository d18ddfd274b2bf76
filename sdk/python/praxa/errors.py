"""The typed errors of Praxa, as exceptions.

The names are those of common/fault.h. Each has what an agent needs to correct itself and a person to
find the line in the policy.
"""

from __future__ import annotations

from typing import Any, Mapping


class Error(Exception):
    """What the broker refused, or what failed on the way to it."""

    code: int = -31001  # JSON-RPC code
    type: str = "InternalError"

    def __init__(self, message: str, *, rule: str = "", line: int = 0, field: str = "",
                 allowed: str = "", retry: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.rule = rule  # of the policy, "" where none decided
        self.line = line  # of the policy file, 0 where none decided
        self.field = field  # the argument or parameter at fault
        self.allowed = allowed  # what would have been accepted
        self.retry = retry  # the same call may succeed later

    def __str__(self) -> str:
        text = f"{self.type}: {self.message}"
        if self.rule:
            text += f" (rule {self.rule}" + (f", line {self.line})" if self.line else ")")
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        return text


_TABLE = {
    "InternalError": -31001,
    "ProtocolError": -31002,
    "PolicyError": -31003,
    "WorkspaceScopeError": -31004,
    "TriggerNotAllowedError": -31005,
    "SkillPausedError": -31006,
    "SkillDigestError": -31007,
    "ToolNotAllowedError": -31008,
    "ToolArgumentError": -31009,
    "ToolScopeError": -31010,
    "MemoryNamespaceError": -31011,
    "SubAgentDispatchError": -31012,
    "BudgetExceededError": -31013,
    "RateLimitError": -31014,
    "ApprovalRequiredError": -31015,
    "ApprovalDeniedError": -31016,
    "ApprovalExpiredError": -31017,
    "CredentialRefusedError": -31018,
    "CredentialUnavailableError": -31019,
    "AuditUnavailableError": -31020,
    "ConfinementError": -31021,
    "ToolFailedError": -31022,
    "NotFoundError": -31023,
    "LimitError": -31024,
    "RunEndedError": -31025,
    "ModelNotAllowedError": -31026,
}

_classes = {
    name: type(name, (Error,), {"code": code, "type": name, "__module__": "praxa.errors",
                                "__qualname__": name})
    for name, code in _TABLE.items()
}
globals().update(_classes)

__all__ = ["Error", "from_wire", *_TABLE]


def from_wire(error: Any) -> Error:
    """The exception for an error object of the protocol. A type that this version does not know is a
    plain Error that keeps its name."""
    if not isinstance(error, Mapping):
        return _classes["ProtocolError"](f"an error that is no map: {error!r}")
    name = str(error.get("type", "InternalError"))
    made = _classes.get(name, Error)(
        str(error.get("message", "")),
        rule=str(error.get("rule", "")),
        line=int(error.get("line", 0)),
        field=str(error.get("field", "")),
        allowed=str(error.get("allowed", "")),
        retry=bool(error.get("retry", False)),
    )
    made.type = name
    made.code = int(error.get("code", made.code))
    return made
