#include "tests/common/bytes.h"

#include <msgpack.h>
#include <stdio.h>

const struct codec_limits test_limits = {
    .bytes = TEST_BYTES_MAX,
    .depth = TEST_DEPTH_MAX,
    .items = TEST_ITEMS_MAX,
    .array = TEST_ARRAY_MAX,
    .map = TEST_MAP_MAX,
    .string = TEST_STRING_MAX,
    .key = TEST_KEY_MAX,
};

uint64_t
test_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static int
sink(void *buffer, const char *from, size_t length)
{
	return buffer_add(buffer, from, length) ? 0 : -1;
}

static void
random_text(msgpack_packer *packer, uint64_t *state)
{
	static const char text[] = "h\xc3\xa9llo w\xe2\x82\xacrld, a longer text that needs str8";
	size_t length = test_random(state) % 4 == 0 ? sizeof(text) - 1 : 7;

	msgpack_pack_str(packer, length);
	msgpack_pack_str_body(packer, text, length);
}

static void random_value(msgpack_packer *packer, uint64_t *state, unsigned depth);

static void
random_map(msgpack_packer *packer, uint64_t *state, unsigned depth)
{
	unsigned count = (unsigned)(test_random(state) % 20);

	msgpack_pack_map(packer, count);
	for (unsigned i = 0; i < count; i++) {
		char key[16];
		int length = snprintf(key, sizeof(key), "key-%u", i);

		msgpack_pack_str(packer, (size_t)length);
		msgpack_pack_str_body(packer, key, (size_t)length);
		random_value(packer, state, depth - 1);
	}
}

static void
random_array(msgpack_packer *packer, uint64_t *state, unsigned depth)
{
	unsigned count = (unsigned)(test_random(state) % 20);

	msgpack_pack_array(packer, count);
	for (unsigned i = 0; i < count; i++)
		random_value(packer, state, depth - 1);
}

static void
random_value(msgpack_packer *packer, uint64_t *state, unsigned depth)
{
	uint64_t number = test_random(state) >> (test_random(state) % 64);

	switch (test_random(state) % (depth > 0 ? 9 : 7)) {
	case 0:
		msgpack_pack_nil(packer);
		break;
	case 1:
		msgpack_pack_true(packer);
		break;
	case 2:
		msgpack_pack_int64(packer, (int64_t)number >> 1);
		break;
	case 3:
		msgpack_pack_int64(packer, -(int64_t)(number >> 1));
		break;
	case 4:
		msgpack_pack_double(packer, (double)number / 7);
		break;
	case 5:
		random_text(packer, state);
		break;
	case 6:
		msgpack_pack_bin(packer, 3);
		msgpack_pack_bin_body(packer, "\0\xff\x80", 3);
		break;
	case 7:
		random_array(packer, state, depth);
		break;
	default:
		random_map(packer, state, depth);
		break;
	}
}

void
test_random_object(struct buffer *buffer, uint64_t *state, unsigned depth)
{
	msgpack_packer packer;

	msgpack_packer_init(&packer, buffer, sink);
	random_value(&packer, state, depth);
}
