/* The mount table, from inside. Each first tries to become all-powerful in a namespace below. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_MOUNTS(PROBE_DECLARE)
PROBES_BUILD(PROBE_DECLARE)

/* Newer than the headers: Linux 6.8. */
enum { CALL_STATMOUNT = 457, CALL_LISTMOUNT = 458 };

struct finding
probe_remount(void)
{
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};

	return judge(mount_setattr(AT_FDCWD, "/", 0, &attr, sizeof(attr)), "/ is writable");
}

struct finding
probe_unmount(void)
{
	return judge(umount2("/tmp", MNT_DETACH), "what is below /tmp");
}

struct finding
probe_mount_over(void)
{
	return judge(mount("none", "/tmp", "tmpfs", 0, NULL), "a tmpfs over /tmp");
}

struct finding
probe_mount_new(void)
{
	int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs < 0)
		return held(strerrorname_np(errno));
	return judge(fsconfig(fs, FSCONFIG_SET_STRING, "size", "4096", 0), "a file system context");
}

struct finding
probe_mount_copy(void)
{
	int tree = open_tree(AT_FDCWD, "/usr", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0)
		return held(strerrorname_np(errno));
	return judge(
	    move_mount(tree, "", AT_FDCWD, "/tmp", MOVE_MOUNT_F_EMPTY_PATH), "/usr over /tmp");
}

struct finding
probe_mount_list(void)
{
	/* struct mnt_id_req: size, reserved, mnt_id (LSMT_ROOT), param */
	uint64_t request[] = {24, UINT64_MAX, 0}, ids[64];

	return judge(
	    syscall(CALL_LISTMOUNT, request, ids, sizeof(ids) / sizeof(ids[0]), 0), "the mounts");
}

struct finding
probe_mount_userns(void)
{
	gain(CLONE_NEWNS);
	return judge(mount("none", "/tmp", "tmpfs", 0, NULL), "a tmpfs over /tmp");
}

struct finding
probe_pivot_again(void)
{
	gain(CLONE_NEWNS);
	if (mount("/tmp", "/tmp", NULL, MS_BIND, NULL) < 0)
		return held(strerrorname_np(errno));
	return judge(chdir("/tmp") < 0 ? -1 : syscall(SYS_pivot_root, ".", "."), "another root");
}

struct finding
probe_release_agent(void)
{
	gain(CLONE_NEWNS | CLONE_NEWCGROUP);
	if (mkdir("/tmp/cgroup", 0700) < 0 && errno != EEXIST)
		return held(strerrorname_np(errno));
	if (mount("cgroup", "/tmp/cgroup", "cgroup", 0, "cpuset") < 0 &&
	    mount("cgroup", "/tmp/cgroup", "cgroup", 0, "rdma") < 0)
		return held(strerrorname_np(errno));
	return judge_fd(
	    open("/tmp/cgroup/release_agent", O_WRONLY | O_CLOEXEC), "release_agent is writable");
}

struct finding
probe_swapped_source(void)
{
	if (access("/srv/etc", F_OK) == 0)
		return out("the host's root");
	return access("/srv/file", F_OK) == 0 ? held("what was opened") : out("something else");
}
