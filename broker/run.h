/* run.h - one run: what was granted, what it has used, what it still waits for.
 *
 * Invariant: a run that has ended has no door and no call; it is freed when its last record is
 * acknowledged and the supervisor has been told. */
#ifndef BROKER_RUN_H
#define BROKER_RUN_H

#include "broker/broker.h"
#include "broker/door.h"
#include "broker/record.h"
#include "common/arena.h"
#include "common/value.h"

struct broker_call;

/* A tool that the run has called, once each. */
struct broker_used {
	struct broker_used *next_called; /* the last that was new comes first */
	struct broker_used *next;        /* of those that worked, in the order of the first time */
	const char *name;                /* the policy's */
	uint64_t calls;                  /* of its limit for one run */
	bool worked;
};

struct broker_run {
	struct broker_run *next;
	struct broker *broker;
	struct wire_grant_run grant;
	uint64_t granted_ns;
	struct broker_policy *policy;
	struct arena arena; /* input and used */
	struct value input;
	struct broker_door *door;
	struct broker_call *calls;
	struct broker_ticket *tickets;         /* records that somebody waits for */
	struct broker_used *called;            /* every tool that was tried */
	struct broker_used *used, **used_last; /* those that worked */
	size_t held;                           /* bytes that calls reserved */
	uint32_t call_count;                   /* in calls */
	uint32_t tools_live;                   /* of those, tools that run or are about to */
	uint32_t waiting;                      /* records that are not acknowledged */
	uint64_t budget_calls;                 /* of its policy's budget.run.calls */
	uint32_t records, total, denied, log_lines, decisions;
	char decision[ID_MAX]; /* event id of the last decision */
	bool ended;
	bool told; /* the supervisor waits for no more word of it */
	bool end_asked;
	uint64_t end_serial;
};

/* Begins a run. fds: door, policy pack, input; the door is taken (set to -1) on success. On failure
 * nothing is left of it. */
MUST_USE enum err broker_run_begin(
    struct broker *broker, const struct wire_grant_run *grant, int fds[3], struct fault *fault);
/* The live run of that name, ended ones included; NULL. */
struct broker_run *broker_run_find(struct broker *broker, const char *id);
/* Shuts the door and drops all calls: a tool that runs is cancelled, an intent gets its result
 * (RunEndedError). The run stays until its records are acknowledged. Safe in any handler. */
void broker_run_end(struct broker_run *run);
/* The supervisor asked for the end: GRANT_CLOSED answers serial when the run is gone. */
void broker_run_end_asked(struct broker_run *run, uint64_t serial);
/* Nobody is there to be told any more. */
void broker_run_orphan(struct broker_run *run);
/* Ends the run because of what its Skill did, and tells the supervisor, which kills it. */
void broker_run_violated(struct broker_run *run, const struct fault *fault);
/* Frees the ended runs; an event callback whose context is the broker. */
void broker_runs_reap(int fd, short what, void *broker);

/* The run's entry for a tool; NULL: it was not tried. */
struct broker_used *broker_run_used(const struct broker_run *run, const char *tool);

/* One record less is waited for. */
void broker_run_recorded(struct broker_run *run);
/* A call ended: the door may go on. */
void broker_run_resume(struct broker_run *run);

#endif
