#include "audit/body.h"

#include <math.h>
#include <msgpack/unpack.h>
#include <msgpack/zone.h>

#include "common/utf8.h"

static enum err
malformed(struct fault *fault, const char *what)
{
	return fault_set(
	    fault, ERR_PROTOCOL, "the body is not MessagePack that we write: %s", what);
}

/* What one tag announces: bytes of its number, bytes of data, objects inside. */
struct shape {
	size_t head;
	uint64_t data, children;
	bool known;
};

static uint64_t
big_endian(const unsigned char *p, size_t width)
{
	uint64_t value = 0;

	for (size_t i = 0; i < width; i++)
		value = value << 8 | p[i];
	return value;
}

/* Tags with a length or a fixed size behind them (github.com/msgpack/msgpack/blob/master/spec.md);
 * extension types have no row: we never write them. */
static const struct {
	unsigned char head; /* bytes of length behind the tag */
	unsigned char data; /* fixed bytes of data */
	unsigned char per;  /* objects for each unit of length; 0: the length is in bytes */
	bool known;
} tags[32] = {
    [0xc0 - 0xc0] = {0, 0, 0, true}, /* nil */
    [0xc2 - 0xc0] = {0, 0, 0, true}, /* false */
    [0xc3 - 0xc0] = {0, 0, 0, true}, /* true */
    [0xc4 - 0xc0] = {1, 0, 0, true}, /* bin */
    [0xc5 - 0xc0] = {2, 0, 0, true},
    [0xc6 - 0xc0] = {4, 0, 0, true},
    [0xca - 0xc0] = {0, 4, 0, true}, /* float */
    [0xcb - 0xc0] = {0, 8, 0, true},
    [0xcc - 0xc0] = {0, 1, 0, true}, /* unsigned */
    [0xcd - 0xc0] = {0, 2, 0, true},
    [0xce - 0xc0] = {0, 4, 0, true},
    [0xcf - 0xc0] = {0, 8, 0, true},
    [0xd0 - 0xc0] = {0, 1, 0, true}, /* signed */
    [0xd1 - 0xc0] = {0, 2, 0, true},
    [0xd2 - 0xc0] = {0, 4, 0, true},
    [0xd3 - 0xc0] = {0, 8, 0, true},
    [0xd9 - 0xc0] = {1, 0, 0, true}, /* str */
    [0xda - 0xc0] = {2, 0, 0, true},
    [0xdb - 0xc0] = {4, 0, 0, true},
    [0xdc - 0xc0] = {2, 0, 1, true}, /* array */
    [0xdd - 0xc0] = {4, 0, 1, true},
    [0xde - 0xc0] = {2, 0, 2, true}, /* map */
    [0xdf - 0xc0] = {4, 0, 2, true},
};

static struct shape
shape_of(const unsigned char *p, size_t left)
{
	unsigned char tag = *p;
	struct shape shape = {.known = true};
	uint64_t length;

	if (tag <= 0x7f || tag >= 0xe0)
		return shape;
	if (tag <= 0x8f)
		shape.children = 2 * (uint64_t)(tag & 0x0f);
	else if (tag <= 0x9f)
		shape.children = tag & 0x0f;
	else if (tag <= 0xbf)
		shape.data = tag & 0x1f;
	if (tag <= 0xbf)
		return shape;
	shape.known = tags[tag - 0xc0].known && left > tags[tag - 0xc0].head;
	if (!shape.known)
		return shape;
	shape.head = tags[tag - 0xc0].head;
	length = big_endian(p + 1, shape.head);
	shape.data = tags[tag - 0xc0].data;
	if (tags[tag - 0xc0].per > 0)
		shape.children = length * tags[tag - 0xc0].per;
	else
		shape.data += length;
	return shape;
}

/* Walks the object without allocating: every count fits the bytes that follow. */
static enum err
check(const unsigned char *bytes, size_t length, struct fault *fault)
{
	uint64_t open[BODY_DEPTH_MAX] = {1}; /* objects still to come at each depth */
	int depth = 0;
	size_t at = 0;

	while (depth >= 0) {
		struct shape shape;

		if (open[depth] == 0) {
			depth--;
			continue;
		}
		if (at >= length)
			return malformed(fault, "it ends too early");
		shape = shape_of(bytes + at, length - at);
		if (!shape.known)
			return malformed(fault, "a type that we do not write");
		at += 1 + shape.head;
		if (shape.data > length - at || shape.children > length - at)
			return malformed(fault, "a length runs over the end");
		at += shape.data;
		open[depth]--;
		if (shape.children == 0)
			continue;
		if (++depth == BODY_DEPTH_MAX)
			return malformed(fault, "it is nested too deep");
		open[depth] = shape.children;
	}
	return at == length ? ERR_OK : malformed(fault, "something stands behind it");
}

static enum err convert(
    const msgpack_object *from, struct arena *arena, struct value *ret, struct fault *fault);

static enum err
arena_full(struct fault *fault)
{
	return fault_set(fault, ERR_LIMIT, "the body needs more memory than is allowed");
}

static enum err
convert_array(
    const msgpack_object *from, struct arena *arena, struct value *ret, struct fault *fault)
{
	uint32_t count = from->via.array.size;
	struct value *items = arena_array(arena, count, sizeof(*items));

	if (items == NULL && count > 0)
		return arena_full(fault);
	for (uint32_t i = 0; i < count; i++) {
		enum err r = convert(&from->via.array.ptr[i], arena, &items[i], fault);

		if (r != ERR_OK)
			return r;
	}
	*ret = (struct value){.type = VALUE_ARRAY, .length = count, .items = items};
	return ERR_OK;
}

static int
compare_keys(const void *a, const void *b)
{
	const struct value *x = *(const struct value *const *)a;
	const struct value *y = *(const struct value *const *)b;
	uint32_t length = x->length < y->length ? x->length : y->length;
	int r = length > 0 ? memcmp(x->string, y->string, length) : 0;

	return r != 0 ? r : (x->length > y->length) - (x->length < y->length);
}

/* Two readers of one map must not see two things. */
static enum err
check_keys(const struct value_pair *pairs, uint32_t count, struct arena *arena, struct fault *fault)
{
	const struct value **keys = arena_array(arena, count, sizeof(*keys));

	if (keys == NULL)
		return arena_full(fault);
	for (uint32_t i = 0; i < count; i++)
		keys[i] = &pairs[i].key;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (uint32_t i = 1; i < count; i++)
		if (compare_keys(&keys[i - 1], &keys[i]) == 0)
			return malformed(fault, "a key that comes twice");
	return ERR_OK;
}

static enum err
convert_map(const msgpack_object *from, struct arena *arena, struct value *ret, struct fault *fault)
{
	uint32_t count = from->via.map.size;
	struct value_pair *pairs = arena_array(arena, count, sizeof(*pairs));
	enum err r = ERR_OK;

	if (pairs == NULL && count > 0)
		return arena_full(fault);
	for (uint32_t i = 0; r == ERR_OK && i < count; i++) {
		const msgpack_object_kv *pair = &from->via.map.ptr[i];

		if (pair->key.type != MSGPACK_OBJECT_STR)
			return malformed(fault, "a key that is no string");
		r = convert(&pair->key, arena, &pairs[i].key, fault);
		if (r == ERR_OK)
			r = convert(&pair->val, arena, &pairs[i].value, fault);
	}
	if (r == ERR_OK && count > 1)
		r = check_keys(pairs, count, arena, fault);
	*ret = (struct value){.type = VALUE_MAP, .length = count, .pairs = pairs};
	return r;
}

static enum err
convert_scalar(const msgpack_object *from, struct value *ret, struct fault *fault)
{
	switch (from->type) {
	case MSGPACK_OBJECT_NIL:
		*ret = (struct value){.type = VALUE_NULL};
		return ERR_OK;
	case MSGPACK_OBJECT_BOOLEAN:
		*ret = (struct value){.type = VALUE_BOOL, .boolean = from->via.boolean};
		return ERR_OK;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		if (from->via.u64 > INT64_MAX)
			return malformed(fault, "a number above 2^63 - 1");
		*ret = (struct value){.type = VALUE_INT, .integer = (int64_t)from->via.u64};
		return ERR_OK;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		*ret = (struct value){.type = VALUE_INT, .integer = from->via.i64};
		return ERR_OK;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		if (!isfinite(from->via.f64))
			return malformed(fault, "a number that is not finite");
		*ret = (struct value){.type = VALUE_REAL, .real = from->via.f64};
		return ERR_OK;
	case MSGPACK_OBJECT_STR:
	case MSGPACK_OBJECT_BIN:
	case MSGPACK_OBJECT_ARRAY:
	case MSGPACK_OBJECT_MAP:
	case MSGPACK_OBJECT_EXT:
		break;
	}
	return malformed(fault, "a type that we do not write");
}

static enum err
convert(const msgpack_object *from, struct arena *arena, struct value *ret, struct fault *fault)
{
	if (from->type == MSGPACK_OBJECT_ARRAY)
		return convert_array(from, arena, ret, fault);
	if (from->type == MSGPACK_OBJECT_MAP)
		return convert_map(from, arena, ret, fault);
	if (from->type != MSGPACK_OBJECT_STR && from->type != MSGPACK_OBJECT_BIN)
		return convert_scalar(from, ret, fault);
	/* str and bin have one layout in msgpack-c's union. */
	*ret = (struct value){.type = from->type == MSGPACK_OBJECT_STR ? VALUE_STRING : VALUE_BYTES,
	    .length = from->via.str.size,
	    .string = from->via.str.ptr};
	if (ret->type == VALUE_STRING && !utf8_is_valid(ret->string, ret->length))
		return malformed(fault, "text that is not UTF-8");
	return ERR_OK;
}

enum err
body_decode(const unsigned char *bytes, size_t length, struct arena *arena, struct value *ret,
    struct fault *fault)
{
	msgpack_object object;
	msgpack_zone zone;
	size_t at = 0;
	enum err r;

	*ret = (struct value){.type = VALUE_NULL};
	if (length == 0)
		return ERR_OK;
	r = check(bytes, length, fault);
	if (r != ERR_OK)
		return r;
	if (!msgpack_zone_init(&zone, MSGPACK_ZONE_CHUNK_SIZE))
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	if (msgpack_unpack((const char *)bytes, length, &at, &zone, &object) !=
	    MSGPACK_UNPACK_SUCCESS)
		r = malformed(fault, "the decoder refuses it");
	else
		r = convert(&object, arena, ret, fault);
	msgpack_zone_destroy(&zone);
	return r;
}
