/* Bodies from any bytes: what is decoded can be written as JSON. */
#include <stdlib.h>

#include "audit/body.h"
#include "common/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct value value;

	arena_init(&arena, BODY_ARENA_MAX);
	if (size <= 65536 && body_decode(data, size, &arena, &value, NULL) == ERR_OK) {
		char *text = json_write(&value, JSON_STYLE_COMPACT, NULL);

		if (text == NULL)
			abort();
		free(text);
	}
	arena_clear(&arena);
	return 0;
}
