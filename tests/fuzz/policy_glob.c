/* The glob compiler and matcher, against the naive definition where that can finish.
 * Input: one byte with the pattern's length, the pattern, the text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"
#include "tests/policy/naive_glob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { NAIVE_TEXT_MAX = 16, NAIVE_PATTERN_MAX = 16 };
	char pattern[256] = "";
	const char *fault = NULL, *text;
	struct arena arena;
	struct glob glob;
	size_t length;

	if (size == 0 || data[0] > size - 1)
		return 0;
	length = data[0];
	memcpy(pattern, data + 1, length);
	text = (const char *)data + 1 + length;
	size -= 1 + length;
	arena_init(&arena, 1 << 20);
	if (policy_glob_compile(pattern, length, &arena, &glob, &fault)) {
		bool match = policy_glob_match(&glob, text, size);

		if (length <= NAIVE_PATTERN_MAX && size <= NAIVE_TEXT_MAX &&
		    naive_glob(pattern, text, size) != match)
			abort();
	}
	arena_clear(&arena);
	return 0;
}
