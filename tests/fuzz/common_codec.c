/* Whatever the scanner passes, msgpack-c decodes to the same end; and how the bytes come makes no
 * difference. A second decoder is the oracle. */
#include <msgpack.h>

#include "common/codec_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
compare(const uint8_t *data, size_t size, const struct codec_scan *scan)
{
	msgpack_unpacked unpacked;
	size_t end = 0;
	msgpack_unpack_return got;

	msgpack_unpacked_init(&unpacked);
	got =
	    msgpack_unpack_next(&unpacked, (const char *)data, scan->done ? scan->at : size, &end);
	if (scan->done)
		require(got == MSGPACK_UNPACK_SUCCESS && end == scan->at);
	else
		require(got == MSGPACK_UNPACK_CONTINUE);
	msgpack_unpacked_destroy(&unpacked);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct codec_limits limits = {
	    .bytes = 1 << 20,
	    .depth = VALUE_DEPTH_MAX,
	    .items = 65536,
	    .array = 32768,
	    .map = 4096,
	    .string = 768 * 1024,
	    .key = 256,
	};
	struct codec_scan whole = {.limits = &limits}, parts = {.limits = &limits};
	struct fault fault;
	enum err r = codec_scan(&whole, data, size, &fault), part = ERR_OK;

	for (size_t i = 1; i <= size && i < 4096 && part == ERR_OK && !parts.done; i++)
		part = codec_scan(&parts, data, i, &fault);
	if (size < 4096)
		require(part == r &&
			(r != ERR_OK || (parts.done == whole.done && parts.at == whole.at &&
					    parts.items == whole.items)));
	if (r == ERR_OK)
		compare(data, size, &whole);
	return 0;
}
