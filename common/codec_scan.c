#include "common/codec_scan.h"

#include "common/utf8.h"

enum shape { SHAPE_BAD = 0, SHAPE_FIXED, SHAPE_STRING, SHAPE_BYTES, SHAPE_ARRAY, SHAPE_MAP };

/* A header: what it opens, how many bytes follow the first one that hold its length (or, of a fixed
 * one, its value), and the length where the first byte has it. */
struct head {
	enum shape shape;
	uint8_t bytes;
	uint32_t count;
};

/* Bytes 0xc0 to 0xdf; an absent row (0xc1 and the ext types) is SHAPE_BAD. */
static const struct head heads[32] = {
    [0xc0 - 0xc0] = {SHAPE_FIXED, 0, 0}, /* nil */
    [0xc2 - 0xc0] = {SHAPE_FIXED, 0, 0}, /* false */
    [0xc3 - 0xc0] = {SHAPE_FIXED, 0, 0}, /* true */
    [0xc4 - 0xc0] = {SHAPE_BYTES, 1, 0},
    [0xc5 - 0xc0] = {SHAPE_BYTES, 2, 0},
    [0xc6 - 0xc0] = {SHAPE_BYTES, 4, 0},
    [0xca - 0xc0] = {SHAPE_FIXED, 4, 0}, /* float */
    [0xcb - 0xc0] = {SHAPE_FIXED, 8, 0},
    [0xcc - 0xc0] = {SHAPE_FIXED, 1, 0}, /* unsigned */
    [0xcd - 0xc0] = {SHAPE_FIXED, 2, 0},
    [0xce - 0xc0] = {SHAPE_FIXED, 4, 0},
    [0xcf - 0xc0] = {SHAPE_FIXED, 8, 0},
    [0xd0 - 0xc0] = {SHAPE_FIXED, 1, 0}, /* signed */
    [0xd1 - 0xc0] = {SHAPE_FIXED, 2, 0},
    [0xd2 - 0xc0] = {SHAPE_FIXED, 4, 0},
    [0xd3 - 0xc0] = {SHAPE_FIXED, 8, 0},
    [0xd9 - 0xc0] = {SHAPE_STRING, 1, 0},
    [0xda - 0xc0] = {SHAPE_STRING, 2, 0},
    [0xdb - 0xc0] = {SHAPE_STRING, 4, 0},
    [0xdc - 0xc0] = {SHAPE_ARRAY, 2, 0},
    [0xdd - 0xc0] = {SHAPE_ARRAY, 4, 0},
    [0xde - 0xc0] = {SHAPE_MAP, 2, 0},
    [0xdf - 0xc0] = {SHAPE_MAP, 4, 0},
};

static struct head
head_of(unsigned char byte)
{
	if (byte < 0x80 || byte >= 0xe0)
		return (struct head){SHAPE_FIXED, 0, 0};
	if (byte < 0x90)
		return (struct head){SHAPE_MAP, 0, byte & 0x0f};
	if (byte < 0xa0)
		return (struct head){SHAPE_ARRAY, 0, byte & 0x0f};
	if (byte < 0xc0)
		return (struct head){SHAPE_STRING, 0, byte & 0x1f};
	return heads[byte - 0xc0];
}

static uint32_t
big_endian(const unsigned char *at, unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

static bool
wants_key(const struct codec_scan *scan)
{
	return scan->depth > 0 && scan->open[scan->depth - 1].is_map &&
	       scan->open[scan->depth - 1].left % 2 == 0;
}

/* One value is complete: so is every container of which it was the last. */
static void
complete(struct codec_scan *scan)
{
	while (scan->depth > 0) {
		if (--scan->open[scan->depth - 1].left > 0)
			return;
		scan->depth--;
	}
	scan->done = true;
}

static enum err
too_much(struct fault *fault, const char *what, uint32_t have, uint32_t limit)
{
	return fault_set(
	    fault, ERR_PROTOCOL, "MessagePack: %u %s; at most %u are allowed", have, what, limit);
}

static enum err
enter(struct codec_scan *scan, enum shape shape, uint32_t count, struct fault *fault)
{
	bool is_map = shape == SHAPE_MAP;
	uint32_t limit = is_map ? scan->limits->map : scan->limits->array;
	uint32_t values;

	if (count > limit)
		return too_much(
		    fault, is_map ? "pairs in a map" : "items in an array", count, limit);
	values = is_map ? 2 * count : count;
	if (values > scan->limits->items - scan->items)
		return too_much(fault, "values", scan->items + values, scan->limits->items);
	if (scan->depth == scan->limits->depth)
		return too_much(fault, "levels", scan->depth + 1, scan->limits->depth);
	scan->items += values;
	if (count == 0) {
		complete(scan);
		return ERR_OK;
	}
	scan->open[scan->depth].left = values;
	scan->open[scan->depth++].is_map = is_map;
	return ERR_OK;
}

/* Compares an announced length with what may be. head is its header's size. */
static enum err
check_length(const struct codec_scan *scan, enum shape shape, uint32_t head, uint32_t count,
    struct fault *fault)
{
	uint32_t limit = wants_key(scan) ? scan->limits->key : scan->limits->string;

	if (count > limit)
		return too_much(fault,
		    shape == SHAPE_STRING ? "bytes in a string" : "bytes in a binary", count,
		    limit);
	if (count > scan->limits->bytes - head - scan->at)
		return too_much(fault, "bytes", scan->at + head + count, scan->limits->bytes);
	return ERR_OK;
}

/* A string or binary: waits for its bytes only after its length passed. */
static enum err
take_text(struct codec_scan *scan, enum shape shape, uint32_t head, uint32_t count,
    const unsigned char *data, size_t length, bool *ret_more, struct fault *fault)
{
	enum err r = check_length(scan, shape, head, count, fault);

	if (r != ERR_OK)
		return r;
	if (length - scan->at - head < count) {
		*ret_more = true;
		return ERR_OK;
	}
	if (shape == SHAPE_STRING && !utf8_is_valid(data + scan->at + head, count))
		return fault_set(fault, ERR_PROTOCOL, "MessagePack: a string is not UTF-8");
	scan->at += head + count;
	complete(scan);
	return ERR_OK;
}

/* Takes one header with what belongs to it. *ret_more: its bytes are not all there yet. */
static enum err
take(struct codec_scan *scan, const unsigned char *data, size_t length, bool *ret_more,
    struct fault *fault)
{
	const unsigned char *at = data + scan->at;
	struct head head = head_of(*at);
	uint32_t size = 1u + head.bytes;

	if (head.shape == SHAPE_BAD)
		return fault_set(
		    fault, ERR_PROTOCOL, "MessagePack: type byte 0x%02x is not allowed", *at);
	if (head.shape != SHAPE_STRING && wants_key(scan))
		return fault_set(fault, ERR_PROTOCOL, "MessagePack: a map's key is not a string");
	if (size > scan->limits->bytes - scan->at)
		return too_much(fault, "bytes", scan->at + size, scan->limits->bytes);
	if (length - scan->at < size) {
		*ret_more = true;
		return ERR_OK;
	}
	if (head.shape == SHAPE_FIXED) {
		scan->at += size;
		complete(scan);
		return ERR_OK;
	}
	if (head.bytes > 0)
		head.count = big_endian(at + 1, head.bytes);
	if (head.shape == SHAPE_STRING || head.shape == SHAPE_BYTES)
		return take_text(scan, head.shape, size, head.count, data, length, ret_more, fault);
	scan->at += size;
	return enter(scan, head.shape, head.count, fault);
}

enum err
codec_scan(struct codec_scan *scan, const unsigned char *data, size_t length, struct fault *fault)
{
	bool more = false;

	while (!scan->done && !more && scan->at < length) {
		enum err r = take(scan, data, length, &more, fault);

		if (r != ERR_OK)
			return r;
	}
	return ERR_OK;
}
