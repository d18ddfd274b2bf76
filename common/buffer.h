/* buffer.h - bytes that grow up to a limit: what is encoded before it is sent. */
#ifndef COMMON_BUFFER_H
#define COMMON_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/scope.h"

/* Zeroed with a limit: empty. */
struct buffer {
	unsigned char *data;
	size_t length, capacity;
	size_t limit; /* bytes */
};

/* Makes room for length more bytes behind the ones held; NULL at the limit or when memory is out.
 */
unsigned char *buffer_reserve(struct buffer *buffer, size_t length);
/* Appends; false at the limit or when memory is out, and then nothing was appended. */
MUST_USE bool buffer_add(struct buffer *buffer, const void *from, size_t length);
/* Drops length bytes at the front. */
void buffer_drop(struct buffer *buffer, size_t length);
/* Empties it and gives its memory back. */
void buffer_done(struct buffer *buffer);

#endif
