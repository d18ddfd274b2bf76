/* recorder.h - the client of the audit channel, for every process that records.
 *
 * Keeps one connection to praxa-auditd, connects again when it is lost, and answers each append
 * exactly once: acknowledged (durable) or refused. Invariant: an append that was never acknowledged
 * is answered with AuditUnavailableError, so "no record, no action" needs no case of its own; a
 * writer that hangs is one that went away. */
#ifndef COMMON_RECORDER_H
#define COMMON_RECORDER_H

#include "common/peer.h"

struct recorder;

enum {
	RECORDER_PENDING_MAX =
	    4096, /* appends without an answer; bounds memory under a stalled log */
	/* Answers are a disk's flush apart. A disk that takes longer is as good as none: who waits
	 * for a record is better told so than held. */
	RECORDER_ANSWER_MS = 10 * 1000,
};

/* The answer to one append. code ERR_OK: durable, event, index and realtime_ms are set. */
struct recorder_answer {
	enum err code;
	struct fault fault;
	char event[ID_MAX];
	uint64_t index, realtime_ms;
};

typedef void recorder_answered(void *context, const struct recorder_answer *answer);

struct recorder_handlers {
	void (*ready)(void *context); /* auditd takes appends; after each connect */
	void (*lost)(void *context);  /* the connection is gone; pending appends were answered */
	/* A run that the log has as admitted and not ended; NULL for brokers. Before ready; its end
	 * can already be appended. */
	void (*open_run)(void *context, const struct wire_audit_open_run *run);
};

/* Connects to the socket at path (copied) as self, now or as soon as it can be. Never blocks. When
 * appends wait and none was answered for answer_ms, the connection is given up. NULL: out of
 * memory. */
struct recorder *recorder_new(struct event_base *base, const char *path, enum wire_role self,
    unsigned answer_ms, const struct recorder_handlers *handlers, void *context);
/* NULLs the caller's pointer; accepts NULL. Pending appends are not answered any more. */
void recorder_free(struct recorder **recorder);
bool recorder_is_ready(const struct recorder *recorder);

/* Sends one event; body is msgpack of at most WIRE_EXTRA_MAX bytes. On ERR_OK answered (may be
 * NULL: nobody waits) is called later, exactly once; on any other return it is not called:
 * ERR_AUDIT_UNAVAILABLE, ERR_LIMIT. */
MUST_USE enum err recorder_append(struct recorder *recorder, const struct wire_audit_append *event,
    const void *body, size_t body_length, recorder_answered *answered, void *context,
    struct fault *fault);

#endif
