#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/doctor.h"

struct version {
	unsigned major, minor, patch;
};

static struct version
kernel(struct utsname *ret_name)
{
	struct version version = {0};

	if (uname(ret_name) == 0)
		sscanf(
		    ret_name->release, "%u.%u.%u", &version.major, &version.minor, &version.patch);
	return version;
}

static bool
is_older(struct version version, unsigned major, unsigned minor)
{
	return version.major < major || (version.major == major && version.minor < minor);
}

static void
look_kernel(const char *state_folder, struct doctor_finding *ret)
{
	struct utsname name;
	struct version version = kernel(&name);

	(void)state_folder;
	if (is_older(version, 5, 14))
		doctor_say(ret, DOCTOR_PARTLY, "use Linux 5.14 or newer",
		    "Linux %s: RLIMIT_NPROC does not count a cell alone", name.release);
	else
		doctor_say(ret, DOCTOR_PRESENT, NULL, "Linux %s", name.release);
}

/* CVE-2022-0847, "Dirty Pipe": pages spliced into a pipe whose buffers were used before could be
 * written through it. On a file of our own, which is what makes trying it harmless. */
static int
try_dirty_pipe(void)
{
	char block[4096] = {0}, is = 0;
	int ends[2], fd = (int)syscall(SYS_memfd_create, "doctor", 0U);
	loff_t offset = 0;

	if (fd < 0 || write(fd, "aaaa", 4) != 4 || pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	while (write(ends[1], block, sizeof(block)) > 0)
		;
	while (read(ends[0], block, sizeof(block)) > 0)
		;
	if (splice(fd, &offset, ends[1], NULL, 1, 0) != 1 || write(ends[1], "b", 1) != 1 ||
	    pread(fd, &is, 1, 1) != 1)
		return -EINVAL;
	return is == 'a' ? 0 : -EFAULT;
}

static void
look_dirty_pipe(const char *state_folder, struct doctor_finding *ret)
{
	int r = doctor_try(try_dirty_pipe);

	(void)state_folder;
	if (r == -EFAULT)
		doctor_say(ret, DOCTOR_MISSING,
		    "update the kernel before any Skill runs here: no layer stops this",
		    "this kernel has Dirty Pipe (CVE-2022-0847): read-only files can be written");
	else if (r < 0)
		doctor_say(ret, DOCTOR_NOTE, NULL, "could not be tried: %s", strerror(-r));
	else
		doctor_say(ret, DOCTOR_PRESENT, NULL, "tried: read-only pages cannot be written");
}

/* CVE-2026-31431, "Copy Fail": since 4.14, mended upstream in 6.18.22, 6.19.12 and 7.0; older lines
 * by their distributions, which do not show it in the number. Trying it would load modules. */
static void
look_copy_fail(const char *state_folder, struct doctor_finding *ret)
{
	struct utsname name;
	struct version v = kernel(&name);
	bool fixed = v.major >= 7 || (v.major == 6 && v.minor == 18 && v.patch >= 22) ||
		     (v.major == 6 && v.minor == 19 && v.patch >= 12);

	(void)state_folder;
	if (fixed)
		doctor_say(ret, DOCTOR_PRESENT, NULL, "the fix is in this version");
	else
		doctor_say(ret, DOCTOR_NOTE,
		    "see that your distribution's kernel has the fix; or forbid the module "
		    "algif_aead",
		    "CVE-2026-31431 may be in %.60s; no cell has the socket (AF_ALG) it needs",
		    name.release);
}

static void
look_modules(const char *state_folder, struct doctor_finding *ret)
{
	char modules[160];

	(void)state_folder;
	doctor_read("/sys/kernel/security/lsm", modules, sizeof(modules));
	doctor_say(ret, DOCTOR_NOTE, NULL, "%s", modules[0] != '\0' ? modules : "not shown here");
}

/* Parts of /proc that something is mounted over: no new /proc can be mounted then. */
static void
look_proc(const char *state_folder, struct doctor_finding *ret)
{
	FILE *table = fopen("/proc/self/mountinfo", "re");
	char line[1024], point[256], first[256] = "";
	unsigned count = 0;

	(void)state_folder;
	while (table != NULL && fgets(line, sizeof(line), table) != NULL)
		if (sscanf(line, "%*s %*s %*s %*s %255s", point) == 1 &&
		    strncmp(point, "/proc/", 6) == 0 &&
		    strcmp(point, "/proc/sys/fs/binfmt_misc") != 0 && count++ == 0)
			text_copy(first, sizeof(first), point);
	if (table != NULL)
		fclose(table);
	if (count == 0)
		doctor_say(ret, DOCTOR_PRESENT, NULL, "nothing is mounted over parts of it");
	else
		doctor_say(ret, DOCTOR_PARTLY,
		    "start the container with an unmasked /proc, or a policy without the layer "
		    "proc",
		    "%u places are covered, %.120s first", count, first);
}

static int
try_uring(void)
{
	struct io_uring_params params = {0};

	return syscall(SYS_io_uring_setup, 2, &params) < 0 ? -errno : 0;
}

static void
look_uring(const char *state_folder, struct doctor_finding *ret)
{
	int r = doctor_try(try_uring);
	char disabled[16];

	(void)state_folder;
	doctor_read("/proc/sys/kernel/io_uring_disabled", disabled, sizeof(disabled));
	if (r == 0)
		doctor_say(ret, DOCTOR_PRESENT, NULL, "for praxa-auditd; cells never have it");
	else
		doctor_say(ret, DOCTOR_PARTLY,
		    "nothing: praxa-auditd writes without it, with a call for each write", "%s%s%s",
		    strerrorname_np(-r),
		    disabled[0] != '\0' ? "; the sysctl kernel.io_uring_disabled is " : "",
		    disabled);
}

/* The folder, or the nearest that is there already. */
static int
open_folder(const char *path)
{
	char at[PATHS_MAX];
	int fd;

	text_copy(at, sizeof(at), path);
	while ((fd = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 && errno == ENOENT &&
	       strrchr(at, '/') != NULL && strcmp(at, "/") != 0) {
		char *slash = strrchr(at, '/');

		slash[slash == at] = '\0';
	}
	return fd;
}

static int
write_directly(int folder)
{
	_Alignas(4096) static char block[4096];
	SCOPED_FD fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600);

	return fd < 0 || pwrite(fd, block, sizeof(block), 0) != (ssize_t)sizeof(block) ||
		       fdatasync(fd) < 0
		   ? -errno
		   : 0;
}

static void
look_direct(const char *state_folder, struct doctor_finding *ret)
{
	SCOPED_FD folder = open_folder(state_folder);
	int r = folder < 0 ? -errno : write_directly(folder);

	if (r == 0)
		doctor_say(ret, DOCTOR_PRESENT, NULL, "%.200s", state_folder);
	else if (r == -EACCES || r == -EPERM || r == -EROFS)
		doctor_say(ret, DOCTOR_PARTLY, "give --state a folder that you can write",
		    "%.180s: %s", state_folder, strerror(-r));
	else
		doctor_say(ret, DOCTOR_PARTLY, "put the state folder on ext4, xfs or btrfs",
		    "%.180s: %s", state_folder, strerror(-r));
}

static void
look_ptrace(const char *state_folder, struct doctor_finding *ret)
{
	char scope[16];

	(void)state_folder;
	doctor_read("/proc/sys/kernel/yama/ptrace_scope", scope, sizeof(scope));
	if (scope[0] == '\0')
		doctor_say(
		    ret, DOCTOR_NOTE, NULL, "no Yama; cells and praxa-init are not dumpable");
	else
		doctor_say(ret, DOCTOR_NOTE, NULL, "kernel.yama.ptrace_scope is %s", scope);
}

static void
look_core(const char *state_folder, struct doctor_finding *ret)
{
	char pattern[128];

	(void)state_folder;
	doctor_read("/proc/sys/kernel/core_pattern", pattern, sizeof(pattern));
	doctor_say(ret, DOCTOR_NOTE, NULL, "core_pattern is \"%s\"; a cell leaves none", pattern);
}

const struct doctor_host_row doctor_host_rows[] = {
    {"kernel", look_kernel},
    {"Dirty Pipe", look_dirty_pipe},
    {"Copy Fail", look_copy_fail},
    {"security modules", look_modules},
    {"/proc", look_proc},
    {"ptrace", look_ptrace},
    {"core files", look_core},
    {"io_uring", look_uring},
    {"direct writes", look_direct},
    {0},
};
