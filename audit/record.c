#include "audit/record.h"

#include <assert.h>

#include "audit/sink.h"
#include "common/utf8.h"

enum field_kind {
	FIELD_U64,
	FIELD_TEXT,
	FIELD_KIND,
	FIELD_ERROR,
	FIELD_DIGEST,
	FIELD_BOOT,
	FIELD_BODY,
};

struct field {
	const char *key;
	enum field_kind kind;
	size_t offset, size;
};

#define FIELD_ROW(kind, key, name, size) \
	{key, FIELD_##kind, offsetof(struct audit_record, name), size},
static const struct field fields[] = {RECORD_FIELDS(FIELD_ROW)};
enum { FIELDS = ARRAY_SIZE(fields) };
static_assert(FIELDS > 15 && FIELDS < 65536, "the map has a 16-bit count");

/* The texts of kind and error at their longest must fit the reader's buffers. */
#define KIND_FITS(name, number, text, roles) \
	static_assert(sizeof(text) <= RECORD_KIND_MAX, "the name of a kind");
EVENT_TABLE(KIND_FITS)
#define ERROR_FITS(name, wire, number, http, jsonrpc, exit_code, retry, text) \
	static_assert(sizeof(wire) <= RECORD_ERROR_MAX, "the name of an error");
ERR_TABLE(ERROR_FITS)

static enum err
pack_field(msgpack_packer *pk, const struct field *field, const struct audit_record *record,
    struct fault *fault)
{
	const char *member = (const char *)record + field->offset;
	size_t length;

	sink_name(pk, field->key);
	switch (field->kind) {
	case FIELD_U64:
		msgpack_pack_uint64(pk, *(const uint64_t *)(const void *)member);
		break;
	case FIELD_TEXT:
		length = strnlen(member, field->size - 1);
		if (!utf8_is_valid(member, length))
			return fault_set(fault, ERR_PROTOCOL, "%s is not UTF-8", field->key);
		sink_text(pk, member, length);
		break;
	case FIELD_KIND:
		if (event_name(record->kind) == NULL)
			return fault_set(fault, ERR_PROTOCOL, "there is no event %u", record->kind);
		sink_name(pk, event_name(record->kind));
		break;
	case FIELD_ERROR:
		if (record->error == ERR_OK)
			msgpack_pack_nil(pk);
		else
			sink_name(pk, err_name(record->error));
		break;
	case FIELD_DIGEST:
		sink_bytes(pk, member, DIGEST_BYTES);
		break;
	case FIELD_BOOT:
		sink_bytes(pk, member, BOOT_ID_BYTES);
		break;
	case FIELD_BODY:
		if (record->body.length > RECORD_BODY_MAX)
			return fault_set(
			    fault, ERR_LIMIT, "the body is longer than %d bytes", RECORD_BODY_MAX);
		sink_bytes(pk, record->body.bytes, record->body.length);
		break;
	}
	return ERR_OK;
}

enum err
record_pack(const struct audit_record *record, unsigned char **ret_leaf, size_t *ret_length,
    struct fault *fault)
{
	struct sink sink;
	msgpack_packer pk;
	enum err r = ERR_OK;

	sink_init(&sink, &pk);
	msgpack_pack_map(&pk, FIELDS);
	for (size_t i = 0; r == ERR_OK && i < FIELDS; i++)
		r = pack_field(&pk, &fields[i], record, fault);
	if (r == ERR_OK && sink.failed)
		r = fault_set(fault, ERR_INTERNAL, "out of memory");
	if (r == ERR_OK) {
		*ret_length = sink.buffer.size;
		*ret_leaf = (unsigned char *)msgpack_sbuffer_release(&sink.buffer);
	}
	sink_done(&sink);
	return r;
}

/* What is left to read. */
struct cursor {
	const unsigned char *at;
	size_t left;
};

static bool
take(struct cursor *cursor, size_t length, const unsigned char **ret)
{
	if (length > cursor->left)
		return false;
	*ret = cursor->at;
	cursor->at += length;
	cursor->left -= length;
	return true;
}

/* A big-endian number of width bytes. */
static bool
take_number(struct cursor *cursor, size_t width, uint64_t *ret)
{
	const unsigned char *p;
	uint64_t value = 0;

	if (!take(cursor, width, &p))
		return false;
	for (size_t i = 0; i < width; i++)
		value = value << 8 | p[i];
	*ret = value;
	return true;
}

/* A number behind one of the tags first, first + 1, ... of widths 1, 2, 4, 8; the shortest form is
 * the only one. fixed_max: largest value that has a form without a tag. */
static bool
take_tagged(struct cursor *cursor, unsigned tag, unsigned first, uint64_t fixed_max, uint64_t *ret)
{
	unsigned step = tag - first;
	uint64_t least;

	if (tag < first || step > 3 || !take_number(cursor, (size_t)1 << step, ret))
		return false;
	least = step == 0 ? fixed_max + 1 : UINT64_C(1) << (8 << (step - 1));
	return *ret >= least;
}

static bool
take_uint(struct cursor *cursor, uint64_t *ret)
{
	const unsigned char *tag;

	if (!take(cursor, 1, &tag))
		return false;
	*ret = *tag;
	return *tag <= 0x7f || take_tagged(cursor, *tag, 0xcc, 0x7f, ret);
}

static bool
take_text(struct cursor *cursor, const char **ret, size_t *ret_length)
{
	const unsigned char *tag, *bytes;
	uint64_t length;

	if (!take(cursor, 1, &tag))
		return false;
	length = *tag & 0x1f;
	if ((*tag & 0xe0) != 0xa0 &&
	    (*tag > 0xdb || !take_tagged(cursor, *tag, 0xd9, 0x1f, &length)))
		return false;
	if (!take(cursor, length, &bytes) || memchr(bytes, 0, length) != NULL ||
	    !utf8_is_valid(bytes, length))
		return false;
	*ret = (const char *)bytes;
	*ret_length = length;
	return true;
}

static bool
take_bin(struct cursor *cursor, const unsigned char **ret, size_t *ret_length)
{
	const unsigned char *tag;
	uint64_t length;

	if (!take(cursor, 1, &tag) || *tag < 0xc4 || *tag > 0xc6)
		return false;
	/* bin 8 has no shorter form: any length below 256 is right. */
	if (*tag == 0xc4 ? !take_number(cursor, 1, &length)
			 : !take_tagged(cursor, *tag, 0xc4, 0, &length))
		return false;
	*ret_length = length;
	return take(cursor, length, ret);
}

/* A text into an array of size bytes, terminated. */
static bool
copy_text(struct cursor *cursor, char *to, size_t size)
{
	const char *text;
	size_t length;

	if (!take_text(cursor, &text, &length) || length >= size)
		return false;
	memcpy(to, text, length);
	to[length] = '\0';
	return true;
}

static bool
copy_bin(struct cursor *cursor, void *to, size_t size)
{
	const unsigned char *bytes;
	size_t length;

	if (!take_bin(cursor, &bytes, &length) || length != size)
		return false;
	memcpy(to, bytes, size);
	return true;
}

static bool
read_kind(struct cursor *cursor, enum event_kind *ret)
{
	char name[RECORD_KIND_MAX];

	if (!copy_text(cursor, name, sizeof(name)))
		return false;
	*ret = event_from_name(name);
	return *ret != EVENT_NONE;
}

static bool
read_error(struct cursor *cursor, enum err *ret)
{
	char name[RECORD_ERROR_MAX];

	if (cursor->left > 0 && *cursor->at == 0xc0) {
		cursor->at++;
		cursor->left--;
		*ret = ERR_OK;
		return true;
	}
	if (!copy_text(cursor, name, sizeof(name)))
		return false;
	*ret = err_from_name(name);
	return *ret != ERR_OK && strcmp(err_name(*ret), name) == 0;
}

static bool
read_field(struct cursor *cursor, const struct field *field, struct audit_record *record)
{
	char *member = (char *)record + field->offset;

	switch (field->kind) {
	case FIELD_U64:
		return take_uint(cursor, (uint64_t *)(void *)member);
	case FIELD_TEXT:
		return copy_text(cursor, member, field->size);
	case FIELD_KIND:
		return read_kind(cursor, &record->kind);
	case FIELD_ERROR:
		return read_error(cursor, &record->error);
	case FIELD_DIGEST:
		return copy_bin(cursor, member, DIGEST_BYTES);
	case FIELD_BOOT:
		return copy_bin(cursor, member, BOOT_ID_BYTES);
	case FIELD_BODY:
		return take_bin(cursor, &record->body.bytes, &record->body.length) &&
		       record->body.length <= RECORD_BODY_MAX;
	}
	return false;
}

const char *
record_parse(const unsigned char *leaf, size_t length, struct audit_record *ret)
{
	struct cursor cursor = {leaf, length};
	const unsigned char *map;

	memset(ret, 0, sizeof(*ret));
	if (!take(&cursor, 3, &map) || map[0] != 0xde || map[1] != FIELDS >> 8 ||
	    map[2] != (FIELDS & 0xff))
		return "map";
	for (size_t i = 0; i < FIELDS; i++) {
		const char *key;
		size_t n;

		if (!take_text(&cursor, &key, &n) || n != strlen(fields[i].key) ||
		    memcmp(key, fields[i].key, n) != 0 || !read_field(&cursor, &fields[i], ret))
			return fields[i].key;
	}
	if (cursor.left != 0)
		return "end";
	return ret->version == RECORD_VERSION ? NULL : "v";
}
