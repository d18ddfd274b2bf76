/* text.h - hexadecimal, base64 (RFC 4648, padded), sizes, durations and RFC 3339 times as text. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/scope.h"

/* Lower-case hexadecimal of from[0..length); to holds 2 * length + 1 bytes. */
void text_hex(char *to, const void *from, size_t length);
/* Parses exactly 2 * length hexadecimal digits (either case, nothing behind them). */
MUST_USE bool text_unhex(const char *text, void *to, size_t length);
/* Base64 of from[0..length), heap memory of the caller's; NULL: out of memory. */
char *text_base64(const void *from, size_t length);
/* Parses canonical padded base64; returns the bytes written (at most max) or -1: malformed,
 * non-canonical or too long. */
MUST_USE long text_unbase64(const char *text, size_t length, void *to, size_t max);

enum { TEXT_TIME_MAX = 32 };
/* ms since 1970 as 2026-11-24T13:00:28.123Z. */
void text_time(char to[TEXT_TIME_MAX], uint64_t realtime_ms);

/* Parses a decimal number of length digits: no sign, no space, no leading zero. */
MUST_USE bool text_decimal(const char *text, size_t length, uint64_t *ret);
/* Parses a whole number followed by a unit of the table, as in 64MiB or 10m: no sign, no space, no
 * fraction, the unit required. false: malformed, unknown unit or overflow. */
MUST_USE bool text_bytes(const char *text, uint64_t *ret_bytes); /* B KiB MiB GiB */
MUST_USE bool text_duration(const char *text, uint64_t *ret_ns); /* ms s m h d */

/* The candidate nearest to word by edit distance, or NULL where none is near enough for a sensible
 * "did you mean". candidates ends with NULL. */
const char *text_nearest(const char *word, const char *const *candidates);

#endif
