/* run.h - one run of a Skill, from admission to its last record.
 *
 * A run is a state machine whose table is total (supervisor/run.c): every state answers every
 * event. Invariant: nothing is forked before run.admitted is durable, and the run is forgotten only
 * after run.ended is. */
#ifndef SUPERVISOR_RUN_H
#define SUPERVISOR_RUN_H

#include "supervisor/denied.h"
#include "supervisor/job.h"
#include "supervisor/supervisor.h"

struct tool_job;

/* X(state, what it waits for) */
#define RUN_STATES(X)                                                         \
	X(ADMITTING)  /* run.admitted to be durable */                        \
	X(GRANTING)   /* the broker to take the grant */                      \
	X(RUNNING)    /* the cell to end */                                   \
	X(CLOSING)    /* the broker to have answered and recorded its last */ \
	X(RECORDING)  /* run.ended to be durable */                           \
	X(UNRECORDED) /* the next try to record run.ended */

#define RUN_STATE_ENUM(name) RUN_##name,
enum run_state { RUN_STATES(RUN_STATE_ENUM) RUN_STATE_COUNT };

struct run {
	struct run *next;
	struct supervisor *supervisor;
	struct skill *skill; /* a reference: it keeps its own across reloads */
	enum run_state state;
	char id[ID_MAX];
	char source[WIRE_SOURCE_MAX], event[WIRE_EVENT_MAX];
	struct control *client; /* who follows it; NULL: nobody (any more) */
	uid_t client_uid;
	int input_fd;      /* sealed JSON */
	int door_fd;       /* the Skill's end; -1 once the cell has it */
	int output_fds[2]; /* read ends of the Skill's stdout and stderr */
	struct event *outputs[2];
	struct event *resume; /* reads again after a slow client made us pause */
	uint64_t output_bytes;
	uint64_t admitted_ns, ended_ns; /* monotonic */
	bool warm;                      /* its cell was built ahead */
	uint64_t handed_ns;             /* when its cell was asked for; monotonic */
	struct job *job;
	struct denied *denials;         /* what the Skill's cell is denied; NULL: nobody sees it */
	struct denied_summary syscalls; /* of the Skill's cell and of its tools' */
	uint32_t denied_records;
	struct tool_job *tools;
	struct event *closing;      /* how long CLOSING may last */
	struct event *again;        /* UNRECORDED: the next try */
	unsigned refusals;          /* of run.ended by the log */
	struct fault refusal;       /* why the log did not take the last record */
	bool granted;               /* this broker process holds the run's grant */
	struct job_outcome outcome; /* reason END_NONE while nothing ended it */
	uint32_t calls, denied;
	char decision[ID_MAX]; /* event id of the Skill's decision; "" */
};

/* Starts a run whose trigger was allowed: records its admission first. Takes input_fd. The client
 * hears ADMITTED, STARTED, OUTPUT and ENDED, or REFUSED. */
MUST_USE enum err run_admit(struct supervisor *supervisor, struct skill *skill, const char *source,
    const char *event, int input_fd, struct control *client, uid_t client_uid, struct fault *fault);
/* The live run by id, or NULL. */
struct run *run_find(struct supervisor *supervisor, const char *id);
/* Ends a run; the first reason wins. why may be NULL. */
void run_stop(struct run *run, enum end_reason reason, const struct fault *why);
/* The client has gone: an attached run has nobody to work for. */
void run_client_gone(struct run *run);

/* Nothing of the run's cell is left. Called by supervisor/start.c. */
void run_cell_ended(struct run *run, const struct job_outcome *outcome);
/* What the broker says of a run. Its answers race with the run's end: a late one is told apart from
 * one that no history of this run explains. */
enum run_expectation { RUN_EXPECTS_NOT = 0, RUN_EXPECTS, RUN_IS_PAST };
enum run_expectation run_expects(const struct run *run, enum wire_type type);
void run_granted(struct run *run);
void run_grant_refused(struct run *run, const struct fault *why);
void run_closed(struct run *run, const struct wire_grant_closed *closed);
/* Broker or log went away or came back, for every run. */
void run_broker_lost(struct run *run);
void run_audit_ready(struct run *run);
/* Frees a run in any state, killing what lives, without a record: only for the end of the process.
 */
void run_abandon(struct run *run);

#endif
