#include "common/pack.h"

#include <errno.h>
#include <stdio.h>

#include "common/io.h"
#include "common/text.h"
#include "common/utf8.h"

static const char magic[8] = {'P', 'R', 'X', 'P', 'A', 'C', 'K', 1};

enum { HEAD_BYTES = 16 };

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

static int
compare(const void *a, const void *b)
{
	const struct pack_file *x = a, *y = b;
	uint32_t shorter = x->name_length < y->name_length ? x->name_length : y->name_length;
	int order = memcmp(x->name, y->name, shorter);

	if (order != 0)
		return order;
	return x->name_length < y->name_length ? -1 : x->name_length > y->name_length;
}

/* The digest of "<hex>  ./<name>\n" over all files, as sha256sum prints them. */
static bool
compute_digest(const struct pack_file *files, uint32_t count, struct digest *ret)
{
	struct digest_state *state = digest_begin();

	if (state == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct digest one = digest_of(files[i].data, files[i].length);
		char hex[2 * DIGEST_BYTES + 1];

		text_hex(hex, one.bytes, DIGEST_BYTES);
		digest_add(state, hex, 2 * DIGEST_BYTES);
		digest_add(state, "  ./", 4);
		digest_add(state, files[i].name, files[i].name_length);
		digest_add(state, "\n", 1);
	}
	*ret = digest_end(&state);
	return true;
}

static enum err
check_names(struct pack_file *files, uint32_t count, struct fault *fault)
{
	char shown[64];

	qsort(files, count, sizeof(*files), compare);
	for (uint32_t i = 0; i < count; i++) {
		text_copy_bytes(shown, sizeof(shown), files[i].name, files[i].name_length);
		if (!name_is_sound(files[i].name, files[i].name_length))
			return fault_set(fault, ERR_PROTOCOL, "bad file name \"%s\"", shown);
		if (i > 0 && compare(&files[i - 1], &files[i]) == 0)
			return fault_set(
			    fault, ERR_PROTOCOL, "the file \"%s\" is there twice", shown);
	}
	return ERR_OK;
}

static unsigned char *
put_u32(unsigned char *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static unsigned char *
encode(const struct pack_file *files, uint32_t count, size_t total)
{
	unsigned char *data = malloc(total), *at = data;

	if (data == NULL)
		return NULL;
	memcpy(at, magic, sizeof(magic));
	at = put_u32(put_u32(at + sizeof(magic), count), 0);
	for (uint32_t i = 0; i < count; i++) {
		at = put_u32(put_u32(at, files[i].name_length), files[i].length);
		memcpy(at, files[i].name, files[i].name_length);
		at += files[i].name_length;
		if (files[i].length > 0)
			memcpy(at, files[i].data, files[i].length);
		at += files[i].length;
	}
	return data;
}

enum err
pack_from_files(const struct pack_file *files, uint32_t count, int *ret_fd, struct fault *fault)
{
	SCOPED_FREE struct pack_file *sorted = NULL;
	SCOPED_FREE unsigned char *data = NULL;
	size_t total = HEAD_BYTES;
	enum err r;
	int e;

	if (count > PACK_FILES_MAX)
		return fault_set(fault, ERR_LIMIT, "more than %d files", PACK_FILES_MAX);
	for (uint32_t i = 0; i < count; i++)
		total += 8 + (size_t)files[i].name_length + files[i].length;
	if (total > PACK_BYTES_MAX)
		return fault_set(fault, ERR_LIMIT, "the files hold more than %d MiB",
		    PACK_BYTES_MAX / (1024 * 1024));
	sorted = malloc((count + 1) * sizeof(*sorted));
	if (sorted == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	if (count > 0)
		memcpy(sorted, files, count * sizeof(*sorted));
	r = check_names(sorted, count, fault);
	if (r != ERR_OK)
		return r;
	data = encode(sorted, count, total);
	if (data == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	e = io_sealed_new("praxa-pack", data, total, ret_fd);
	if (e < 0)
		return fault_set(fault, ERR_INTERNAL, "memory file: %s", strerror(-e));
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

static enum err
decode(struct pack *pack, struct fault *fault)
{
	struct cursor cursor = {pack->map, pack->map_length};
	const unsigned char *head;
	uint32_t zero = 0;
	enum err r;

	if (!get_bytes(&cursor, sizeof(magic), &head) || memcmp(head, magic, sizeof(magic)) != 0 ||
	    !get_u32(&cursor, &pack->count) || !get_u32(&cursor, &zero) || zero != 0 ||
	    pack->count > PACK_FILES_MAX)
		return fault_set(fault, ERR_PROTOCOL, "not a pack");
	pack->files = calloc(pack->count + 1, sizeof(*pack->files));
	if (pack->files == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	if (!decode_files(&cursor, pack->files, pack->count))
		return fault_set(fault, ERR_PROTOCOL, "the pack is cut or has trailing bytes");
	/* Sorting a sorted list is free; what it moves was not written by pack_from_files. */
	r = check_names(pack->files, pack->count, fault);
	if (r != ERR_OK)
		return r;
	if (!compute_digest(pack->files, pack->count, &pack->digest))
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	return ERR_OK;
}

enum err
pack_open(int fd, struct pack *ret, struct fault *fault)
{
	struct pack pack = {0};
	enum err r;
	int e = io_sealed_map(fd, PACK_BYTES_MAX, &pack.map, &pack.map_length);

	if (e < 0)
		return fault_set(fault, ERR_PROTOCOL, "the pack cannot be mapped: %s",
		    e == -EPERM ? "it is not sealed" : strerror(-e));
	r = decode(&pack, fault);
	if (r != ERR_OK) {
		pack_close(&pack);
		return r;
	}
	*ret = pack;
	return ERR_OK;
}

const struct pack_file *
pack_find(const struct pack *pack, const char *name)
{
	struct pack_file key = {.name = name, .name_length = (uint32_t)strlen(name)};

	return pack->count == 0
		   ? NULL
		   : bsearch(&key, pack->files, pack->count, sizeof(*pack->files), compare);
}

void
pack_close(struct pack *pack)
{
	io_sealed_unmap(pack->map, pack->map_length);
	free(pack->files);
	*pack = (struct pack){0};
}
