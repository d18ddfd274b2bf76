#include "sandbox/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/layer.h"

#define NAMESPACE_ROW(layer, outside, inside) \
	[NAMESPACE_##layer] = {outside, inside, LAYER_##layer},
static const struct {
	const char *outside, *inside;
	unsigned layer;
} rows[NAMESPACE_COUNT] = {NAMESPACE_TABLE(NAMESPACE_ROW)};

static int
open_dir(int proc_fd)
{
	return openat(proc_fd, "self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static uint64_t
inode(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, 0) == 0 ? st.st_ino : 0;
}

static uint64_t
layer_if_new(unsigned i, int dir_fd, const uint64_t outside[NAMESPACE_COUNT])
{
	uint64_t ours = inode(dir_fd, rows[i].inside);

	return ours != 0 && outside[i] != 0 && ours != outside[i] ? UINT64_C(1) << rows[i].layer
								  : 0;
}

int
namespaces_outside(int proc_fd, uint64_t ret[NAMESPACE_COUNT])
{
	SCOPED_FD dir = open_dir(proc_fd);

	for (unsigned i = 0; i < NAMESPACE_COUNT; i++)
		ret[i] = inode(dir, rows[i].outside);
	return ret[NAMESPACE_MOUNT_NS] != 0 ? 0 : -ENOSYS;
}

uint64_t
namespaces_new(int proc_fd, const uint64_t outside[NAMESPACE_COUNT])
{
	SCOPED_FD dir = open_dir(proc_fd);
	uint64_t layers = 0;

	for (unsigned i = 0; i < NAMESPACE_COUNT; i++)
		layers |= layer_if_new(i, dir, outside);
	return layers;
}

bool
namespaces_time_is_new(int proc_fd, const uint64_t outside[NAMESPACE_COUNT])
{
	SCOPED_FD dir = open_dir(proc_fd);

	return layer_if_new(NAMESPACE_TIME_NS, dir, outside) != 0;
}
