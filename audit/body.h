/* body.h - the MessagePack body of a record as a value, with limits.
 *
 * Bodies were packed by the appender and hold what Skills said. Every length, count and depth is
 * compared with the bytes that are there before the decoder allocates anything. */
#ifndef AUDIT_BODY_H
#define AUDIT_BODY_H

#include "common/arena.h"
#include "common/fault.h"
#include "common/value.h"

/* Arena bytes that any body of RECORD_BODY_MAX decodes within. */
enum {
	BODY_ARENA_MAX = 16 * 1024 * 1024,
	BODY_DEPTH_MAX = VALUE_DEPTH_MAX - 1, /* an export holds the body one level down */
};

/* One object that fills bytes[0..length), or the empty body (null), copied into arena.
 * ERR_PROTOCOL: malformed, an extension type, a key that is no string or comes twice, text
 * that is not UTF-8, a number outside int64_t or not finite, nested deeper than BODY_DEPTH_MAX;
 * ERR_LIMIT: the arena is full. Trust: bytes may be anything. */
MUST_USE enum err body_decode(const unsigned char *bytes, size_t length, struct arena *arena,
    struct value *ret, struct fault *fault);

#endif
