/* codec.h - MessagePack to and from values, on msgpack-c.
 *
 * Invariant: only bytes that broker_frame_scan passed reach the decoder; a decoded tree keeps the
 * promises of common/value.h. */
#ifndef BROKER_CODEC_H
#define BROKER_CODEC_H

#include "broker/buffer.h"
#include "common/arena.h"
#include "common/fault.h"
#include "common/value.h"

/* Arena bytes that a scanned object of length bytes and items values needs at most. */
size_t broker_decode_bytes(size_t length, uint32_t items);

/* Decodes the one object in data[0..length), which has been scanned, into *ret; strings are copied
 * into arena and NUL-terminated. ERR_PROTOCOL: an integer above INT64_MAX, a number that is not
 * finite, a key that comes twice; ERR_LIMIT: the arena is full; ERR_INTERNAL: out of memory.
 * Trust: data is hostile. */
MUST_USE enum err broker_decode(const unsigned char *data, size_t length, struct arena *arena,
    struct value *ret, struct fault *fault);

/* Appends value as MessagePack: the shortest form of each integer and length, double for reals.
 * False when the buffer is at its limit, and then it is as before. */
MUST_USE bool broker_encode(struct broker_buffer *buffer, const struct value *value);

#endif
