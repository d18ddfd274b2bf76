#include "sandbox/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/io.h"
#include "common/pack_scan.h"
#include "sandbox/mounts.h"

enum { PAGE = 4096 };

/* An upper bound of what the files need, so that unpacking cannot fill memory. */
static void
measure(const struct pack_file *files, uint32_t count, uint64_t *ret_bytes, uint64_t *ret_inodes)
{
	*ret_bytes = PAGE; /* 0 would mean unlimited */
	*ret_inodes = 1;   /* the root directory */
	for (uint32_t i = 0; i < count; i++) {
		*ret_bytes += (uint64_t)files[i].length + PAGE;
		*ret_inodes += 1;
		for (uint32_t j = 0; j < files[i].name_length; j++)
			*ret_inodes += files[i].name[j] == '/';
	}
}

static int
make_parents(int dir_fd, char *path)
{
	for (char *at = path; (at = strchr(at, '/')) != NULL; at++) {
		int r;

		*at = '\0';
		r = mkdirat(dir_fd, path, 0755);
		*at = '/';
		if (r < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int
put_file(int dir_fd, const struct pack_file *file)
{
	char path[PACK_NAME_MAX + 1];
	SCOPED_FD fd = -1;
	int r;

	/* The scan has bounded the name and refused '..'; the tree is ours alone. */
	memcpy(path, file->name, file->name_length);
	path[file->name_length] = '\0';
	fd = openat(dir_fd, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0555);
	if (fd < 0 && errno == ENOENT) {
		r = make_parents(dir_fd, path);
		if (r < 0)
			return r;
		fd = openat(dir_fd, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0555);
	}
	return fd < 0 ? -errno : io_write_full(fd, file->data, file->length);
}

static int
put_files(const struct pack_file *files, uint32_t count)
{
	SCOPED_FD mount = -1;
	uint64_t bytes, inodes;
	int r = 0;

	measure(files, count, &bytes, &inodes);
	mount = mounts_tmpfs(bytes, inodes, "0755", true, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (mount < 0)
		return mount;
	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = put_file(mount, &files[i]);
	if (r == 0)
		r = mounts_restrict(mount, MOUNT_ATTR_RDONLY);
	return r < 0 ? r : TAKE_FD(mount);
}

int
unpack_bundle(int pack_fd)
{
	SCOPED_FREE struct pack_file *files = NULL;
	const void *map = NULL;
	size_t length = 0;
	uint32_t count = 0;
	int r = io_sealed_map(pack_fd, PACK_BYTES_MAX, &map, &length);

	if (r < 0)
		return r;
	r = pack_scan(map, length, &files, &count, NULL) == ERR_OK ? put_files(files, count)
								   : -EBADMSG;
	io_sealed_unmap(map, length);
	return r;
}
