/* bytes.h - random values and hand-made messages for the tests of the codec. Deterministic: the
 * same seed gives the same bytes. */
#ifndef TESTS_BROKER_BYTES_H
#define TESTS_BROKER_BYTES_H

#include <stdint.h>

#include "broker/buffer.h"

/* xorshift64*; state must not be 0. */
uint64_t test_random(uint64_t *state);
/* Appends one random valid object by msgpack-c's packer, at most depth levels deep. */
void test_random_object(struct broker_buffer *buffer, uint64_t *state, unsigned depth);

#endif
