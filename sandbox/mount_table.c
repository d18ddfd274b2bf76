#include "sandbox/mount_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static bool
has_option(const char *options, const char *wanted)
{
	size_t length = strlen(wanted);

	for (const char *at = options; *at != '\0'; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",") == length && memcmp(at, wanted, length) == 0)
			return true;
	return false;
}

/* "36 35 98:0 /root /point rw,nosuid shared:1 master:2 - type source options" */
bool
mount_table_line_is_sound(char *line, const char **ret_point)
{
	enum { POINT = 4, OPTIONS, FIELDS };
	char *save = NULL, *field[FIELDS], *peer;

	*ret_point = "";
	for (int i = 0; i < FIELDS; i++) {
		field[i] = strtok_r(i == 0 ? line : NULL, " \n", &save);
		if (field[i] == NULL)
			return false;
	}
	*ret_point = field[POINT];
	peer = strtok_r(NULL, " \n", &save);
	return peer != NULL && strcmp(peer, "-") == 0 && has_option(field[OPTIONS], "nosuid") &&
	       (has_option(field[OPTIONS], "nodev") || strncmp(field[POINT], "/dev/", 5) == 0) &&
	       (has_option(field[OPTIONS], "ro") || strcmp(field[POINT], "/tmp") == 0);
}

int
mount_table_check(int proc_fd, char *wrong, size_t size)
{
	int fd = openat(proc_fd, "self/mountinfo", O_RDONLY | O_CLOEXEC), count = 0, r = 0;
	FILE *table = fd >= 0 ? fdopen(fd, "r") : NULL;
	SCOPED_FREE char *line = NULL;
	size_t room = 0;

	if (table == NULL)
		return -errno;
	while (r == 0 && getline(&line, &room, table) > 0) {
		const char *point;

		count++;
		if (!mount_table_line_is_sound(line, &point)) {
			snprintf(wrong, size, "%s", point);
			r = -EPERM;
		}
	}
	fclose(table);
	return r == 0 && count == 0 ? -ENODATA : r;
}
