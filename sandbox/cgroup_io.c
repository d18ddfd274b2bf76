#include "sandbox/cgroup_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "sandbox/cgroup_file.h"

enum { IO_MAX_BYTES = 16 * 1024, NUMBER_MAX = 32, PATH_BYTES = 300 };

/* A small file of a disk in sysfs. */
static int
disk_file(int disks_fd, const char *disk, const char *file, char ret[NUMBER_MAX])
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", disk, file);
	return cgroup_file_read(disks_fd, path, ret, NUMBER_MAX);
}

/* Whether there is something to read from; a path of a multipath disk has no number. */
static bool
disk_number(int disks_fd, const char *disk, char ret[NUMBER_MAX])
{
	char size[NUMBER_MAX];

	return disk[0] != '.' && disk_file(disks_fd, disk, "size", size) == 0 &&
	       strcmp(size, "0") != 0 && disk_file(disks_fd, disk, "dev", ret) == 0;
}

/* Whether io.max has the line of a disk, with this limit. */
static int
read_back(int leaf_fd, const char *line)
{
	SCOPED_FREE char *text = malloc(IO_MAX_BYTES);
	size_t length = strlen(line);
	int r = text != NULL ? cgroup_file_read(leaf_fd, "io.max", text, IO_MAX_BYTES) : -ENOMEM;

	if (r < 0)
		return r;
	for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, line, length) == 0 &&
		    (at[length] == ' ' || at[length] == '\n' || at[length] == '\0'))
			return 0;
	}
	return -EPERM;
}

static int
limit_disk(int leaf_fd, const char *number, uint64_t bytes)
{
	char line[96];
	int r;

	snprintf(line, sizeof(line), "%s rbps=%" PRIu64, number, bytes);
	r = cgroup_file_write(leaf_fd, "io.max", line);
	return r < 0 ? r : read_back(leaf_fd, line);
}

int
cgroup_io_limit(int leaf_fd, int disks_fd, uint64_t bytes, char ret_disk[CGROUP_IO_NAME_MAX])
{
	SCOPED_FD fd = openat(disks_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char number[NUMBER_MAX];
	int r = -ENODEV;

	ret_disk[0] = '\0';
	if (faccessat(leaf_fd, "io.max", F_OK, 0) < 0)
		r = -ENOENT;
	if (dir == NULL)
		return r;
	TAKE_FD(fd);
	while ((r == 0 || r == -ENODEV) && ret_disk[0] == '\0' && (entry = readdir(dir)) != NULL) {
		if (!disk_number(disks_fd, entry->d_name, number))
			continue;
		r = limit_disk(leaf_fd, number, bytes);
		if (r < 0)
			snprintf(ret_disk, CGROUP_IO_NAME_MAX, "%.60s", entry->d_name);
	}
	closedir(dir);
	return r;
}

bool
cgroup_io_reaches(int fd)
{
	static const unsigned long without_number[] = {
	    TMPFS_MAGIC, RAMFS_MAGIC, OVERLAYFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC};
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return false;
	if (major(st.st_dev) != 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(without_number); i++)
		if ((unsigned long)fs.f_type == without_number[i])
			return true;
	return false;
}
