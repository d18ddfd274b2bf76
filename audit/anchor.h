/* anchor.h - the last acknowledged checkpoint, kept outside the segments.
 *
 * Written after the group is durable and before anyone is told, in place, to the older of two slots
 * in blocks of their own. It is not synced with every commit; a third slot is, when the log is
 * opened and closed and when a segment is full, so that one slot is always whole. The guarantee is:
 *   - the writer ended, was killed or crashed: the anchor is exactly the last acknowledged commit;
 *   - the machine lost power: it may be as old as the kernel's write-back (30 s by default), never
 *     newer than the log;
 *   - whoever can restore an old copy of the whole folder restores the anchor too. Against that
 *     only a witness or a copy of the checkpoint elsewhere helps. */
#ifndef AUDIT_ANCHOR_H
#define AUDIT_ANCHOR_H

#include "audit/checkpoint.h"
#include "audit/files.h"

#define ANCHOR_NAME "anchor"

enum anchor_state {
	ANCHOR_UNREADABLE = 0, /* the file is there and no slot holds a checkpoint of this key */
	ANCHOR_NONE,
	ANCHOR_READ,
};

/* The newest of the slots. Trust: the file may hold anything. */
enum anchor_state anchor_read(
    const struct audit_files *files, const struct note_key *key, struct checkpoint *ret);
/* Creates the file with this note in every slot, durably. -errno. */
MUST_USE int anchor_create(const struct audit_files *files, const char *note, size_t length);

/* An open anchor. Zeroed: closed. */
struct anchor {
	const struct audit_files *files;
	int handle;
	unsigned slot;             /* the next to write */
	char note[CHECKPOINT_MAX]; /* the last that was written, zeros behind it */
};

/* Opens for writing; newest is what anchor_read found. -errno. */
MUST_USE int anchor_open(const struct audit_files *files, const struct note_key *key,
    const struct checkpoint *newest, struct anchor *ret);
MUST_USE int anchor_write(struct anchor *anchor, const char *note, size_t length);
/* Makes the last note durable in the slot of its own. */
MUST_USE int anchor_sync(struct anchor *anchor);
void anchor_close(struct anchor *anchor);

#endif
