/* Any packet, on any channel and with any count of descriptors: a verdict, and nothing outside the
 * packet is believed. The first byte chooses the descriptors, the second the two roles. */
#include <stdint.h>
#include <stdlib.h>

#include "common/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_message message = {0};
	struct fault fault = {0};
	size_t length = size < 2 ? 0 : size - 2, body, extra;
	unsigned char *packet;
	enum err r;
	int fds;

	if (size < 2)
		return 0;
	packet = malloc(length + 1); /* aligned, and its end is where a sanitizer looks */
	if (packet == NULL)
		return 0;
	memcpy(packet, data + 2, length);
	r = wire_check(packet, length, data[0] % (WIRE_FDS_MAX + 1),
	    (enum wire_role)(1U << (data[1] & 3)), (enum wire_role)(1U << (data[1] >> 2 & 3)),
	    &message, &fault);
	require(r == fault.code);
	if (r == ERR_OK) {
		require(wire_shape(message.type, &body, &extra, &fds));
		require(message.extra_length <= extra && fds == data[0] % (WIRE_FDS_MAX + 1));
		require(message.extra + message.extra_length == packet + length);
	}
	free(packet);
	return 0;
}
