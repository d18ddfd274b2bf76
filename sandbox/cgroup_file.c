#include "sandbox/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>

#include "common/io.h"

int
cgroup_file_write(int dir_fd, const char *name, const char *text)
{
	SCOPED_FD fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : io_write_full(fd, text, strlen(text));
}

int
cgroup_file_read(int dir_fd, const char *name, char *ret, size_t size)
{
	SCOPED_FD fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = io_read_full(fd, ret, size);
	if (n < 0)
		return (int)n;
	if ((size_t)n == size)
		return -EFBIG;
	if (n > 0 && ret[n - 1] == '\n')
		n--;
	ret[n] = '\0';
	return 0;
}

void
cgroup_file_hand_down(int dir_fd)
{
	static const char *const controllers[] = {"+memory", "+pids", "+cpu", "+io"};

	/* One by one: a write that names one that is missing does nothing at all. */
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (cgroup_file_write(dir_fd, "cgroup.subtree_control", controllers[i]) < 0)
			continue;
}

uint64_t
cgroup_file_number(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, key, length) == 0 && at[length] == ' ')
			return strtoull(at + length + 1, NULL, 10);
	}
	return 0;
}
