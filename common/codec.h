/* codec.h - MessagePack to and from values, on msgpack-c.
 *
 * Invariant: only bytes that codec_scan passed reach the decoder; a decoded tree keeps the
 * promises of common/value.h. */
#ifndef COMMON_CODEC_H
#define COMMON_CODEC_H

#include "common/arena.h"
#include "common/buffer.h"
#include "common/fault.h"
#include "common/value.h"

/* Arena bytes that a scanned object of length bytes and items values needs at most. */
size_t codec_decode_bytes(size_t length, uint32_t items);

/* Decodes the one object in data[0..length), which has been scanned, into *ret; strings are copied
 * into arena and NUL-terminated. ERR_PROTOCOL: an integer above INT64_MAX, a number that is not
 * finite, a key that comes twice; ERR_LIMIT: the arena is full; ERR_INTERNAL: out of memory.
 * Trust: data is hostile. */
MUST_USE enum err codec_decode(const unsigned char *data, size_t length, struct arena *arena,
    struct value *ret, struct fault *fault);

/* Appends value as MessagePack: the shortest form of each integer and length, double for reals.
 * False when the buffer is at its limit, and then it is as before. */
MUST_USE bool codec_encode(struct buffer *buffer, const struct value *value);

#endif
