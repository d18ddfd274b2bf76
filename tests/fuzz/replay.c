/* Runs a fuzz target over its corpus, so that every finding stays a unit test. Usage: fuzz-NAME
 * DIR. Prints how many inputs ran; an empty or missing corpus is a failure. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	const struct dirent *entry;
	int count = 0;

	if (dir == NULL) {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 1;
	}
	while ((entry = readdir(dir)) != NULL) {
		char *data = NULL;
		size_t length = 0;

		if (entry->d_name[0] == '.')
			continue;
		if (io_read_file(dirfd(dir), entry->d_name, 16 * 1024 * 1024, &data, &length) < 0)
			return 1;
		LLVMFuzzerTestOneInput((const uint8_t *)data, length);
		free(data);
		count++;
	}
	closedir(dir);
	printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}
