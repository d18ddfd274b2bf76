#include "sandbox/namespaces.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/layer.h"

#define NAMESPACE_ROW(layer, outside, inside) \
	[NAMESPACE_##layer] = {outside, inside, LAYER_##layer},
static const struct {
	const char *outside, *inside;
	unsigned layer;
} rows[NAMESPACE_COUNT] = {NAMESPACE_TABLE(NAMESPACE_ROW)};

static uint64_t
inode(int proc_fd, const char *name)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "self/ns/%s", name);
	return fstatat(proc_fd, path, &st, 0) == 0 ? st.st_ino : 0;
}

int
namespaces_outside(int proc_fd, uint64_t ret[NAMESPACE_COUNT])
{
	for (unsigned i = 0; i < NAMESPACE_COUNT; i++)
		ret[i] = inode(proc_fd, rows[i].outside);
	return ret[NAMESPACE_MOUNT_NS] != 0 ? 0 : -ENOSYS;
}

uint64_t
namespaces_new(int proc_fd, const uint64_t outside[NAMESPACE_COUNT])
{
	uint64_t layers = 0;

	for (unsigned i = 0; i < NAMESPACE_COUNT; i++) {
		uint64_t ours = inode(proc_fd, rows[i].inside);

		if (ours != 0 && outside[i] != 0 && ours != outside[i])
			layers |= UINT64_C(1) << rows[i].layer;
	}
	return layers;
}
