/* A line of mountinfo, whatever it holds, is judged without reading past it. */
#include <stdint.h>
#include <stdlib.h>

#include "sandbox/mount_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);
	const char *point = NULL;

	if (line == NULL)
		abort();
	memcpy(line, data, size);
	line[size] = '\0';
	if (mount_table_line_is_sound(line, &point) && point[0] == '\0')
		abort();
	if (point == NULL)
		abort();
	free(line);
	return 0;
}
