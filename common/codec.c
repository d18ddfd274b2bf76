#include "common/codec.h"

#include <math.h>
#include <msgpack.h>

/* msgpack-c's object as a value. The recursion is bounded: the scanner passed the depth. */
static enum err convert(
    const msgpack_object *from, struct arena *arena, struct value *ret, struct fault *fault);

size_t
codec_decode_bytes(size_t length, uint32_t items)
{
	/* Per value: its struct, its share of a pair, a terminator and alignment, the slot in the
	 * list that finds duplicate keys; per arena: blocks that end before they are full. */
	return 2 * length + (size_t)items * 64 + 4096;
}

static enum err
full(struct fault *fault)
{
	return fault_set(fault, ERR_LIMIT, "it needs more memory than is allowed");
}

static enum err
convert_text(enum value_type type, const char *text, uint32_t length, struct arena *arena,
    struct value *ret, struct fault *fault)
{
	const char *copy = arena_copy(arena, text, length);

	if (copy == NULL)
		return full(fault);
	*ret = (struct value){.type = type, .length = length, .string = copy};
	return ERR_OK;
}

static enum err
convert_array(
    const msgpack_object_array *from, struct arena *arena, struct value *ret, struct fault *fault)
{
	struct value *items = arena_array(arena, from->size, sizeof(*items));

	if (items == NULL)
		return full(fault);
	for (uint32_t i = 0; i < from->size; i++) {
		enum err r = convert(&from->ptr[i], arena, &items[i], fault);

		if (r != ERR_OK)
			return r;
	}
	*ret = (struct value){.type = VALUE_ARRAY, .length = from->size, .items = items};
	return ERR_OK;
}

static int
compare_keys(const void *left, const void *right)
{
	const struct value *a = *(const struct value *const *)left;
	const struct value *b = *(const struct value *const *)right;
	uint32_t common = a->length < b->length ? a->length : b->length;
	int r = memcmp(a->string, b->string, common);

	return r != 0 ? r : (a->length > b->length) - (a->length < b->length);
}

/* Two readers of one map must not see two things. Sorted, because a map may have thousands of keys
 * and comparing all with all would be a way to make the reader slow. */
static enum err
refuse_duplicates(
    const struct value_pair *pairs, uint32_t count, struct arena *arena, struct fault *fault)
{
	const struct value **keys = arena_array(arena, count, sizeof(*keys));

	if (keys == NULL)
		return full(fault);
	for (uint32_t i = 0; i < count; i++)
		keys[i] = &pairs[i].key;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (uint32_t i = 1; i < count; i++)
		if (compare_keys(&keys[i - 1], &keys[i]) == 0) {
			fault_set(fault, ERR_PROTOCOL,
			    "MessagePack: a map has the key \"%s\" twice", keys[i]->string);
			(void)fault_field(fault, keys[i]->string, NULL);
			return ERR_PROTOCOL;
		}
	return ERR_OK;
}

static enum err
convert_map(
    const msgpack_object_map *from, struct arena *arena, struct value *ret, struct fault *fault)
{
	struct value_pair *pairs = arena_array(arena, from->size, sizeof(*pairs));
	enum err r = ERR_OK;

	if (pairs == NULL)
		return full(fault);
	for (uint32_t i = 0; i < from->size && r == ERR_OK; i++) {
		const msgpack_object *key = &from->ptr[i].key;

		if (key->type != MSGPACK_OBJECT_STR)
			return fault_set(
			    fault, ERR_PROTOCOL, "MessagePack: a map's key is not a string");
		r = convert(key, arena, &pairs[i].key, fault);
		if (r == ERR_OK)
			r = convert(&from->ptr[i].val, arena, &pairs[i].value, fault);
	}
	if (r == ERR_OK)
		r = refuse_duplicates(pairs, from->size, arena, fault);
	if (r == ERR_OK)
		*ret = (struct value){.type = VALUE_MAP, .length = from->size, .pairs = pairs};
	return r;
}

static enum err
convert_number(const msgpack_object *from, struct value *ret, struct fault *fault)
{
	if (from->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
		*ret = value_integer(from->via.i64);
		return ERR_OK;
	}
	if (from->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
		if (from->via.u64 > INT64_MAX)
			return fault_set(fault, ERR_PROTOCOL,
			    "MessagePack: an integer above 9223372036854775807");
		*ret = value_integer((int64_t)from->via.u64);
		return ERR_OK;
	}
	if (!isfinite(from->via.f64))
		return fault_set(fault, ERR_PROTOCOL, "MessagePack: a number that is not finite");
	*ret = (struct value){.type = VALUE_REAL, .real = from->via.f64};
	return ERR_OK;
}

static enum err
convert(const msgpack_object *from, struct arena *arena, struct value *ret, struct fault *fault)
{
	switch (from->type) {
	case MSGPACK_OBJECT_NIL:
		*ret = (struct value){.type = VALUE_NULL};
		return ERR_OK;
	case MSGPACK_OBJECT_BOOLEAN:
		*ret = value_boolean(from->via.boolean);
		return ERR_OK;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		return convert_number(from, ret, fault);
	case MSGPACK_OBJECT_STR:
		return convert_text(
		    VALUE_STRING, from->via.str.ptr, from->via.str.size, arena, ret, fault);
	case MSGPACK_OBJECT_BIN:
		return convert_text(
		    VALUE_BYTES, from->via.bin.ptr, from->via.bin.size, arena, ret, fault);
	case MSGPACK_OBJECT_ARRAY:
		return convert_array(&from->via.array, arena, ret, fault);
	case MSGPACK_OBJECT_MAP:
		return convert_map(&from->via.map, arena, ret, fault);
	case MSGPACK_OBJECT_EXT:
		break;
	}
	return fault_set(fault, ERR_PROTOCOL, "MessagePack: an ext type");
}

enum err
codec_decode(const unsigned char *data, size_t length, struct arena *arena, struct value *ret,
    struct fault *fault)
{
	msgpack_unpacked unpacked;
	size_t end = 0;
	msgpack_unpack_return got;
	enum err r;

	msgpack_unpacked_init(&unpacked);
	got = msgpack_unpack_next(&unpacked, (const char *)data, length, &end);
	if (got == MSGPACK_UNPACK_NOMEM_ERROR)
		r = fault_set(fault, ERR_INTERNAL, "out of memory");
	else if ((got != MSGPACK_UNPACK_SUCCESS && got != MSGPACK_UNPACK_EXTRA_BYTES) ||
		 end != length)
		r = fault_set(fault, ERR_PROTOCOL, "MessagePack: not one object");
	else
		r = convert(&unpacked.data, arena, ret, fault);
	msgpack_unpacked_destroy(&unpacked);
	return r;
}

static int
sink(void *buffer, const char *from, size_t length)
{
	return buffer_add(buffer, from, length) ? 0 : -1;
}

static int pack(msgpack_packer *packer, const struct value *value);

static int
pack_string(msgpack_packer *packer, const struct value *value)
{
	int r = msgpack_pack_str(packer, value->length);

	return r != 0 ? r : msgpack_pack_str_body(packer, value->string, value->length);
}

static int
pack_bytes(msgpack_packer *packer, const struct value *value)
{
	int r = msgpack_pack_bin(packer, value->length);

	return r != 0 ? r : msgpack_pack_bin_body(packer, value->string, value->length);
}

static int
pack_array(msgpack_packer *packer, const struct value *value)
{
	int r = msgpack_pack_array(packer, value->length);

	for (uint32_t i = 0; r == 0 && i < value->length; i++)
		r = pack(packer, &value->items[i]);
	return r;
}

static int
pack_map(msgpack_packer *packer, const struct value *value)
{
	int r = msgpack_pack_map(packer, value->length);

	for (uint32_t i = 0; r == 0 && i < value->length; i++) {
		r = pack(packer, &value->pairs[i].key);
		if (r == 0)
			r = pack(packer, &value->pairs[i].value);
	}
	return r;
}

static int
pack(msgpack_packer *packer, const struct value *value)
{
	switch (value->type) {
	case VALUE_BOOL:
		return value->boolean ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
	case VALUE_INT:
		return msgpack_pack_int64(packer, value->integer);
	case VALUE_REAL:
		return msgpack_pack_double(packer, value->real);
	case VALUE_STRING:
		return pack_string(packer, value);
	case VALUE_BYTES:
		return pack_bytes(packer, value);
	case VALUE_ARRAY:
		return pack_array(packer, value);
	case VALUE_MAP:
		return pack_map(packer, value);
	case VALUE_NULL:
		break;
	}
	return msgpack_pack_nil(packer);
}

bool
codec_encode(struct buffer *buffer, const struct value *value)
{
	size_t before = buffer->length;
	msgpack_packer packer;

	msgpack_packer_init(&packer, buffer, sink);
	if (pack(&packer, value) == 0)
		return true;
	buffer->length = before;
	return false;
}
