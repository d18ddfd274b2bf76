/* zero.h - finding the first byte that is not zero. */
#ifndef AUDIT_ZERO_H
#define AUDIT_ZERO_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Zero bytes at the start of bytes[0..length). */
static inline size_t
zero_span(const unsigned char *bytes, size_t length)
{
	size_t i = 0;

	while (i < length && bytes[i] == 0)
		i++;
	return i;
}

/* True when all are zero: each byte equals its neighbour and the first is zero. */
static inline bool
zero_is(const unsigned char *bytes, size_t length)
{
	return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

#endif
