/* Any bytes either are refused or are exactly what pack_from_files writes for the files in them. */
#include <stdint.h>
#include <stdlib.h>

#include "common/io.h"
#include "common/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static void
is_canonical(const struct pack *pack)
{
	SCOPED_FD fd = -1;
	struct pack again;

	require(pack_from_files(pack->files, pack->count, &fd, NULL) == ERR_OK);
	require(pack_open(fd, &again, NULL) == ERR_OK);
	require(again.map_length == pack->map_length &&
		memcmp(again.map, pack->map, pack->map_length) == 0);
	require(digest_equal(&again.digest, &pack->digest));
	pack_close(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED_FD fd = -1;
	struct fault fault = {0};
	struct pack pack;
	enum err r;

	require(io_sealed_new("fuzz", data, size, &fd) == 0);
	r = pack_open(fd, &pack, &fault);
	require(r == fault.code);
	if (r != ERR_OK)
		return 0;
	is_canonical(&pack);
	for (uint32_t i = 0; i < pack.count; i++) {
		char name[PACK_NAME_MAX + 1] = {0};

		memcpy(name, pack.files[i].name, pack.files[i].name_length);
		require(pack_find(&pack, name) == &pack.files[i]);
	}
	pack_close(&pack);
	return 0;
}
