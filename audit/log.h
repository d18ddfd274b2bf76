/* log.h - one workspace's log, open for writing.
 *
 * Records are queued, framed into a group with one signed commit, and written by one durable write;
 * only then is anybody told. Invariant: what was acknowledged is on the disk, below the anchor, and
 * survives any crash with the same index and the same bytes. When that cannot be kept, every append
 * is refused with ERR_AUDIT_UNAVAILABLE. */
#ifndef AUDIT_LOG_H
#define AUDIT_LOG_H

#include "audit/scan.h"
#include "audit/writer.h"
#include "common/clock.h"

struct audit_log;

#define AUDIT_ORIGIN_PREFIX "praxa/" /* and the workspace: origin and key name of its log */

/* Who asked; opaque to the log. */
struct audit_ticket {
	uint64_t peer, serial;
};

/* How an append ended. */
struct audit_done {
	const struct fault *fault; /* NULL: the record is durable */
	const char *event;         /* ae_… */
	uint64_t index, realtime_ms;
};

struct audit_log_options {
	const char *workspace;
	const struct audit_files *files;
	struct audit_writer *writer;
	const struct clock *clock;
	uint64_t segment_bytes; /* of new segments: a multiple of AUDIT_BLOCK */
	uint8_t boot_id[BOOT_ID_BYTES];
	/* Called once for every append that was queued, from audit_log_turn or _drain, in order. */
	void (*done)(void *context, const struct audit_ticket *ticket, const struct audit_done *d);
	void *context;
};

/* Opens, recovers, and appends log.recovered where something was repaired and log.opened, both
 * durable when it returns. Borrows everything in options until audit_log_close.
 *
 * A torn last group, which was never acknowledged, is kept in a .torn file and zeroed. Anything
 * else that does not verify is ERR_AUDIT_UNAVAILABLE with the verdict, the segment, the offset and
 * the index; nothing is changed then. Blocks: reads the whole log. */
MUST_USE enum err audit_log_open(
    const struct audit_log_options *options, struct audit_log **ret, struct fault *fault);
/* Refuses what still waits, syncs the anchor. Accepts NULL and NULLs the caller's pointer. */
void audit_log_close(struct audit_log **log);

/* Queues a record. The caller sets kind to body; the log fills in all else. ERR_OK: done will be
 * called. Other: the record is refused now and nothing has changed. */
MUST_USE enum err audit_log_append(struct audit_log *log, const struct audit_record *record,
    const struct audit_ticket *ticket, struct fault *fault);
/* Queues peer.refused, a record of the log's own that nobody waits for. */
MUST_USE enum err audit_log_append_refused(struct audit_log *log, const char *peer, uint32_t uid,
    const struct fault *why, struct fault *fault);
/* Ends the group in flight if it is durable, begins the next if records wait. Does not wait for the
 * disk where the writer has a descriptor. */
void audit_log_turn(struct audit_log *log);
/* Waits until nothing is queued. */
void audit_log_drain(struct audit_log *log);
/* True while a group is in flight or records wait. */
bool audit_log_is_busy(const struct audit_log *log);
/* One step (at most a group's length of zeros) towards the reserve segment. True: more to do. */
bool audit_log_prepare(struct audit_log *log);

/* Durable records. */
uint64_t audit_log_size(const struct audit_log *log);
const struct runs *audit_log_runs(const struct audit_log *log);
const struct note_key *audit_log_key(const struct audit_log *log);
/* Why the log refuses everything; NULL: it does not. */
const struct fault *audit_log_failure(const struct audit_log *log);

#endif
