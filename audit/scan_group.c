#include "audit/scan_private.h"

#include <inttypes.h>

#include "audit/commit.h"

/* A wrong record: the place is the frame's. */
static bool
wrong(struct audit_scan *scan, const struct frame *frame, enum audit_verdict_code code,
    const char *why)
{
	(void)scan_stop(scan, code, scan->head.used + frame->offset, frame->index, "%s", why);
	return false;
}

static bool
check_record(struct audit_scan *scan, uint32_t place)
{
	const struct frame *frame = &scan->group.frames[place];
	struct audit_head *head = &scan->head;
	struct digest *leaf = &scan->leaves[place];
	struct audit_record record;
	struct fault fault;
	const char *key = record_parse(frame->body, frame->length, &record);

	if (key != NULL) {
		(void)scan_stop(scan, AUDIT_TAMPERED, head->used + frame->offset, frame->index,
		    "the record is not of version %d: %s", RECORD_VERSION, key);
		return false;
	}
	if (record.index != frame->index)
		return wrong(scan, frame, AUDIT_TAMPERED, "the record has another index");
	if (strcmp(record.origin, scan->key->name) != 0)
		return wrong(scan, frame, AUDIT_TAMPERED, "the record is of another log");
	if (!digest_equal(&record.prev_leaf, &head->last_leaf))
		return wrong(
		    scan, frame, AUDIT_TAMPERED, "the record does not follow the one before it");
	*leaf = merkle_leaf(frame->body, frame->length);
	if (runs_apply(scan->runs, &record, leaf, &fault) != ERR_OK)
		return wrong(scan, frame,
		    fault.code == ERR_PROTOCOL ? AUDIT_TAMPERED : AUDIT_UNREADABLE, fault.message);
	head->last_leaf = *leaf;
	head->chain = merkle_chain(&head->chain, leaf);
	merkle_append(&head->tree, leaf);
	return true;
}

static bool
check_signature(struct audit_scan *scan, const struct frame *frame, const struct commit *commit)
{
	static const struct {
		enum audit_verdict_code code;
		const char *why;
	} results[] = {
	    [NOTE_MALFORMED] = {AUDIT_TAMPERED, "the commit holds no checkpoint of this log"},
	    [NOTE_UNSIGNED] = {AUDIT_UNSIGNED, "the commit's checkpoint is not signed"},
	    [NOTE_UNKNOWN_KEY] = {AUDIT_UNKNOWN_KEY,
		"the commit's checkpoint is signed by another key"},
	    [NOTE_FORGED] = {AUDIT_TAMPERED, "the signature of the commit does not fit"},
	};
	struct digest root = merkle_root(&scan->head.tree);
	struct checkpoint claimed;
	enum note_result r =
	    checkpoint_verify(scan->key, commit->note, commit->note_length, &claimed);

	if (r != NOTE_VALID)
		return wrong(scan, frame, results[r].code, results[r].why);
	if (claimed.size != scan->head.tree.size)
		return wrong(scan, frame, AUDIT_TAMPERED, "the commit signs another size");
	if (!digest_equal(&claimed.root, &root))
		return wrong(scan, frame, AUDIT_TAMPERED, "the commit signs another root");
	scan->verdict.root = root;
	return true;
}

/* Two checkpoints of one size must not differ, wherever they are kept. */
static bool
check_anchor(struct audit_scan *scan, const struct frame *frame)
{
	if (scan->anchor_state != ANCHOR_READ || scan->anchor.size != scan->head.tree.size)
		return true;
	if (!digest_equal(&scan->anchor.root, &scan->verdict.root))
		return wrong(scan, frame, AUDIT_TAMPERED,
		    "the anchor holds another signed root of this size");
	scan->anchor_seen = true;
	return true;
}

bool
scan_check_group(struct audit_scan *scan)
{
	const struct group *group = &scan->group;
	const struct frame *frame = &group->frames[group->count];
	struct commit commit;

	for (uint32_t i = 0; i < group->count; i++)
		if (!check_record(scan, i))
			return false;
	if (!commit_parse(frame->body, frame->length, &commit))
		return wrong(scan, frame, AUDIT_TAMPERED, "the commit has an impossible length");
	if (commit.previous_size != scan->head.size)
		return wrong(scan, frame, AUDIT_TAMPERED, "the commit follows another size");
	if (!digest_equal(&commit.chain, &scan->head.chain))
		return wrong(
		    scan, frame, AUDIT_TAMPERED, "the commit holds another head of the chain");
	if (!check_signature(scan, frame, &commit) || !check_anchor(scan, frame))
		return false;
	memcpy(scan->note, commit.note, commit.note_length);
	scan->note_length = commit.note_length;
	scan->head.size = scan->head.tree.size;
	scan->group_at = scan->head.used;
	scan->head.used += group->bytes;
	scan->given = 0;
	scan->verdict.groups++;
	scan->verdict.size = scan->head.size;
	scan->verdict.chain = scan->head.chain;
	return true;
}
