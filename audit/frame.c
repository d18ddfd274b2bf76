#include "audit/frame.h"

#include "audit/bytes.h"
#include "audit/zero.h"

enum { CRC_AT = 4, TYPE_AT = 8, VERSION_AT = 9, FLAGS_AT = 10, INDEX_AT = 12 };

size_t
frame_size(size_t body)
{
	return (FRAME_HEAD + body + FRAME_ALIGN - 1) / FRAME_ALIGN * FRAME_ALIGN;
}

static uint32_t
frame_crc(const unsigned char *frame, uint32_t length, uint64_t segment_id)
{
	unsigned char seed[12];
	uint32_t crc;

	put_u64(seed, segment_id);
	put_u32(seed + 8, length);
	crc = frame_crc32c(0, seed, sizeof(seed));
	return frame_crc32c(crc, frame + TYPE_AT, FRAME_HEAD - TYPE_AT + (size_t)length);
}

size_t
frame_put(unsigned char *to, uint64_t segment_id, const struct frame *frame)
{
	size_t size = frame_size(frame->length);

	memset(to + size - FRAME_ALIGN, 0, FRAME_ALIGN);
	put_u32(to, frame->length);
	to[TYPE_AT] = frame->type;
	to[VERSION_AT] = FRAME_VERSION;
	put_u16(to + FLAGS_AT, frame->flags);
	put_u64(to + INDEX_AT, frame->index);
	if (frame->length > 0)
		memcpy(to + FRAME_HEAD, frame->body, frame->length);
	put_u32(to + CRC_AT, frame_crc(to, frame->length, segment_id));
	return size;
}

const char *
frame_parse(const unsigned char *bytes, size_t length, uint64_t segment_id, struct frame *ret)
{
	size_t size;

	if (length < FRAME_HEAD)
		return "a frame runs over the end";
	*ret = (struct frame){.type = bytes[TYPE_AT],
	    .flags = get_u16(bytes + FLAGS_AT),
	    .index = get_u64(bytes + INDEX_AT),
	    .body = bytes + FRAME_HEAD,
	    .length = get_u32(bytes)};
	if (ret->length > FRAME_BODY_MAX)
		return "a frame is longer than any frame";
	size = frame_size(ret->length);
	if (size > length)
		return "a frame runs over the end";
	if (get_u32(bytes + CRC_AT) != frame_crc(bytes, ret->length, segment_id))
		return "the checksum of a frame does not fit";
	if (!zero_is(bytes + FRAME_HEAD + ret->length, size - FRAME_HEAD - ret->length))
		return "the padding of a frame is not zero";
	if (bytes[VERSION_AT] != FRAME_VERSION)
		return "a frame has an unknown version";
	if (ret->type != FRAME_EVENT && ret->type != FRAME_COMMIT)
		return "a frame has an unknown type";
	return NULL;
}

static enum group_state
bad(struct group *group, size_t offset, uint64_t index, const char *why)
{
	group->bad_offset = (uint32_t)offset;
	group->bad_index = index;
	group->why = why;
	return GROUP_BAD;
}

/* What a frame must be at this place of its group; NULL: it is. */
static const char *
misplaced(const struct frame *frame, uint32_t place, uint64_t index, bool commit)
{
	if (frame->index != index)
		return "a frame has another index than its place";
	if (frame->flags != (place == 0 ? FRAME_FIRST : 0))
		return "a frame has flags that do not fit its place";
	if (frame->type == FRAME_COMMIT && place == 0)
		return "a commit has no records";
	if ((frame->type == FRAME_COMMIT) != commit)
		return "a frame of another type stands here";
	if (frame->type == FRAME_EVENT && place == GROUP_RECORDS_MAX)
		return "a group has too many records";
	return NULL;
}

size_t
group_commit_at(size_t end)
{
	return (end + AUDIT_SECTOR - 1) / AUDIT_SECTOR * AUDIT_SECTOR;
}

/* True when the next frame, to which *at moves, has to be the commit: only zeros stand before its
 * sector, or *at is at a sector and the frame there says so. */
static bool
before_commit(const unsigned char *bytes, size_t length, size_t *at)
{
	size_t sector = group_commit_at(*at);

	if (sector + FRAME_HEAD > length)
		return false;
	if (sector == *at)
		return bytes[sector + TYPE_AT] == FRAME_COMMIT;
	if (!zero_is(bytes + *at, sector - *at))
		return false;
	*at = sector;
	return true;
}

enum group_state
group_parse(const unsigned char *bytes, size_t length, uint64_t segment_id, uint64_t index,
    struct group *ret)
{
	size_t at = 0;

	ret->count = 0;
	if (length < FRAME_HEAD || zero_is(bytes, FRAME_HEAD))
		return GROUP_NONE;
	for (uint32_t place = 0;; place++) {
		struct frame *frame = &ret->frames[place];
		bool commit = place > 0 && before_commit(bytes, length, &at);
		const char *why = frame_parse(bytes + at, length - at, segment_id, frame);

		if (why == NULL)
			why = misplaced(frame, place, index + place, commit);
		if (why != NULL)
			return bad(ret, at, index + place, why);
		frame->offset = (uint32_t)at;
		at += frame_size(frame->length);
		if (frame->type == FRAME_COMMIT)
			break;
		ret->count++;
	}
	ret->bytes = (uint32_t)((at + AUDIT_BLOCK - 1) / AUDIT_BLOCK * AUDIT_BLOCK);
	if (ret->bytes > length)
		return bad(ret, at, index + ret->count, "a group runs over the end");
	if (!zero_is(bytes + at, ret->bytes - at))
		return bad(ret, at + zero_span(bytes + at, ret->bytes - at), index + ret->count,
		    "the padding of a group is not zero");
	return GROUP_WHOLE;
}

bool
group_starts_at(const unsigned char *bytes, size_t length, uint64_t segment_id)
{
	struct frame frame;

	return frame_parse(bytes, length, segment_id, &frame) == NULL &&
	       (frame.flags & FRAME_FIRST) != 0;
}
