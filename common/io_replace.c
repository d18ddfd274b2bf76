/* A file that is replaced whole: written beside it, synced, renamed over it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/io.h"

/* Gives the fresh file what the old one had, and its content. */
static int
fill(int fd, const struct stat *old, const void *data, size_t length)
{
	int r = io_write_full(fd, data, length);

	if (r < 0)
		return r;
	/* The owner first: changing it takes set-user-ID bits away (chown(2)). */
	if (fchown(fd, old->st_uid, old->st_gid) < 0 || fchmod(fd, old->st_mode & 07777) < 0 ||
	    fsync(fd) < 0)
		return -errno;
	return 0;
}

static int
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	SCOPED_FREE char *dir =
	    slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	SCOPED_FD fd = -1;

	if (dir == NULL)
		return -ENOMEM;
	fd = openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int
io_replace_file(const char *path, const void *data, size_t length)
{
	SCOPED_FREE char *fresh = NULL;
	SCOPED_FD fd = -1;
	struct stat old;
	int r;

	if (lstat(path, &old) < 0)
		return -errno;
	if (!S_ISREG(old.st_mode))
		return S_ISLNK(old.st_mode) ? -ELOOP : -EINVAL;
	if (asprintf(&fresh, "%s.XXXXXX", path) < 0) {
		fresh = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fill(fd, &old, data, length);
	if (r == 0 && renameat(AT_FDCWD, fresh, AT_FDCWD, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(AT_FDCWD, fresh, 0);
		return r;
	}
	return sync_directory(path);
}
