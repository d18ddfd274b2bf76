#include "common/layer.h"

#include <stdio.h>
#include <string.h>

#define LAYER_ROW(name, bit, text, meaning) [bit] = {text, meaning},
static const struct layer_info rows[LAYER_COUNT] = {LAYER_TABLE(LAYER_ROW)};

const struct layer_info *
layer_info(unsigned bit)
{
	return bit < LAYER_COUNT ? &rows[bit] : NULL;
}

bool
layer_from_name(const char *name, enum layer *ret)
{
	for (unsigned i = 0; i < LAYER_COUNT; i++)
		if (strcmp(rows[i].name, name) == 0) {
			*ret = (enum layer)i;
			return true;
		}
	return false;
}

void
layer_list(char *to, size_t size, uint64_t mask)
{
	size_t used = 0;

	to[0] = '\0';
	for (unsigned i = 0; i < LAYER_COUNT; i++) {
		int n;

		if ((mask >> i & 1) == 0)
			continue;
		n = snprintf(to + used, size - used, "%s%s", used > 0 ? ", " : "", rows[i].name);
		if (n < 0 || (size_t)n >= size - used)
			return;
		used += (size_t)n;
	}
}
