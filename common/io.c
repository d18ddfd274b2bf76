#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

ssize_t
io_read_full(int fd, void *to, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = read(fd, (char *)to + done, length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int
io_write_full(int fd, const void *from, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = write(fd, (const char *)from + done, length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

int
io_pwrite_full(int fd, const void *from, size_t length, off_t offset)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n =
		    pwrite(fd, (const char *)from + done, length - done, offset + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

int
io_read_file(int dir_fd, const char *path, size_t max, char **ret_data, size_t *ret_length)
{
	SCOPED_FD fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	SCOPED_FREE char *data = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	/* One byte more than stat said: a file that grew is noticed, not cut. */
	data = malloc((size_t)st.st_size + 2);
	if (data == NULL)
		return -ENOMEM;
	n = io_read_full(fd, data, (size_t)st.st_size + 1);
	if (n < 0)
		return (int)n;
	if (n > st.st_size)
		return -EAGAIN;
	data[n] = '\0';
	*ret_length = (size_t)n;
	*ret_data = TAKE(data);
	return 0;
}

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

int
io_sealed_new(const char *name, const void *data, size_t length, int *ret_fd)
{
	SCOPED_FD fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write_full(fd, data, length);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int
io_sealed_map(int fd, size_t max, const void **ret_data, size_t *ret_length)
{
	struct stat st;
	void *data = NULL;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & SEALS) != SEALS)
		return -EPERM;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	if (st.st_size > 0) {
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED)
			return -errno;
	}
	*ret_data = data;
	*ret_length = (size_t)st.st_size;
	return 0;
}

void
io_sealed_unmap(const void *data, size_t length)
{
	if (data != NULL)
		munmap((void *)(uintptr_t)data, length);
}

void
io_allow_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}
