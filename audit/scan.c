#include "audit/scan_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum err
audit_scan_new(const struct audit_files *files, const struct note_key *key, struct audit_scan **ret,
    struct fault *fault)
{
	struct audit_scan *scan = calloc(1, sizeof(*scan));

	if (scan == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	scan->files = files;
	scan->key = key;
	scan->handle = -1;
	scan->origin = digest_of(key->name, strlen(key->name));
	scan->window = malloc(WINDOW_BYTES);
	scan->runs = runs_new();
	scan->verdict.root = merkle_root(&scan->head.tree);
	if (scan->window == NULL || scan->runs == NULL) {
		audit_scan_free(&scan);
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	}
	scan->anchor_state = anchor_read(files, key, &scan->anchor);
	*ret = scan;
	return ERR_OK;
}

/* The tree of start is the one that its checkpoint signs. */
static bool
is_signed(const struct note_key *key, const struct audit_scan_start *start)
{
	struct digest root = merkle_root(&start->head.tree);
	struct checkpoint claimed;

	return start->note_length < CHECKPOINT_MAX &&
	       checkpoint_verify(key, start->note, start->note_length, &claimed) == NOTE_VALID &&
	       claimed.size == start->head.size && claimed.size == start->head.tree.size &&
	       digest_equal(&claimed.root, &root);
}

enum err
audit_scan_resume(const struct audit_files *files, const struct note_key *key,
    struct audit_scan_start *start, struct audit_scan **ret, struct fault *fault)
{
	struct audit_scan *scan = NULL;
	enum err r;

	if (!is_signed(key, start))
		return fault_set(
		    fault, ERR_PROTOCOL, "its checkpoint does not sign what was read before");
	r = audit_scan_new(files, key, &scan, fault);
	if (r != ERR_OK)
		return r;
	scan->head = start->head;
	memcpy(scan->note, start->note, start->note_length);
	scan->note_length = start->note_length;
	scan->verdict.size = start->head.size;
	scan->verdict.root = merkle_root(&start->head.tree);
	/* An anchor may be older than the log, and was compared when its size went by. */
	scan->anchor_seen =
	    scan->anchor_state == ANCHOR_READ && scan->anchor.size <= start->head.size;
	if (!scan_list(scan) || !scan_reenter(scan)) {
		audit_scan_free(&scan);
		return fault_set(fault, ERR_NOT_FOUND, "the log has no such place any more");
	}
	runs_free(&scan->runs);
	scan->runs = TAKE(start->runs);
	*ret = scan;
	return ERR_OK;
}

void
audit_scan_free(struct audit_scan **scan)
{
	struct audit_scan *gone = *scan;

	*scan = NULL;
	if (gone == NULL)
		return;
	if (gone->handle >= 0)
		gone->files->ops->close(gone->files->state, gone->handle);
	runs_free(&gone->runs);
	free(gone->segments);
	free(gone->window);
	free(gone);
}

enum audit_scan_state
scan_stop(struct audit_scan *scan, enum audit_verdict_code code, uint64_t offset, uint64_t index,
    const char *format, ...)
{
	struct audit_verdict *verdict = &scan->verdict;
	char raw[sizeof(verdict->why)];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text_copy(verdict->why, sizeof(verdict->why), raw);
	verdict->code = code;
	verdict->place.offset = offset;
	verdict->place.index = index;
	verdict->place.segment[0] = '\0';
	if (scan->handle >= 0)
		segment_name(verdict->place.segment, scan->head.segment.first_index);
	scan->stopped = true;
	return SCAN_FAULT;
}

static enum audit_scan_state
hand_out(struct audit_scan *scan, struct audit_scan_record *ret)
{
	const struct frame *frame = &scan->group.frames[scan->given];

	/* It was parsed before, by scan_check_group. */
	if (record_parse(frame->body, frame->length, &ret->record) != NULL)
		return scan_stop(scan, AUDIT_UNREADABLE, scan->group_at + frame->offset,
		    frame->index, "the record changed while it was read");
	ret->leaf = frame->body;
	ret->leaf_length = frame->length;
	ret->leaf_hash = scan->leaves[scan->given++];
	segment_name(ret->place.segment, scan->head.segment.first_index);
	ret->place.offset = scan->group_at + frame->offset;
	ret->place.index = frame->index;
	return SCAN_RECORD;
}

/* The bytes at the head are no group. The folder may have a successor by now that says why. */
static enum audit_scan_state
at_end(struct audit_scan *scan, enum group_state state)
{
	const struct audit_head *head = &scan->head;
	bool linked = scan->successor.predecessor_id == head->segment.id;

	scan_forget(scan);
	if (!scan->has_successor) {
		if (state == GROUP_NONE)
			return SCAN_END;
		return scan_judge_tail(scan, head->used + scan->group.bad_offset,
		    scan->group.bad_index, scan->group.why);
	}
	if (!linked)
		return scan_stop(scan, AUDIT_MISSING_SEGMENT, head->used, head->size,
		    "the next segment does not follow this one");
	if (state == GROUP_NONE)
		return scan_stop(scan, AUDIT_TAMPERED, head->used, head->size,
		    "the segment ends before its successor says");
	return scan_stop(scan, AUDIT_TAMPERED, head->used + scan->group.bad_offset,
	    scan->group.bad_index, "%s", scan->group.why);
}

/* A segment may have been added while we read: its header says where the one in hand ends. */
static bool
look_for_successor(struct audit_scan *scan)
{
	return !scan->has_successor && scan_list(scan) && scan_read_successor(scan);
}

static bool
at_successor(const struct audit_scan *scan)
{
	return scan->has_successor && scan->successor.predecessor_id == scan->head.segment.id &&
	       scan->successor.predecessor_used == scan->head.used;
}

enum audit_scan_state
audit_scan_next(struct audit_scan *scan, struct audit_scan_record *ret)
{
	while (!scan->stopped) {
		const unsigned char *bytes;
		enum group_state state;
		size_t length;

		if (scan->given < scan->group.count)
			return hand_out(scan, ret);
		if (scan->handle < 0) {
			if (scan->segment_count == 0 && !scan_list(scan))
				return scan->stopped ? SCAN_FAULT : SCAN_END;
			if (!scan_enter(scan, 0))
				return SCAN_FAULT;
		}
		scan->given = scan->group.count = 0;
		if (at_successor(scan)) {
			if (!scan_leave(scan))
				return SCAN_FAULT;
			continue;
		}
		if (!scan_view(scan, scan->head.used, GROUP_BYTES_MAX, &bytes, &length))
			return SCAN_FAULT;
		if (length > GROUP_BYTES_MAX)
			length = GROUP_BYTES_MAX;
		state = group_parse(
		    bytes, length, scan->head.segment.id, scan->head.size, &scan->group);
		if (state == GROUP_WHOLE) {
			if (!scan_check_group(scan))
				return SCAN_FAULT;
			continue;
		}
		scan->group.count = 0;
		if (look_for_successor(scan))
			continue;
		return scan->stopped ? SCAN_FAULT : at_end(scan, state);
	}
	return SCAN_FAULT;
}

static enum audit_scan_state
finish_anchor(struct audit_scan *scan)
{
	struct audit_verdict *verdict = &scan->verdict;

	verdict->anchor_size = scan->anchor_state == ANCHOR_READ ? scan->anchor.size : 0;
	if (scan->anchor_state == ANCHOR_READ && scan->anchor.size > scan->head.size)
		return scan_stop(scan, AUDIT_ROLLED_BACK, scan->head.used, scan->head.size,
		    "the anchor knows %" PRIu64 " records", scan->anchor.size);
	if (scan->anchor_state == ANCHOR_READ && scan->anchor.size > 0 && !scan->anchor_seen)
		return scan_stop(scan, AUDIT_TAMPERED, scan->head.used, scan->anchor.size,
		    "no commit has the size that the anchor holds");
	verdict->anchored = scan->anchor_state == ANCHOR_READ;
	verdict->live_runs = runs_count(scan->runs);
	verdict->code = AUDIT_OK;
	return SCAN_END;
}

enum audit_scan_state
audit_scan_finish(struct audit_scan *scan)
{
	const struct audit_head *head = &scan->head;
	const unsigned char *bytes;
	size_t length;
	uint64_t at;

	if (scan->stopped)
		return SCAN_FAULT;
	if (!head->has_segment)
		return finish_anchor(scan);
	scan_forget(scan);
	if (!scan_skip_zeros(scan, head->used, &at))
		return SCAN_FAULT;
	if (at == head->segment.bytes)
		return finish_anchor(scan);
	/* A live log grew meanwhile: what stands there now is a group, or its first part. */
	scan_forget(scan);
	if (!scan_view(scan, head->used, GROUP_BYTES_MAX, &bytes, &length))
		return SCAN_FAULT;
	if (group_parse(bytes, length < GROUP_BYTES_MAX ? length : GROUP_BYTES_MAX,
		head->segment.id, head->size, &scan->group) == GROUP_WHOLE) {
		scan->group.count = 0;
		return SCAN_RECORD;
	}
	scan->group.count = 0;
	return scan_judge_tail(scan, at, head->size, "bytes behind the last group are not zero");
}

bool
audit_scan_retry(struct audit_scan *scan)
{
	if (!scan->stopped || scan->verdict.code != AUDIT_TORN_TAIL)
		return false;
	scan->stopped = false;
	scan->verdict.code = AUDIT_UNREADABLE;
	scan->verdict.why[0] = '\0';
	scan_forget(scan);
	return true;
}

const struct audit_verdict *
audit_scan_verdict(const struct audit_scan *scan)
{
	return &scan->verdict;
}

const char *
audit_scan_note(const struct audit_scan *scan, size_t *ret_length)
{
	*ret_length = scan->note_length;
	return scan->note;
}

void
audit_scan_head(const struct audit_scan *scan, struct audit_head *ret)
{
	*ret = scan->head;
}

const struct runs *
audit_scan_runs(const struct audit_scan *scan)
{
	return scan->runs;
}

struct runs *
audit_scan_take_runs(struct audit_scan *scan)
{
	return TAKE(scan->runs);
}
