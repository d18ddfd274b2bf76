#include "sandbox/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

struct option {
	const char *key, *value;
	bool may_lack; /* a kernel may not know it */
};

/* options ends with a zeroed row. */
static int
new_mount(const char *type, const struct option *options, uint64_t attributes)
{
	SCOPED_FD fs = fsopen(type, FSOPEN_CLOEXEC);
	int mount;

	if (fs < 0)
		return -errno;
	for (; options->key != NULL; options++)
		if (fsconfig(fs, FSCONFIG_SET_STRING, options->key, options->value, 0) < 0 &&
		    !options->may_lack)
			return -errno;
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attributes);
	return mount < 0 ? -errno : mount;
}

int
mounts_tmpfs(uint64_t bytes, uint64_t inodes, const char *mode, bool is_dense, uint64_t attributes)
{
	char size[32], count[32];
	const struct option options[] = {{"size", size, false}, {"nr_inodes", count, false},
	    {"mode", mode, false}, {is_dense ? "huge" : NULL, "within_size", true},
	    {NULL, NULL, false}};

	snprintf(size, sizeof(size), "%llu", (unsigned long long)bytes);
	snprintf(count, sizeof(count), "%llu", (unsigned long long)inodes);
	return new_mount("tmpfs", options, attributes);
}

int
mounts_proc(void)
{
	/* hidepid=ptraceable hides even processes of the same uid that may not be traced, such as
	 * praxa-init; subset=pid leaves out /proc/sys, /proc/kcore and everything else. Linux 5.8.
	 */
	static const struct option options[] = {
	    {"hidepid", "ptraceable", false}, {"subset", "pid", false}, {NULL, NULL, false}};

	return new_mount("proc", options,
	    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int
mounts_proc_whole(void)
{
	static const struct option options[] = {{NULL, NULL, false}};

	return new_mount("proc", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int
mounts_restrict(int mount_fd, uint64_t attributes)
{
	/* Private: where the host's mounts are shared, as under systemd, a copy joins their peer
	 * group, and what is mounted on the host later would appear in the cell. */
	struct mount_attr attr = {.attr_set = attributes, .propagation = MS_PRIVATE};

	return mount_setattr(mount_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0
		   ? -errno
		   : 0;
}

int
mounts_copy(int dir_fd, const char *path, uint64_t attributes)
{
	SCOPED_FD tree = open_tree(dir_fd, path,
	    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW |
		(path[0] == '\0' ? AT_EMPTY_PATH : 0));
	int r;

	if (tree < 0)
		return -errno;
	r = mounts_restrict(tree, attributes);
	return r < 0 ? r : TAKE_FD(tree);
}

int
mounts_open_beneath(int root_fd, const char *path)
{
	struct open_how how = {
	    .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int
mounts_make_dir(int root_fd, const char *path)
{
	char part[256];
	size_t length = strlen(path);

	if (length >= sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdirat(root_fd, part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return mounts_open_beneath(root_fd, path);
}

int
mounts_attach(int mount_fd, int target_fd)
{
	return move_mount(mount_fd, "", target_fd, "",
		   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0
		   ? -errno
		   : 0;
}

int
mounts_attach_new(int mount_fd, int root_fd, const char *path)
{
	return move_mount(mount_fd, "", root_fd, path, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}
