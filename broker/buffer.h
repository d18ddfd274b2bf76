/* buffer.h - bytes that grow up to a limit: what is encoded before it is sent. */
#ifndef BROKER_BUFFER_H
#define BROKER_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/scope.h"

/* Zeroed with a limit: empty. */
struct broker_buffer {
	unsigned char *data;
	size_t length, capacity;
	size_t limit; /* bytes */
};

/* Makes room for length more bytes behind the ones held; NULL at the limit or when memory is out.
 */
unsigned char *broker_buffer_reserve(struct broker_buffer *buffer, size_t length);
/* Appends; false at the limit or when memory is out, and then nothing was appended. */
MUST_USE bool broker_buffer_add(struct broker_buffer *buffer, const void *from, size_t length);
/* Drops length bytes at the front. */
void broker_buffer_drop(struct broker_buffer *buffer, size_t length);
/* Empties it and gives its memory back. */
void broker_buffer_done(struct broker_buffer *buffer);

#endif
