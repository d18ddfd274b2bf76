/* ledger.h - what the Skills of one workspace have used up beyond a run, behind a narrow interface.
 *
 * A counter belongs to a Skill and a rule of its policy, and counts one window: an hour or a day of
 * UTC. Invariant: whoever dies when, of a window nobody is given more than its most; what was taken
 * is used unless it is given back. */
#ifndef BROKER_LEDGER_H
#define BROKER_LEDGER_H

#include "common/fault.h"
#include "common/id.h"

enum {
	/* The hour and the day of a tool, and the calls of a day. */
	BROKER_COUNTERS_MAX = 3,
	/* Windows of a counter that are kept. A clock that is set back finds the window that it
	 * had, with what was used of it. */
	BROKER_WINDOWS_KEPT = 64,
};

struct broker_counter {
	const char *rule; /* borrowed: budget.day.calls */
	uint64_t window;  /* number of its hour or day since 1970 */
	uint64_t most;
};

struct broker_ledger;

struct broker_ledger_ops {
	/* How much of the counter's window is used up, uncommitted takings included. */
	enum err (*used)(struct broker_ledger *ledger, const char *skill,
	    const struct broker_counter *counter, uint64_t *ret_used, struct fault *fault);
	/* Takes amount from each counter, or from none. ERR_BUDGET_EXCEEDED, at the counter's rule:
	 * that is more than it has. Seen by used at once; durable only after commit, and nothing
	 * may happen before. */
	enum err (*take)(struct broker_ledger *ledger, const char *skill,
	    const struct broker_counter *counters, unsigned count, uint64_t amount,
	    struct fault *fault);
	/* Gives back amount of what was taken. Durable after commit. */
	enum err (*give)(struct broker_ledger *ledger, const char *skill,
	    const struct broker_counter *counters, unsigned count, uint64_t amount,
	    struct fault *fault);
	/* Makes all that was taken and given durable. On any error all of it is undone. */
	enum err (*commit)(struct broker_ledger *ledger, struct fault *fault);
	void (*close)(struct broker_ledger *ledger);
};

/* An implementation's struct starts with this. */
struct broker_ledger {
	const struct broker_ledger_ops *ops;
};

/* The ledger of workspace in the SQLite database ledger.db beneath the directory state, created
 * when it is not there. Blocks on the file system, here and in every call. ERR_WORKSPACE_SCOPE: the
 * database belongs to another workspace. */
MUST_USE enum err broker_ledger_open(
    const char *state, const char *workspace, struct broker_ledger **ret, struct fault *fault);
/* What was not committed is undone. NULLs the caller's pointer; accepts NULL. */
void broker_ledger_close(struct broker_ledger **ledger);

#endif
