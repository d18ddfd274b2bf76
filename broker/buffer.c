#include "broker/buffer.h"

enum { FIRST_BYTES = 512 };

unsigned char *
broker_buffer_reserve(struct broker_buffer *buffer, size_t length)
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
broker_buffer_add(struct broker_buffer *buffer, const void *from, size_t length)
{
	unsigned char *to = broker_buffer_reserve(buffer, length);

	if (to == NULL)
		return false;
	if (length > 0)
		memcpy(to, from, length);
	buffer->length += length;
	return true;
}

void
broker_buffer_drop(struct broker_buffer *buffer, size_t length)
{
	buffer->length -= length;
	if (buffer->length > 0)
		memmove(buffer->data, buffer->data + length, buffer->length);
}

void
broker_buffer_done(struct broker_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct broker_buffer){.limit = buffer->limit};
}
