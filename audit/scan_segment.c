#include "audit/scan_private.h"

#include <errno.h>
#include <inttypes.h>

#include "audit/zero.h"

void
scan_forget(struct audit_scan *scan)
{
	scan->window_length = 0;
}

bool
scan_view(struct audit_scan *scan, uint64_t offset, size_t need, const unsigned char **ret,
    size_t *ret_length)
{
	uint64_t end = scan->head.segment.bytes;
	uint64_t want = offset + need < end ? offset + need : end;
	const struct audit_files *files = scan->files;

	if (scan->window_length == 0 || offset < scan->window_at ||
	    want > scan->window_at + scan->window_length) {
		uint64_t left = end > offset ? end - offset : 0;
		size_t length = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
		ssize_t n =
		    files->ops->read(files->state, scan->handle, scan->window, length, offset);

		if (n < 0 || (size_t)n != length) {
			(void)scan_stop(scan, n < 0 ? AUDIT_UNREADABLE : AUDIT_TAMPERED, offset,
			    scan->head.size, "%s",
			    n < 0 ? strerror((int)-n) : "the file became shorter");
			return false;
		}
		scan->window_at = offset;
		scan->window_length = length;
	}
	*ret = scan->window + (offset - scan->window_at);
	*ret_length = (size_t)(scan->window_at + scan->window_length - offset);
	return true;
}

bool
scan_skip_zeros(struct audit_scan *scan, uint64_t offset, uint64_t *ret)
{
	while (offset < scan->head.segment.bytes) {
		const unsigned char *bytes;
		size_t length;

		if (!scan_view(scan, offset, WINDOW_BYTES, &bytes, &length))
			return false;
		if (!zero_is(bytes, length)) {
			offset += zero_span(bytes, length);
			break;
		}
		offset += length;
	}
	*ret = offset;
	return true;
}

static int
add_name(void *context, const char *name)
{
	struct audit_scan *scan = context;
	uint64_t first;

	if (!segment_name_parse(name, &first))
		return 0;
	if (scan->segment_count == scan->segment_room) {
		size_t room = scan->segment_room * 2 + 16;
		uint64_t *more = realloc(scan->segments, room * sizeof(*more));

		if (more == NULL)
			return -ENOMEM;
		scan->segments = more;
		scan->segment_room = room;
	}
	scan->segments[scan->segment_count++] = first;
	return 0;
}

static int
compare_index(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

bool
scan_list(struct audit_scan *scan)
{
	size_t before = scan->segment_count;
	int r;

	scan->segment_count = 0;
	r = scan->files->ops->list(scan->files->state, add_name, scan);
	if (r < 0) {
		(void)scan_stop(scan, AUDIT_UNREADABLE, 0, scan->head.size,
		    "the folder cannot be listed: %s", strerror(-r));
		return false;
	}
	if (scan->segment_count > 1)
		qsort(scan->segments, scan->segment_count, sizeof(*scan->segments), compare_index);
	return scan->segment_count > before;
}

/* Opens a segment and reads its header. The handle, or -1: stopped, with the segment as place. */
static int
open_segment(struct audit_scan *scan, size_t at, struct segment_header *ret)
{
	const struct audit_files *files = scan->files;
	unsigned char block[AUDIT_BLOCK];
	char name[SEGMENT_NAME_MAX];
	const char *why = NULL;
	int64_t size = -EIO;
	ssize_t n = -EIO;
	int handle;

	segment_name(name, scan->segments[at]);
	handle = files->ops->open(files->state, name, AUDIT_FILE_READ);
	if (handle >= 0) {
		n = files->ops->read(files->state, handle, block, sizeof(block), 0);
		size = files->ops->size(files->state, handle);
	}
	if (handle < 0 || n < 0 || size < 0)
		why = "the segment cannot be read";
	else if (n != sizeof(block))
		why = "the segment is shorter than its header";
	else
		why = segment_header_parse(block, ret);
	if (why == NULL && (uint64_t)size != ret->bytes)
		why = "the segment has another length than its header says";
	if (why == NULL && ret->first_index != scan->segments[at])
		why = "the segment is named after another index than its header's";
	if (why == NULL && !digest_equal(&ret->origin, &scan->origin))
		why = "the segment is of another log";
	if (why == NULL)
		return handle;
	(void)scan_stop(scan, n < 0 || size < 0 ? AUDIT_UNREADABLE : AUDIT_TAMPERED, 0,
	    scan->segments[at], "%s", why);
	memcpy(scan->verdict.place.segment, name, sizeof(name));
	if (handle >= 0)
		files->ops->close(files->state, handle);
	return -1;
}

bool
scan_read_successor(struct audit_scan *scan)
{
	int handle;

	scan->has_successor = false;
	if (scan->at + 1 >= scan->segment_count)
		return true;
	handle = open_segment(scan, scan->at + 1, &scan->successor);
	if (handle < 0)
		return false;
	scan->files->ops->close(scan->files->state, handle);
	scan->has_successor = true;
	return true;
}

/* How the header of the segment in hand disagrees with what was read before it; NULL: it does not.
 */
static const char *
disagreement(const struct audit_head *before, const struct segment_header *header)
{
	uint64_t id = before->has_segment ? before->segment.id : 0;
	uint64_t used = before->has_segment ? before->used : 0;

	if (header->predecessor_id != id || header->predecessor_used != used)
		return "the segment follows another one than the one before it";
	if (!digest_equal(&header->chain, &before->chain))
		return "the segment goes on from another head of the chain";
	return NULL;
}

bool
scan_enter(struct audit_scan *scan, size_t at)
{
	struct segment_header header;
	const char *why;
	int handle;

	if (scan->segments[at] > scan->head.size) {
		(void)scan_stop(scan, AUDIT_MISSING_SEGMENT, 0, scan->head.size,
		    "the next segment starts with record %" PRIu64, scan->segments[at]);
		segment_name(scan->verdict.place.segment, scan->head.size);
		return false;
	}
	handle = open_segment(scan, at, &header);
	if (handle < 0)
		return false;
	why = header.first_index != scan->head.size
		  ? "the segment starts with a record that came before"
		  : disagreement(&scan->head, &header);
	if (scan->handle >= 0)
		scan->files->ops->close(scan->files->state, scan->handle);
	scan->handle = handle;
	scan->at = at;
	scan->head.has_segment = true;
	scan->head.segment = header;
	scan->head.used = AUDIT_BLOCK;
	scan->verdict.segments++;
	scan_forget(scan);
	if (why != NULL) {
		(void)scan_stop(scan, AUDIT_TAMPERED, 0, scan->head.size, "%s", why);
		return false;
	}
	return scan_read_successor(scan);
}

bool
scan_reenter(struct audit_scan *scan)
{
	struct segment_header header;
	size_t at = 0;

	while (at < scan->segment_count && scan->segments[at] != scan->head.segment.first_index)
		at++;
	if (at == scan->segment_count)
		return false;
	scan->handle = open_segment(scan, at, &header);
	if (scan->handle < 0 || header.id != scan->head.segment.id ||
	    header.bytes != scan->head.segment.bytes || scan->head.used > header.bytes)
		return false;
	scan->at = at;
	scan->head.segment = header;
	scan->verdict.segments = at + 1;
	return scan_read_successor(scan);
}

bool
scan_leave(struct audit_scan *scan)
{
	bool failed = (scan->successor.flags & SEGMENT_AFTER_FAILURE) != 0;
	uint64_t end = scan->head.segment.bytes, used = scan->head.used, at;

	/* A write that failed may have left anything, but no more than one group. */
	uint64_t allowed = failed && end - used > GROUP_BYTES_MAX ? used + GROUP_BYTES_MAX
			   : failed                               ? end
								  : used;

	if (!scan_skip_zeros(scan, allowed, &at))
		return false;
	if (at < end) {
		(void)scan_stop(scan, AUDIT_TAMPERED, at, scan->head.size,
		    "bytes behind the end of the segment are not zero");
		return false;
	}
	scan->verdict.abandoned += allowed - used;
	return scan_enter(scan, scan->at + 1);
}

enum audit_scan_state
scan_judge_tail(struct audit_scan *scan, uint64_t offset, uint64_t index, const char *why)
{
	uint64_t used = scan->head.used, end = scan->head.segment.bytes, beyond;

	/* The log is written one group at a time: whatever a tear left lies within one group, and
	 * no group can have been written after it. */
	for (uint64_t at = used + AUDIT_BLOCK; at < end; at += AUDIT_BLOCK) {
		const unsigned char *bytes;
		size_t length;

		if (!scan_view(
			scan, at, FRAME_HEAD + FRAME_BODY_MAX + FRAME_ALIGN, &bytes, &length))
			return SCAN_FAULT;
		if (!zero_is(bytes, FRAME_HEAD) &&
		    group_starts_at(bytes, length, scan->head.segment.id))
			return scan_stop(scan, AUDIT_TAMPERED, offset, index,
			    "%s, and a later group stands at offset %" PRIu64, why, at);
	}
	if (end - used > GROUP_BYTES_MAX) {
		if (!scan_skip_zeros(scan, used + GROUP_BYTES_MAX, &beyond))
			return SCAN_FAULT;
		if (beyond < end)
			return scan_stop(scan, AUDIT_TAMPERED, beyond, index,
			    "bytes behind the end of the log are not zero");
	}
	if (scan->anchor_state == ANCHOR_READ && scan->anchor.size > scan->head.size)
		return scan_stop(scan, AUDIT_TAMPERED, offset, index,
		    "%s, and the anchor knows that this was acknowledged", why);
	return scan_stop(scan, AUDIT_TORN_TAIL, offset, index, "%s", why);
}
