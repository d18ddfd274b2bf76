#include "common/pack.h"

#include <errno.h>
#include <stdio.h>

#include "common/io.h"
#include "common/pack_scan.h"
#include "common/text.h"

enum { HEAD_BYTES = 16 };

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
	memcpy(at, pack_magic, sizeof(pack_magic));
	at = put_u32(put_u32(at + sizeof(pack_magic), count), 0);
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
	r = pack_check_names(sorted, count, fault);
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

static enum err
decode(struct pack *pack, struct fault *fault)
{
	enum err r = pack_scan(pack->map, pack->map_length, &pack->files, &pack->count, fault);

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
		   : bsearch(&key, pack->files, pack->count, sizeof(*pack->files), pack_compare);
}

void
pack_close(struct pack *pack)
{
	io_sealed_unmap(pack->map, pack->map_length);
	free(pack->files);
	*pack = (struct pack){0};
}
