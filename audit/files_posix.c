#include "audit/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "common/io.h"

struct posix {
	int dir;
	int keys; /* dir/keys; -1: opened for reading */
	int lock; /* -1: opened for reading */
};

static int
posix_list(void *state, int (*each)(void *context, const char *name), void *context)
{
	struct posix *p = state;
	/* A descriptor of its own: the position of a shared one would be shared too. */
	int fd = openat(p->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	int r = 0;

	if (dir == NULL) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	while (r == 0 && (errno = 0, entry = readdir(dir)) != NULL)
		r = each(context, entry->d_name);
	if (r == 0)
		r = -errno;
	closedir(dir);
	return r;
}

static int
posix_open(void *state, const char *name, enum audit_file_mode mode)
{
	static const int flags[] = {
	    [AUDIT_FILE_READ] = O_RDONLY,
	    [AUDIT_FILE_WRITE] = O_RDWR,
	    [AUDIT_FILE_CREATE] = O_RDWR | O_CREAT | O_EXCL,
	};
	struct posix *p = state;
	struct stat st;
	int fd = openat(p->dir, name, flags[mode] | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0)
		return -errno;
	/* A pipe or device in the folder is not a log, and reading one could block. */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

static void
posix_close(void *state, int handle)
{
	(void)state;
	close(handle);
}

static int64_t
posix_size(void *state, int handle)
{
	struct stat st;

	(void)state;
	return fstat(handle, &st) < 0 ? -errno : st.st_size;
}

static ssize_t
posix_read(void *state, int handle, void *to, size_t length, uint64_t offset)
{
	size_t got = 0;

	(void)state;
	while (got < length) {
		ssize_t n = pread(handle, (char *)to + got, length - got, (off_t)(offset + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static int
posix_write(void *state, int handle, const void *from, size_t length, uint64_t offset)
{
	(void)state;
	return io_pwrite_full(handle, from, length, (off_t)offset);
}

static int
posix_sync(void *state, int handle)
{
	(void)state;
	return fsync(handle) < 0 ? -errno : 0;
}

static int
posix_rename(void *state, const char *from, const char *to)
{
	struct posix *p = state;

	return renameat(p->dir, from, p->dir, to) < 0 ? -errno : 0;
}

static int
posix_remove(void *state, const char *name)
{
	struct posix *p = state;

	return unlinkat(p->dir, name, 0) < 0 ? -errno : 0;
}

static int
posix_sync_dir(void *state)
{
	struct posix *p = state;

	/* Both folders: a key that is lost is a log that cannot go on. */
	if (fsync(p->dir) < 0 || (p->keys >= 0 && fsync(p->keys) < 0))
		return -errno;
	return 0;
}

static void
posix_free(void *state)
{
	struct posix *p = state;

	if (p->lock >= 0)
		close(p->lock);
	if (p->keys >= 0)
		close(p->keys);
	if (p->dir >= 0)
		close(p->dir);
	free(p);
}

static const struct audit_files_ops posix_ops = {
    .list = posix_list,
    .open = posix_open,
    .close = posix_close,
    .size = posix_size,
    .read = posix_read,
    .write = posix_write,
    .sync = posix_sync,
    .rename = posix_rename,
    .remove = posix_remove,
    .sync_dir = posix_sync_dir,
    .free = posix_free,
};

int
audit_files_open(const char *dir, struct audit_files *ret)
{
	struct posix *p = malloc(sizeof(*p));

	if (p == NULL)
		return -ENOMEM;
	*p = (struct posix){.dir = openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0),
	    .keys = -1,
	    .lock = -1};
	if (p->dir < 0) {
		int r = -errno;

		posix_free(p);
		return r;
	}
	*ret = (struct audit_files){&posix_ops, p};
	return 0;
}

static int
take_lock(int dir, int *ret_fd)
{
	enum { TRIES = 50, PAUSE_NS = 5 * 1000 * 1000 };
	SCOPED_FD fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		const struct timespec pause = {0, PAUSE_NS};

		if (errno != EWOULDBLOCK || i == TRIES)
			return -errno;
		nanosleep(&pause, NULL);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int
open_keys(int dir, int *ret_fd)
{
	*ret_fd = openat(dir, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0);
	return *ret_fd < 0 ? -errno : 0;
}

static int
make_dir(int at, const char *name)
{
	return mkdirat(at, name, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int
audit_files_open_locked(const char *dir, struct audit_files *ret)
{
	struct audit_files files = {0};
	struct posix *p;
	int r = make_dir(AT_FDCWD, dir);

	if (r == 0)
		r = audit_files_open(dir, &files);
	if (r < 0)
		return r;
	p = files.state;
	r = make_dir(p->dir, "keys");
	if (r == 0)
		r = open_keys(p->dir, &p->keys);
	if (r == 0)
		r = take_lock(p->dir, &p->lock);
	if (r < 0) {
		audit_files_close(&files);
		return r;
	}
	*ret = files;
	return 0;
}

int
audit_files_fd(const struct audit_files *files)
{
	return files->ops == &posix_ops ? ((struct posix *)files->state)->dir : -1;
}
