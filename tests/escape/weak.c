/* What turns praxa-init into praxa-init-weak: the linker sends the calls that put up a guard here
 * (--wrap), and for a guard that is off they do nothing and say that all is well. For the tests
 * only, never installed; the objects of praxa-init are the product's own, bit for bit. Which guards
 * are off stands in the cell's host name (WEAK_HOSTNAME). */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "sandbox/enter.h"
#include "sandbox/landlock.h"
#include "sandbox/layout.h"
#include "sandbox/limits.h"
#include "sandbox/mount_table.h"
#include "sandbox/mounts.h"
#include "sandbox/privileges.h"
#include "sandbox/root.h"
#include "tests/escape/guards.h"

static uint64_t off;               /* guards that are off */
static const void *program_filter; /* tells the program's filter from praxa-init's own */

static bool
is_off(uint64_t guards)
{
	return (off & guards) != 0;
}

#define OFF(name) is_off(GUARD_BIT(name))

/* What the linker renames has no header; its type is that of the call it stands for. */
#define WRAP(type, name, ...)                          \
	__typeof__(name) __real_##name, __wrap_##name; \
	type __wrap_##name(__VA_ARGS__)

WRAP(bool, plan_parse, const void *data, size_t length, struct plan *ret)
{
	if (!__real_plan_parse(data, length, ret))
		return false;
	if (strncmp(ret->hostname, "cell-", 5) == 0)
		off = strtoull(ret->hostname + 5, NULL, 16);
	program_filter = ret->filter;
	return true;
}

/* Without a namespace of its own process 1 inherits no orphans, and cannot tell that there are
 * none. */
WRAP(pid_t, waitpid, pid_t pid, int *status, int options)
{
	if (OFF(PID_NS) && pid == -1 && status == NULL && options == WNOHANG)
		return 0;
	return __real_waitpid(pid, status, options);
}

WRAP(int, privileges_drop, void)
{
	if (OFF(NO_CAPABILITIES))
		return 0;
	/* Landlock and seccomp ask for either: without the flag process 2 keeps its capabilities
	 * for them, and execve takes what is not ambient; process 1 drops its own after the fork.
	 */
	if (!OFF(NO_NEW_PRIVS))
		return __real_privileges_drop();
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* Process 1 has a filter of its own to put up, and is not whom the guard is about: it has the flag
 * and no capabilities before process 2 goes on. */
WRAP(pid_t, fork, void)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (!OFF(NO_NEW_PRIVS))
		return __real_fork();
	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = __real_fork();
	if (pid > 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			   (!OFF(NO_CAPABILITIES) && __real_privileges_drop() < 0)))
		_exit(1);
	close(ready[1]);
	if (pid == 0 && read(ready[0], &byte, 1) != 0)
		_exit(1);
	close(ready[0]);
	return pid;
}

WRAP(int, privileges_forbid_new, void)
{
	return OFF(NO_NEW_PRIVS) ? 0 : __real_privileges_forbid_new();
}

WRAP(int, privileges_new_keyring, void)
{
	return OFF(KEYRING) ? 0 : __real_privileges_new_keyring();
}

WRAP(int, landlock_enter, const struct plan *plan, uint32_t *ret_abi)
{
	return OFF(LANDLOCK) ? 0 : __real_landlock_enter(plan, ret_abi);
}

WRAP(int, limits_set, const struct policy_limits *limits)
{
	const struct rlimit none = {1, 1};

	if (!OFF(RLIMITS))
		return __real_limits_set(limits);
	return OFF(NO_DUMP) ? 0 : setrlimit(RLIMIT_CORE, &none);
}

WRAP(int, setrlimit64, __rlimit_resource_t resource, const struct rlimit64 *limit)
{
	if (OFF(NO_DUMP) && resource == RLIMIT_CORE)
		return 0;
	return __real_setrlimit64(resource, limit);
}

WRAP(int, getrlimit64, __rlimit_resource_t resource, struct rlimit64 *ret)
{
	if (OFF(NO_DUMP) && resource == RLIMIT_CORE) {
		*ret = (struct rlimit64){1, 1};
		return 0;
	}
	return __real_getrlimit64(resource, ret);
}

static uint64_t
without(uint64_t attributes)
{
	if (OFF(READ_ONLY))
		attributes &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	if (OFF(MOUNT_FLAGS))
		attributes &= ~(uint64_t)(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return attributes;
}

WRAP(int, mounts_copy, int dir_fd, const char *path, uint64_t attributes)
{
	return __real_mounts_copy(dir_fd, path, without(attributes));
}

WRAP(int, mounts_restrict, int mount_fd, uint64_t attributes)
{
	return __real_mounts_restrict(mount_fd, without(attributes));
}

WRAP(int, mounts_tmpfs, uint64_t bytes, uint64_t inodes, const char *mode, bool is_dense,
    uint64_t attributes)
{
	if (OFF(TMP_SIZE) && strcmp(mode, "1777") == 0) {
		bytes = UINT64_C(1) << 30;
		inodes = 1000000;
	}
	return __real_mounts_tmpfs(bytes, inodes, mode, is_dense, without(attributes));
}

WRAP(int, mount_table_check, int proc_fd, char *wrong, size_t size)
{
	if (is_off(
		GUARD_BIT(READ_ONLY) | GUARD_BIT(MOUNT_FLAGS) | GUARD_BIT(PROC) | GUARD_BIT(ROOT)))
		return 0;
	return __real_mount_table_check(proc_fd, wrong, size);
}

WRAP(int, root_seal, struct enter *enter)
{
	return is_off(GUARD_BIT(READ_ONLY) | GUARD_BIT(MOUNT_FLAGS)) ? 0 : __real_root_seal(enter);
}

WRAP(int, root_proc, struct enter *enter)
{
	SCOPED_FD fs = -1, mount = -1, target = -1;

	if (!OFF(PROC))
		return __real_root_proc(enter);
	fs = fsopen("proc", FSOPEN_CLOEXEC);
	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	target = mounts_make_dir(enter->root_fd, "proc");
	if (mount < 0 || target < 0)
		return -errno;
	return mounts_attach(mount, target);
}

/* Shows a directory of the cell's root at the same place of the host's. */
static int
show(const struct enter *enter, const char *path)
{
	SCOPED_FD tree = open_tree(enter->root_fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	SCOPED_FD host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	SCOPED_FD target = openat(host, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (tree < 0 || target < 0)
		return -errno;
	return mounts_attach(tree, target);
}

WRAP(int, root_pivot, struct enter *enter)
{
	int r;

	if (!OFF(ROOT))
		return __real_root_pivot(enter);
	/* The host's /proc too, where ours lies over it. */
	umount2("/proc", MNT_DETACH);
	r = show(enter, "mnt");
	return r < 0 ? r : show(enter, "srv");
}

/* Only what the read-backs ask. */
WRAP(int, open64, const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list rest;

	if (is_off(GUARD_BIT(SESSION) | GUARD_BIT(ROOT)) && strcmp(path, "/dev/tty") == 0) {
		errno = ENXIO;
		return -1;
	}
	va_start(rest, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(rest, unsigned);
	va_end(rest);
	return __real_open64(path, flags, mode);
}

WRAP(pid_t, setsid, void)
{
	return OFF(SESSION) ? getpid() : __real_setsid();
}

WRAP(pid_t, getsid, pid_t pid)
{
	return OFF(SESSION) ? getpid() : __real_getsid(pid);
}

WRAP(int, unshare, int flags)
{
	if (OFF(TIME_NS) && flags == CLONE_NEWTIME) {
		errno = EINVAL;
		return -1;
	}
	if (OFF(NESTED) && flags == CLONE_NEWUSER) {
		errno = ENOSPC;
		return -1;
	}
	if (OFF(CGROUP_NS) && flags == CLONE_NEWCGROUP)
		return 0;
	return __real_unshare(flags);
}

WRAP(int, io_write_full, int fd, const void *from, size_t length)
{
	if (OFF(NESTED) && length == 1 && memcmp(from, "0", 1) == 0)
		return 0;
	return __real_io_write_full(fd, from, length);
}

WRAP(int, sethostname, const char *name, size_t length)
{
	return OFF(UTS_NS) ? 0 : __real_sethostname(name, length);
}

WRAP(int, setdomainname, const char *name, size_t length)
{
	return OFF(UTS_NS) ? 0 : __real_setdomainname(name, length);
}

WRAP(int, prctl, int option, ...)
{
	unsigned long value[4];
	va_list rest;

	va_start(rest, option);
	for (int i = 0; i < 4; i++)
		value[i] = va_arg(rest, unsigned long);
	va_end(rest);
	if (OFF(DUMPABLE) && option == PR_SET_DUMPABLE)
		value[0] = 1;
	if (OFF(DUMPABLE) && option == PR_GET_DUMPABLE)
		return 0;
	if (OFF(SECCOMP) && option == PR_GET_SECCOMP)
		return SECCOMP_MODE_FILTER;
	return __real_prctl(option, value[0], value[1], value[2], value[3]);
}

WRAP(long, syscall, long number, ...)
{
	long value[6];
	va_list rest;

	va_start(rest, number);
	for (int i = 0; i < 6; i++)
		value[i] = va_arg(rest, long);
	va_end(rest);
	if (OFF(SECCOMP) && number == SYS_seccomp) {
		const struct sock_fprog *program = (const void *)value[2];

		if (program->filter == program_filter)
			return 0;
	}
	/* Process 2's, in the step "descriptors"; praxa-init's own has other numbers. */
	if (OFF(CLOSED_FDS) && number == SYS_close_range && value[0] == FD_REPORT + 1)
		return 0;
	return __real_syscall(number, value[0], value[1], value[2], value[3], value[4], value[5]);
}

WRAP(int, poll, struct pollfd *fds, nfds_t count, int timeout)
{
	if (!OFF(CLOSED_FDS))
		return __real_poll(fds, count, timeout);
	for (nfds_t i = 0; i < count; i++)
		fds[i].revents = POLLNVAL;
	return (int)count;
}
