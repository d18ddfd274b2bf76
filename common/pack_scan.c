#include "common/pack_scan.h"

#include "common/utf8.h"

const char pack_magic[8] = {'P', 'R', 'X', 'P', 'A', 'C', 'K', 1};

static bool
name_is_sound(const char *name, size_t length)
{
	size_t part = 0;

	if (length == 0 || length > PACK_NAME_MAX || !utf8_is_valid(name, length))
		return false;
	for (size_t i = 0; i <= length; i++) {
		unsigned char c = i < length ? (unsigned char)name[i] : '/';

		if (c < 0x20 || c == 0x7f || c == '\\')
			return false;
		if (c != '/') {
			part++;
			continue;
		}
		if (part == 0 || (part == 1 && name[i - 1] == '.') ||
		    (part == 2 && name[i - 1] == '.' && name[i - 2] == '.'))
			return false;
		part = 0;
	}
	return true;
}

int
pack_compare(const void *a, const void *b)
{
	const struct pack_file *x = a, *y = b;
	uint32_t shorter = x->name_length < y->name_length ? x->name_length : y->name_length;
	int order = memcmp(x->name, y->name, shorter);

	if (order != 0)
		return order;
	return x->name_length < y->name_length ? -1 : x->name_length > y->name_length;
}

enum err
pack_check_names(struct pack_file *files, uint32_t count, struct fault *fault)
{
	char shown[64];

	qsort(files, count, sizeof(*files), pack_compare);
	for (uint32_t i = 0; i < count; i++) {
		text_copy_bytes(shown, sizeof(shown), files[i].name, files[i].name_length);
		if (!name_is_sound(files[i].name, files[i].name_length))
			return fault_set(fault, ERR_PROTOCOL, "bad file name \"%s\"", shown);
		if (i > 0 && pack_compare(&files[i - 1], &files[i]) == 0)
			return fault_set(
			    fault, ERR_PROTOCOL, "the file \"%s\" is there twice", shown);
	}
	return ERR_OK;
}

/* A cursor that never moves past its end. */
struct cursor {
	const unsigned char *at;
	size_t left;
};

static bool
get_u32(struct cursor *cursor, uint32_t *ret)
{
	if (cursor->left < sizeof(*ret))
		return false;
	memcpy(ret, cursor->at, sizeof(*ret));
	cursor->at += sizeof(*ret);
	cursor->left -= sizeof(*ret);
	return true;
}

static bool
get_bytes(struct cursor *cursor, uint32_t length, const unsigned char **ret)
{
	if (cursor->left < length)
		return false;
	*ret = cursor->at;
	cursor->at += length;
	cursor->left -= length;
	return true;
}

static bool
decode_files(struct cursor *cursor, struct pack_file *files, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const unsigned char *name;

		if (!get_u32(cursor, &files[i].name_length) || !get_u32(cursor, &files[i].length) ||
		    !get_bytes(cursor, files[i].name_length, &name) ||
		    !get_bytes(cursor, files[i].length, &files[i].data))
			return false;
		files[i].name = (const char *)name;
	}
	return cursor->left == 0; /* trailing bytes are an error, not a curiosity */
}

static bool
is_in_order(const struct pack_file *files, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (pack_compare(&files[i - 1], &files[i]) > 0)
			return false;
	return true;
}

enum err
pack_scan(const void *map, size_t length, struct pack_file **ret_files, uint32_t *ret_count,
    struct fault *fault)
{
	struct cursor cursor = {map, length};
	SCOPED_FREE struct pack_file *files = NULL;
	const unsigned char *head;
	uint32_t count = 0, zero = 0;
	enum err r;

	if (!get_bytes(&cursor, sizeof(pack_magic), &head) ||
	    memcmp(head, pack_magic, sizeof(pack_magic)) != 0 || !get_u32(&cursor, &count) ||
	    !get_u32(&cursor, &zero) || zero != 0 || count > PACK_FILES_MAX)
		return fault_set(fault, ERR_PROTOCOL, "not a pack");
	files = calloc(count + 1, sizeof(*files));
	if (files == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	if (!decode_files(&cursor, files, count))
		return fault_set(fault, ERR_PROTOCOL, "the pack is cut or has trailing bytes");
	if (!is_in_order(files, count))
		return fault_set(fault, ERR_PROTOCOL, "the pack's files are not in order");
	r = pack_check_names(files, count, fault);
	if (r != ERR_OK)
		return r;
	*ret_files = TAKE(files);
	*ret_count = count;
	return ERR_OK;
}
