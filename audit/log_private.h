/* log_private.h - the parts of a log; for audit/log*.c only. */
#ifndef AUDIT_LOG_PRIVATE_H
#define AUDIT_LOG_PRIVATE_H

#include "audit/commit.h"
#include "audit/keys.h"
#include "audit/log.h"

/* One record on its way to the disk. */
struct entry {
	struct entry *next;
	struct audit_ticket ticket;
	bool own; /* the log's own record: nobody waits for it */
	char id[ID_MAX];
	uint64_t index, realtime_ms;
	struct digest leaf_hash;
	unsigned char *leaf;
	size_t length;
};

struct entry_list {
	struct entry *first, **last;
	size_t count;
	size_t bytes; /* at worst: each entry as a group of its own */
};

/* The segment that is prepared ahead. */
struct spare {
	int handle; /* -1: none is begun */
	uint64_t filled, bytes;
	bool ready;
};

/* What happened to a part of the log that was never acknowledged. */
struct log_loss {
	const char *cause;
	char segment[SEGMENT_NAME_MAX];
	uint64_t offset, bytes;
	struct digest digest; /* of the bytes that were kept */
	char kept[64];        /* file that holds them; "": none */
	uint64_t place, of;   /* one record for each index that may have been signed before */
};

struct audit_log {
	struct audit_log_options options;
	char origin[NOTE_NAME_MAX];
	struct note_signer *signer;
	struct anchor anchor;

	struct audit_head head; /* durable */
	/* What the next record follows: ahead of head by what is queued. */
	uint64_t next_index;
	struct digest last_leaf;
	struct runs *runs;

	struct spare spare;
	uint64_t full_until_ns; /* the disk had no room for a spare: not tried again before */
	struct entry_list waiting, flying;
	/* Of the group in flight. */
	struct audit_head next;
	char note[CHECKPOINT_MAX];
	size_t note_length, group_bytes;
	bool retried;

	struct fault failure; /* code ERR_OK: none */

	/* From opening to its first group. */
	struct log_loss loss; /* of 0: nothing was lost */
	uint64_t signed_size; /* largest size signed in bytes that were not acknowledged */
};

/* What an entry takes at worst: its frame, a commit, the padding. */
size_t log_entry_bytes(const struct entry *entry);
void log_list_init(struct entry_list *list);

/* Makes the log refuse everything from now on, what waits included. */
void log_fail(struct audit_log *log, const char *what, int error);

/* Room for one group in a segment of this size. */
uint64_t log_group_room(uint64_t segment_bytes);
/* Completes the spare now. -errno: there is no room; nothing has changed. */
MUST_USE int log_spare_finish(struct audit_log *log);
/* Makes the spare the segment in use, behind the head. failed: the write before it failed. Needs a
 * ready spare. -errno. */
MUST_USE int log_spare_use(struct audit_log *log, bool failed);
void log_spare_drop(struct audit_log *log);

/* Append records of the log's own, durable after the next drain. */
MUST_USE enum err log_append_opened(struct audit_log *log, struct fault *fault);

MUST_USE enum err log_append_recovered(
    struct audit_log *log, const struct log_loss *loss, struct fault *fault);

#endif
