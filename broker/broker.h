/* broker.h - the broker of one workspace: what it holds, and how it begins and ends.
 *
 * One struct, made in main; one thread, one loop. Nothing outlives it and nothing stands beside it.
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include <event2/event.h>
#include <sys/types.h>

#include "broker/ledger.h"
#include "broker/policies.h"
#include "broker/store.h"
#include "common/buffer.h"
#include "common/clock.h"
#include "common/recorder.h"

struct broker_call;
struct broker_run;

/* What a broker is given. Borrowed for broker_new. */
struct broker_config {
	const char *workspace; /* ws_… */
	const char *state;     /* directory of memory.db and ledger.db */
	const char *audit;     /* path of auditd's socket */
	uid_t allow_uid;       /* the supervisor's */
	int listen_fd;         /* taken */
	unsigned stall_ms;     /* BROKER_STALL_MS, shorter in tests */
};

struct broker {
	struct event_base *base;   /* borrowed */
	const struct clock *clock; /* borrowed */
	char workspace[ID_NAME_MAX];
	uid_t allow_uid;
	unsigned stall_ms;
	struct recorder *recorder;
	struct broker_store *store;
	struct broker_ledger *ledger;
	struct broker_policies policies;
	struct peer_listener *listener;
	struct peer *supervisor; /* NULL: not connected */
	bool supervisor_stalled; /* it takes no messages: treated as gone */
	bool stopping;           /* no run is taken any more */
	struct event *grace;     /* the last moment of a stop */
	struct event *reap;      /* frees runs that have ended, outside their handlers */
	struct event *commit;    /* makes what calls took durable */
	struct broker_call *uncommitted, *committed; /* calls that wait for that, for their step */
	struct broker_run *runs;
	uint32_t run_count;
	uint32_t exec_serial; /* numbers TOOL_EXEC */
	uint64_t unrecorded;  /* refused peers and cut calls that the log could not take */
	/* Scratch, so that encoding a reply costs no allocation. Never held over a callback. */
	struct buffer reply, body, shown;
};

/* Opens memory, connects to auditd (its absence is no error: effects are refused until it is there)
 * and listens. ERR_INTERNAL, ERR_WORKSPACE_SCOPE. Blocks on the file system. */
MUST_USE enum err broker_new(struct event_base *base, const struct clock *clock,
    const struct broker_config *config, struct broker **ret, struct fault *fault);
/* Ends the loop when no run is live any more, or 2 s from now: when the whole stack is told to end
 * at once, the supervisor still ends its runs here and is told their numbers. A second call ends it
 * now. */
void broker_stop(struct broker *broker);
/* Ends all runs and frees. NULLs the caller's pointer; accepts NULL. */
void broker_free(struct broker **broker);

/* Milliseconds since from_ns (broker->clock's monotonic time). */
uint64_t broker_elapsed_ms(const struct broker *broker, uint64_t from_ns);

#endif
