/* bytes.h - random values and hand-made messages for the tests of the codec. Deterministic: the
 * same seed gives the same bytes. */
#ifndef TESTS_COMMON_BYTES_H
#define TESTS_COMMON_BYTES_H

#include <stdint.h>

#include "common/buffer.h"
#include "common/codec_scan.h"

enum {
	TEST_BYTES_MAX = 1024 * 1024,
	TEST_DEPTH_MAX = VALUE_DEPTH_MAX,
	TEST_ITEMS_MAX = 65536,
	TEST_ARRAY_MAX = 32768,
	TEST_MAP_MAX = 4096,
	TEST_STRING_MAX = 768 * 1024,
	TEST_KEY_MAX = 256,
};
extern const struct codec_limits test_limits;

/* xorshift64*; state must not be 0. */
uint64_t test_random(uint64_t *state);
/* Appends one random valid object by msgpack-c's packer, at most depth levels deep. */
void test_random_object(struct buffer *buffer, uint64_t *state, unsigned depth);

#endif
