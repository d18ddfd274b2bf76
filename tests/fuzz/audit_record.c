/* Leaves from any bytes: what is read packs to the same bytes again. */
#include <stdlib.h>
#include <string.h>

#include "audit/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct audit_record record;
	unsigned char *leaf = NULL;
	size_t length = 0;

	if (record_parse(data, size, &record) != NULL)
		return 0;
	if (record_pack(&record, &leaf, &length, NULL) != ERR_OK)
		abort();
	if (length != size || memcmp(leaf, data, size) != 0)
		abort();
	free(leaf);
	return 0;
}
