#include "sandbox/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "common/io.h"

static int
write_file(int dir_fd, const char *name, const char *text)
{
	SCOPED_FD fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : io_write_full(fd, text, strlen(text));
}

static int
write_map(int dir_fd, const char *name, unsigned outside)
{
	char line[64];

	snprintf(line, sizeof(line), "%d %u 1\n", IDMAP_INSIDE, outside);
	return write_file(dir_fd, name, line);
}

int
idmap_write(int proc_fd, pid_t pid, uid_t uid, gid_t gid, bool drop_groups)
{
	char name[32];
	SCOPED_FD dir = -1;
	int r;

	snprintf(name, sizeof(name), "%d", (int)pid);
	dir = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	r = write_map(dir, "uid_map", uid);
	if (r == 0 && !drop_groups)
		r = write_file(dir, "setgroups", "deny");
	return r == 0 ? write_map(dir, "gid_map", gid) : r;
}
