/* Groups and segment headers from any bytes: what is called whole accounts for every byte of it. */
#include <stdlib.h>

#include "audit/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct group group;
	struct segment_header header;
	uint64_t index = size > 20 ? data[12] : 0;

	if (size >= AUDIT_BLOCK && segment_header_parse(data, &header) == NULL) {
		unsigned char again[AUDIT_BLOCK];

		segment_header_put(again, &header);
	}
	if (size > GROUP_BYTES_MAX)
		size = GROUP_BYTES_MAX;
	if (group_parse(data, size, 1, index, &group) == GROUP_WHOLE &&
	    (group.bytes > size || group.count == 0))
		abort();
	(void)group_starts_at(data, size, 1);
	return 0;
}
