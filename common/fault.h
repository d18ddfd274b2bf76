/* fault.h - the typed errors of Praxa, once.
 *
 * One row is one error: its name on the wire, its number in records, and what HTTP, JSON-RPC and a
 * shell call it. Invariant: numbers never change and never return; a new error is one new row.
 * Libraries return `enum err` and fill a `struct fault`; they never log and never exit. */
#ifndef COMMON_FAULT_H
#define COMMON_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/scope.h"

/* X(enumerator, name on the wire, number, HTTP status, JSON-RPC code, exit code, may retry, text)
 * JSON-RPC codes stand outside the reserved -32768..-32000 (JSON-RPC 2.0 section 5.1). */
#define ERR_TABLE(X)                                                                               \
	X(OK, "OK", 0, 200, 0, 0, 0, "success")                                                    \
	X(INTERNAL, "InternalError", 1, 500, -31001, 70, 0, "Praxa itself failed")                 \
	X(PROTOCOL, "ProtocolError", 2, 400, -31002, 20, 0, "the message breaks the protocol")     \
	X(POLICY, "PolicyError", 3, 422, -31003, 21, 0, "the policy cannot be used")               \
	X(WORKSPACE_SCOPE, "WorkspaceScopeError", 4, 403, -31004, 22, 0,                           \
	    "this belongs to another workspace")                                                   \
	X(TRIGGER_NOT_ALLOWED, "TriggerNotAllowedError", 5, 403, -31005, 23, 0,                    \
	    "the policy does not let this source start the Skill")                                 \
	X(SKILL_PAUSED, "SkillPausedError", 6, 409, -31006, 24, 0,                                 \
	    "the Skill is paused until a person resumes it")                                       \
	X(SKILL_DIGEST, "SkillDigestError", 7, 409, -31007, 25, 0,                                 \
	    "the bundle is not the one that was pinned")                                           \
	X(TOOL_NOT_ALLOWED, "ToolNotAllowedError", 8, 403, -31008, 26, 0,                          \
	    "the policy does not allow this tool")                                                 \
	X(TOOL_ARGUMENT, "ToolArgumentError", 9, 403, -31009, 27, 0,                               \
	    "the policy does not allow this argument")                                             \
	X(TOOL_SCOPE, "ToolScopeError", 10, 403, -31010, 28, 0,                                    \
	    "the integration's bot lacks the scope for this tool")                                 \
	X(MEMORY_NAMESPACE, "MemoryNamespaceError", 11, 403, -31011, 29, 0,                        \
	    "the policy does not open this memory namespace")                                      \
	X(SUBAGENT_DISPATCH, "SubAgentDispatchError", 12, 403, -31012, 30, 0,                      \
	    "the policy does not allow this dispatch")                                             \
	X(BUDGET_EXCEEDED, "BudgetExceededError", 13, 403, -31013, 31, 0, "the budget is used up") \
	X(RATE_LIMIT, "RateLimitError", 14, 429, -31014, 32, 1, "too many calls")                  \
	X(APPROVAL_REQUIRED, "ApprovalRequiredError", 15, 403, -31015, 33, 1,                      \
	    "a person must approve this call")                                                     \
	X(APPROVAL_DENIED, "ApprovalDeniedError", 16, 403, -31016, 34, 0,                          \
	    "a person denied this call")                                                           \
	X(APPROVAL_EXPIRED, "ApprovalExpiredError", 17, 403, -31017, 35, 1,                        \
	    "nobody answered in time")                                                             \
	X(CREDENTIAL_REFUSED, "CredentialRefusedError", 18, 422, -31018, 36, 0,                    \
	    "this kind of credential is not accepted")                                             \
	X(CREDENTIAL_UNAVAILABLE, "CredentialUnavailableError", 19, 503, -31019, 37, 1,            \
	    "the credential cannot be opened")                                                     \
	X(AUDIT_UNAVAILABLE, "AuditUnavailableError", 20, 503, -31020, 38, 1,                      \
	    "the action cannot be recorded, so it is refused")                                     \
	X(CONFINEMENT, "ConfinementError", 21, 503, -31021, 39, 0,                                 \
	    "a required layer of the cell is missing")                                             \
	X(TOOL_FAILED, "ToolFailedError", 22, 502, -31022, 40, 0, "the tool ran and failed")       \
	X(NOT_FOUND, "NotFoundError", 23, 404, -31023, 41, 0, "there is no such thing")            \
	X(LIMIT, "LimitError", 24, 413, -31024, 42, 0, "a size or count limit was reached")        \
	X(RUN_ENDED, "RunEndedError", 25, 409, -31025, 43, 0, "the run has ended")                 \
	X(MODEL_NOT_ALLOWED, "ModelNotAllowedError", 26, 403, -31026, 44, 0,                       \
	    "no rule allows the model")

#define ERR_ENUM(name, wire, number, http, jsonrpc, exit_code, retry, text) ERR_##name = number,
enum err { ERR_TABLE(ERR_ENUM) };

/* Sizes hold the longest name the policy language admits plus its quotes. */
enum {
	FAULT_MESSAGE_MAX = 320,
	FAULT_RULE_MAX = 160,
	FAULT_FIELD_MAX = 128,
	FAULT_ALLOWED_MAX = 256,
};

/* What went wrong, in words that a Skill can act on and a person can find in the policy.
 * Zeroed: no fault. All strings are NUL-terminated, printable UTF-8, and may be empty. */
struct fault {
	enum err code;
	uint32_t line;                   /* line of the rule in the policy file; 0: no rule */
	char message[FAULT_MESSAGE_MAX]; /* one sentence, what to do next included */
	char rule[FAULT_RULE_MAX];       /* the rule that decided, as the policy names it */
	char field[FAULT_FIELD_MAX];     /* the argument or key at fault */
	char allowed[FAULT_ALLOWED_MAX]; /* what would have been accepted */
};

/* One row of ERR_TABLE. */
struct err_info {
	const char *name;
	uint16_t http;
	int32_t jsonrpc;
	uint8_t exit_code;
	bool retry;
	const char *text;
};

/* The row of code; ERR_INTERNAL's row for a number that is not in the table. Never NULL. */
const struct err_info *err_info(enum err code);
/* The wire name of code, static storage, never NULL. */
const char *err_name(enum err code);
/* The error that a process ends with this exit code for; ERR_INTERNAL when none. */
enum err err_from_exit(int exit_code);
/* Finds a wire name; ERR_INTERNAL when unknown. */
enum err err_from_name(const char *name);

/* Clears *fault, sets code and the formatted message (cut at its size, made printable), and returns
 * code, so that a refusal is one line: return fault_set(f, ERR_LIMIT, "..."). fault may be NULL. */
enum err fault_set(struct fault *fault, enum err code, const char *format, ...) PRINTF_LIKE(3, 4);
/* Adds where the rule stands. rule may be NULL; cut at its size. Returns fault->code. */
enum err fault_at(struct fault *fault, const char *rule, uint32_t line);
/* Adds the field at fault and what is allowed; either may be NULL. Returns fault->code. */
enum err fault_field(struct fault *fault, const char *field, const char *allowed);

/* Copies text into a fixed array: cut at size, NUL-terminated, control bytes and bytes that are not
 * UTF-8 replaced by '?', so that hostile text cannot forge a log line or drive a terminal. */
void text_copy(char *to, size_t size, const char *from);
/* The same for bytes that are not terminated. */
void text_copy_bytes(char *to, size_t size, const void *from, size_t length);

#endif
