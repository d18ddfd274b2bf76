#include "common/buffer.h"

enum { FIRST_BYTES = 512 };

unsigned char *
buffer_reserve(struct buffer *buffer, size_t length)
{
	size_t want, capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_BYTES;
	unsigned char *data;

	if (buffer->length > buffer->limit || length > buffer->limit - buffer->length)
		return NULL;
	want = buffer->length + length;
	if (want <= buffer->capacity && buffer->data != NULL)
		return buffer->data + buffer->length;
	/* Doubling keeps the copies linear; the limit is a sum of constants far below SIZE_MAX. */
	while (capacity < want)
		capacity *= 2;
	if (capacity > buffer->limit)
		capacity = buffer->limit;
	data = realloc(buffer->data, capacity > 0 ? capacity : 1);
	if (data == NULL)
		return NULL;
	buffer->data = data;
	buffer->capacity = capacity;
	return data + buffer->length;
}

bool
buffer_add(struct buffer *buffer, const void *from, size_t length)
{
	unsigned char *to = buffer_reserve(buffer, length);

	if (to == NULL)
		return false;
	if (length > 0)
		memcpy(to, from, length);
	buffer->length += length;
	return true;
}

void
buffer_drop(struct buffer *buffer, size_t length)
{
	buffer->length -= length;
	if (buffer->length > 0)
		memmove(buffer->data, buffer->data + length, buffer->length);
}

void
buffer_done(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){.limit = buffer->limit};
}
