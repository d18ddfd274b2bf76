/* Receipts from any bytes: the first line is the entry, the rest the receipt. Only the corpus knows
 * the log's key, so what verifies is an entry of that log. */
#include <stdlib.h>
#include <string.h>

#include "audit/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char vkey[] = "example.com/log/testdata+33d7b496+"
				   "AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	struct note_key key;
	struct receipt proven;

	if (note_key_parse(vkey, &key, NULL) != ERR_OK)
		abort();
	if (end != NULL &&
	    receipt_verify(&key, (const char *)end + 1, size - (end + 1 - data), data,
		(size_t)(end - data), &proven, NULL) == ERR_OK &&
	    (proven.index >= proven.size || proven.size > 15))
		abort();
	return 0;
}
