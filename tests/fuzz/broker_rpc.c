/* A message that the scanner passed is parsed, and what was parsed survives encoding and decoding
 * unchanged. The arena that is reserved for it is always enough. */
#include "broker/rpc.h"
#include "common/codec.h"
#include "common/codec_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
round_trip(const struct value *params)
{
	struct buffer buffer = {.limit = 2 * BROKER_FRAME_BYTES_MAX};
	struct codec_scan scan = {.limits = &broker_limits};
	struct arena arena;
	struct value again;
	struct fault fault;

	require(codec_encode(&buffer, params));
	require(codec_scan(&scan, buffer.data, buffer.length, &fault) == ERR_OK && scan.done &&
		scan.at == buffer.length);
	arena_init(&arena, codec_decode_bytes(buffer.length, scan.items));
	require(codec_decode(buffer.data, buffer.length, &arena, &again, &fault) == ERR_OK);
	require(value_equal(params, &again));
	arena_clear(&arena);
	buffer_done(&buffer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct codec_scan scan = {.limits = &broker_limits};
	struct broker_request request;
	struct arena arena;
	struct fault fault;
	enum err r;

	if (codec_scan(&scan, data, size, &fault) != ERR_OK || !scan.done)
		return 0;
	arena_init(&arena, codec_decode_bytes(scan.at, scan.items));
	r = broker_rpc_parse(data, scan.at, &arena, &request, &fault);
	require(r == ERR_OK || r == ERR_PROTOCOL);
	if (r == ERR_OK && request.bad_params.code == ERR_OK)
		round_trip(&request.params);
	arena_clear(&arena);
	return 0;
}
