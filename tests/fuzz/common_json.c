/* Any text either is refused or survives a round trip through the writer unchanged in value. */
#include <stdint.h>
#include <stdlib.h>

#include "common/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static void
round_trip(const struct value *value, enum json_style style)
{
	size_t length = 0;
	SCOPED_FREE char *text = json_write(value, style, &length);
	struct arena arena;
	struct value again;

	arena_init(&arena, 64 * 1024 * 1024);
	require(text != NULL && strlen(text) == length);
	require(json_parse(text, length, &arena, &again, NULL) == ERR_OK);
	require(value_equal(value, &again));
	arena_clear(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fault fault = {0};
	struct arena arena;
	struct value value;
	enum err r;

	arena_init(&arena, 1024 * 1024);
	r = json_parse((const char *)data, size, &arena, &value, &fault);
	require(r == fault.code && arena.used <= arena.limit);
	if (r == ERR_OK) {
		round_trip(&value, JSON_STYLE_COMPACT);
		round_trip(&value, JSON_STYLE_PRETTY);
	}
	arena_clear(&arena);
	return 0;
}
