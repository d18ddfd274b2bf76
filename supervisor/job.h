/* job.h - one cell under watch: a Skill's or a tool's.
 *
 * Owns the cell from spawn to reap. Invariant: `ended` is called exactly once, when init is reaped
 * and nothing of the cell is left, with the first reason that applied. */
#ifndef SUPERVISOR_JOB_H
#define SUPERVISOR_JOB_H

#include <event2/event.h>

#include "common/event.h"
#include "sandbox/cell.h"

struct job;

struct job_outcome {
	enum end_reason reason;
	bool ran;   /* the program was executed */
	int status; /* its wait(2) status; SIGKILL when its cell was killed under it */
	uint64_t layers, cpu_us, peak_kib;
	bool counted; /* the cgroup has counted; cpu_us is its, and so is usage */
	struct cgroup_usage usage;
	uint32_t landlock_abi;
	struct fault fault; /* of CONFINEMENT, or what job_stop was given; else code ERR_OK */
};

struct job_handlers {
	void (*ready)(void *context, const struct cell_report *report); /* may be NULL */
	/* The callee frees the job. */
	void (*ended)(void *context, const struct job_outcome *outcome);
};

/* Starts a cell and its wall clock. ERR_CONFINEMENT: nothing runs and no handler is called. */
MUST_USE enum err job_start(struct event_base *base, struct cell_launcher *launcher,
    const struct cell_spec *spec, const struct job_handlers *handlers, void *context,
    struct job **ret, struct fault *fault);
/* The cell's listener, once, from `ready` on; the caller's. -1: there is none. */
int job_take_listener(struct job *job);
/* The same with a parked cell (taken) to which a run was just handed over. */
MUST_USE enum err job_adopt(struct event_base *base, struct cell *cell, uint64_t wall_ns,
    const struct job_handlers *handlers, void *context, struct job **ret, struct fault *fault);
/* Kills the cell. The first reason given wins; why may be NULL. `ended` follows from the loop. */
void job_stop(struct job *job, enum end_reason reason, const struct fault *why);
/* Kills, reaps and frees without calling a handler; NULLs the caller's pointer; accepts NULL. */
void job_free(struct job **job);

#endif
