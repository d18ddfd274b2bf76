#include "sandbox/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "common/io.h"
#include "sandbox/layout.h"
#include "sandbox/mounts.h"
#include "sandbox/unpack.h"

/* The root holds directories, links and a few small files. */
enum { ROOT_BYTES = 1024 * 1024, ROOT_INODES = 256 };

static const uint64_t read_only = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

int
root_begin(struct enter *enter)
{
	/* Before any other mount: without a user namespace the host's mounts are still shared with
	 * it, and ours would spread; with one they are slaves, and the host's would come in. */
	struct mount_attr attr = {.propagation = MS_PRIVATE};

	enter->host_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (enter->host_fd < 0 || mount_setattr(enter->host_fd, "", AT_EMPTY_PATH | AT_RECURSIVE,
				      &attr, sizeof(attr)) < 0)
		return -errno;
	enter->root_fd = mounts_tmpfs(ROOT_BYTES, ROOT_INODES, "0755", false,
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (enter->root_fd < 0)
		return enter->root_fd;
	return mounts_attach(enter->root_fd, enter->host_fd);
}

/* Attaches mount_fd, or the error that it is, at a place of our own choice in the root, which is
 * made for it. Takes mount_fd. */
static int
attach_new_dir(const struct enter *enter, int mount_fd, const char *path)
{
	SCOPED_FD mount = mount_fd;

	if (mount < 0)
		return mount;
	if (mkdirat(enter->root_fd, path, 0755) < 0)
		return -errno;
	return mounts_attach_new(mount, enter->root_fd, path);
}

/* The same at a path that the spec names, and that may need directories above it. */
static int
attach_dir(const struct enter *enter, int mount_fd, const char *path)
{
	SCOPED_FD mount = mount_fd;
	SCOPED_FD target = -1;

	if (mount < 0)
		return mount;
	target = mounts_make_dir(enter->root_fd, path);
	return target < 0 ? target : mounts_attach(mount, target);
}

static int
attach_file(const struct enter *enter, int mount_fd, const char *path)
{
	SCOPED_FD mount = mount_fd;

	if (mount < 0)
		return mount;
	if (mknodat(enter->root_fd, path, S_IFREG | 0444, 0) < 0)
		return -errno;
	return mounts_attach_new(mount, enter->root_fd, path);
}

/* /bin, /lib64 and so on: the link that the host has, or the directory that an older host has. */
static int
system_entry(const struct enter *enter, const char *name)
{
	char link[64];
	struct stat st;
	ssize_t n;

	n = readlinkat(enter->host_fd, name, link, sizeof(link));
	if (n < 0 && errno == EINVAL && fstatat(enter->host_fd, name, &st, 0) == 0 &&
	    S_ISDIR(st.st_mode))
		return attach_new_dir(enter, mounts_copy(enter->host_fd, name, read_only), name);
	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0 || n >= (ssize_t)sizeof(link))
		return n < 0 ? -errno : -ENAMETOOLONG;
	link[n] = '\0';
	return symlinkat(link, enter->root_fd, name) < 0 ? -errno : 0;
}

int
root_system(struct enter *enter)
{
	static const char *const names[] = {
	    "usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r;

		enter_at(enter, names[i]);
		r = system_entry(enter, names[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
write_file(const struct enter *enter, const char *path, const char *text)
{
	SCOPED_FD fd = openat(enter->root_fd, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);

	return fd < 0 ? -errno : io_write_full(fd, text, strlen(text));
}

/* Binds a file or directory of the host's /etc, where it is there. */
static int
etc_entry(const struct enter *enter, const char *path)
{
	struct stat st;
	int mount;

	if (fstatat(enter->host_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	mount = mounts_copy(enter->host_fd, path, read_only | MOUNT_ATTR_NOEXEC);
	return S_ISDIR(st.st_mode) ? attach_new_dir(enter, mount, path)
				   : attach_file(enter, mount, path);
}

int
root_etc(struct enter *enter)
{
	const unsigned id = enter->plan->head->id;
	char passwd[160], group[64];
	const struct {
		const char *path, *text;
	} files[] = {
	    {"etc/passwd", passwd},
	    {"etc/group", group},
	    {"etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"},
	    {"etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"},
	};
	static const char *const bound[] = {"etc/ld.so.cache", "etc/alternatives"};
	int r = mkdirat(enter->root_fd, "etc", 0755) < 0 ? -errno : 0;

	snprintf(passwd, sizeof(passwd),
	    "skill:x:%u:%u:skill:/tmp:/usr/sbin/nologin\n"
	    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
	    id, id);
	snprintf(group, sizeof(group), "skill:x:%u:\nnogroup:x:65534:\n", id);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++) {
		enter_at(enter, files[i].path);
		r = write_file(enter, files[i].path, files[i].text);
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(bound); i++) {
		enter_at(enter, bound[i]);
		r = etc_entry(enter, bound[i]);
	}
	return r;
}

static int
device(const struct enter *enter, const char *path, unsigned minor_number)
{
	int mount = mounts_copy(
	    enter->host_fd, path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	struct stat st;

	if (mount < 0)
		return mount;
	if (fstat(mount, &st) < 0 || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(1, minor_number)) {
		close(mount);
		return -ENXIO;
	}
	return attach_file(enter, mount, path);
}

int
root_devices(struct enter *enter)
{
	/* Memory devices, major number 1 (Linux, Documentation/admin-guide/devices.txt). */
	static const struct {
		const char *path;
		unsigned minor_number;
	} devices[] = {{"dev/null", 3}, {"dev/zero", 5}, {"dev/full", 7}, {"dev/random", 8},
	    {"dev/urandom", 9}};
	static const struct {
		const char *path, *to;
	} links[] = {{"dev/fd", "/proc/self/fd"}, {"dev/stdin", "/proc/self/fd/0"},
	    {"dev/stdout", "/proc/self/fd/1"}, {"dev/stderr", "/proc/self/fd/2"},
	    {"dev/shm", "/tmp"}};

	if (mkdirat(enter->root_fd, "dev", 0755) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		int r;

		enter_at(enter, devices[i].path);
		r = device(enter, devices[i].path, devices[i].minor_number);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].to, enter->root_fd, links[i].path) < 0)
			return -errno;
	return 0;
}

int
root_proc(struct enter *enter)
{
	struct statfs fs;
	SCOPED_FD made = -1;
	int r;

	enter_at(enter, "proc");
	r = attach_new_dir(enter, mounts_proc(), "proc");
	if (r < 0)
		return r;
	made = mounts_open_beneath(enter->root_fd, "proc");
	if (made < 0 || fstatfs(made, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC ||
	    faccessat(made, "self", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return -ENODEV;
	/* Read back: the rest of /proc is not there. */
	if (faccessat(made, "sys", F_OK, 0) == 0)
		return -EEXIST;
	enter->layers |= LAYER_BIT(PROC);
	return 0;
}

int
root_tmp(struct enter *enter)
{
	const struct policy_limits *limits = &enter->plan->head->limits;

	enter_at(enter, "tmp");
	return attach_new_dir(enter,
	    mounts_tmpfs(limits->tmp_bytes, limits->tmp_files, "1777", false,
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC),
	    "tmp");
}

int
root_bundle(struct enter *enter)
{
	const char *at = enter->plan->bundle_at;

	if (at == NULL)
		return 0;
	enter_at(enter, at + 1);
	return attach_dir(enter, unpack_bundle(FD_BUNDLE), at + 1);
}

/* A directory of ours was opened in the host's mount namespace; a copy can only be made of the same
 * directory in this one. Looked up by name, compared by inode. */
static int
reopen(int fd)
{
	char link[32], path[4096];
	struct stat was, is;
	SCOPED_FD again = -1;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	if (n < 0 || n >= (ssize_t)sizeof(path))
		return n < 0 ? -errno : -ENAMETOOLONG;
	path[n] = '\0';
	again = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (again < 0 || fstat(fd, &was) < 0 || fstat(again, &is) < 0)
		return -errno;
	return was.st_dev == is.st_dev && was.st_ino == is.st_ino ? TAKE_FD(again) : -ESTALE;
}

static int
spec_mount(const struct enter *enter, uint32_t index)
{
	const char *target = enter->plan->targets[index] + 1;
	int fd = FD_MOUNTS + (int)index, r;
	SCOPED_FD again = -1;

	if ((enter->plan->head->flags & PLAN_TREES) != 0) {
		r = mounts_restrict(fd, read_only);
		return r < 0 ? r : attach_dir(enter, fd, target);
	}
	again = reopen(fd);
	return again < 0 ? again : attach_dir(enter, mounts_copy(again, "", read_only), target);
}

int
root_mounts(struct enter *enter)
{
	for (uint32_t i = 0; i < enter->plan->head->mount_count; i++) {
		int r;

		enter_at(enter, enter->plan->targets[i] + 1);
		r = spec_mount(enter, i);
		if (r < 0)
			return r;
	}
	return 0;
}

int
root_pivot(struct enter *enter)
{
	struct stat ours, now, above;

	if (fchdir(enter->root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return -errno;
	/* The old root now lies over the new one; nothing of it stays reachable. */
	close(enter->host_fd);
	enter->host_fd = -1;
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -errno;
	if (fstat(enter->root_fd, &ours) < 0 || stat("/", &now) < 0 || stat("/..", &above) < 0)
		return -errno;
	if (ours.st_dev != now.st_dev || ours.st_ino != now.st_ino || now.st_dev != above.st_dev ||
	    now.st_ino != above.st_ino)
		return -EXDEV;
	return 0;
}

int
root_seal(struct enter *enter)
{
	struct mount_attr attr = {.attr_set = read_only};

	return mount_setattr(enter->root_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ? -errno
											 : 0;
}
