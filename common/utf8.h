/* utf8.h - strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character at text[0..length), or 0 where there is none. */
size_t utf8_width(const unsigned char *text, size_t length);
/* The code point of one character, which utf8_width found to have width bytes. */
uint32_t utf8_code_point(const unsigned char *text, size_t width);
/* True when all of text[0..length) is well formed. */
bool utf8_is_valid(const void *text, size_t length);
/* True for a character that a reader cannot see or that reorders what he sees: C1 controls,
 * zero-width, bidi controls and isolates, line and paragraph separators, tags, the byte order mark
 * (CVE-2021-42574). text[0..width) is one well-formed character. */
bool utf8_is_invisible(const unsigned char *text, size_t width);

#endif
