/* exec.h - an exec tool that runs: the supervisor has it in a cell of its own, we have its pipes.
 */
#ifndef BROKER_EXEC_H
#define BROKER_EXEC_H

#include "common/fault.h"
#include "common/value.h"
#include "common/wire.h"
#include "policy/policy.h"

struct broker;
struct broker_call;
struct broker_exec;

/* What the cell of a tool has used, as the supervisor says. Zeroed: nobody knows. */
struct broker_usage {
	uint64_t cpu_us, peak_kib; /* of the whole cell; largest resident set of a process */
	bool counted;              /* by a cgroup; only then is the rest known */
	uint64_t memory_peak_kib, processes_peak, oom_kills;
};

/* What became of a tool. Borrowed for the callback. */
struct broker_exec_end {
	const struct fault *fault;   /* NULL: it ended with status 0 within its limits */
	const unsigned char *output; /* its stdout, whole */
	size_t output_length;
	uint64_t layers; /* of its cell */
	struct broker_usage usage;
};

/* Asks the supervisor to run tool with arguments as JSON on its stdin. done is called once, from
 * the loop, unless the tool is cancelled first; *ret is freed after it. ERR_INTERNAL: it was not
 * started. Never blocks. */
MUST_USE enum err broker_exec_begin(struct broker_call *call, const struct policy_tool *tool,
    const struct value *arguments,
    void (*done)(struct broker_call *call, const struct broker_exec_end *end),
    struct broker_exec **ret, struct fault *fault);
/* Nobody waits any more: the supervisor is told to end the tool. NULLs the caller's pointer;
 * accepts NULL. */
void broker_exec_cancel(struct broker_exec **exec);
/* The supervisor says that a tool has ended. One that nobody waits for was cancelled while its end
 * was on the way. */
void broker_exec_done(struct broker *broker, const struct wire_tool_done *done);

#endif
