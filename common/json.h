/* json.h - JSON text (RFC 8259) to and from values, with limits. Jansson reads; writing is ours,
 * because its reals have 17 digits (0.7 would become 0.69999999999999996).
 *
 * Duplicate keys, NUL in strings, numbers outside int64_t and depth above VALUE_DEPTH_MAX are
 * refused: two readers of one text must not see two things. */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include "common/arena.h"
#include "common/fault.h"
#include "common/value.h"

/* Parses text[0..length) into *ret, whose strings are NUL-terminated and live in arena. Errors:
 * ERR_PROTOCOL with line and column in the message, ERR_LIMIT when the arena is full. Trust: text
 * may come from anyone; the caller bounds length. */
MUST_USE enum err json_parse(
    const char *text, size_t length, struct arena *arena, struct value *ret, struct fault *fault);

enum json_style { JSON_STYLE_COMPACT = 0, JSON_STYLE_PRETTY };
/* Writes value as JSON text: heap memory of the caller's with a NUL behind *ret_length bytes
 * (ret_length may be NULL). Bytes become base64 text, a real the shortest text that reads back as
 * the same number, always with a point or an exponent. Key order is kept. NULL: out of memory, a
 * number that is not finite, or a depth above VALUE_DEPTH_MAX. */
char *json_write(const struct value *value, enum json_style style, size_t *ret_length);

#endif
