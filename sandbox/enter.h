/* enter.h - the way into the cell, step by step.
 *
 * One table in enter.c is the order; each row says why it stands where it stands, and what it reads
 * back. Invariant: the program is executed only when every required layer was read back. */
#ifndef SANDBOX_ENTER_H
#define SANDBOX_ENTER_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/scope.h"
#include "sandbox/plan.h"
#include "sandbox/timing.h"

/* What process 2 says, in memory that it shares with praxa-init until it executes the program: no
 * call that a profile could forbid, and nobody is woken for it. Zeroed: nothing. */
struct said {
	struct cell_report report;
	struct timing timing; /* where it was asked for */
};

/* What the steps share. Zeroed layers: nothing is active. */
struct enter {
	const struct plan *plan;
	char *const *envp; /* the program's */
	int proc_fd;       /* the host's /proc, until the cell is built */
	int host_fd;       /* the host's root, until the cell's takes its place */
	int root_fd;       /* the cell's root */
	int report_read;   /* praxa-init's end of the report socket */
	int report_fd;     /* process 2's end */
	struct said *said; /* from the fork on */
	pid_t program;     /* process 2, in praxa-init; 0 in process 2 */
	uint64_t layers;   /* read back so far */
	uint32_t landlock_abi;
	char object[64]; /* what the current step is at; completes its name */
	struct timing timing;
};

/* Takes the steps. Returns true in praxa-init, when process 2 was started: at the end of
 * report_read it has executed the program or is gone, and said has READY, or FAILED, or nothing.
 * false when a step failed, with *ret filled. Does not return in process 2. */
MUST_USE bool enter_cell(struct enter *enter, struct cell_report *ret);

/* Names the place in the cell that the current step is at, relative to the root. */
static inline void
enter_at(struct enter *enter, const char *place)
{
	snprintf(enter->object, sizeof(enter->object), "/%s", place);
}

#endif
