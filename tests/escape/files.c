/* Files of the host, and its own that may not be changed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_FILES(PROBE_DECLARE)

extern char **environ;

enum { PROC_MAGIC = 0x9fa0 };

/* The first of paths (NULL ends) that can be opened. */
static struct finding
open_any(const char *const *paths, int flags)
{
	struct finding finding = held("nothing to open");

	for (; *paths != NULL; paths++) {
		finding = judge_fd(open(*paths, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), *paths);
		if (finding.escaped)
			return finding;
	}
	return finding;
}

#define OPEN_ANY(flags, ...) open_any((const char *const[]){__VA_ARGS__, NULL}, flags)

struct finding
probe_init_overwrite(void)
{
	char path[64];
	int fd, seals;

	snprintf(path, sizeof(path), "/proc/%d/exe", getppid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return held(strerrorname_np(errno));
	/* While it runs it is busy; a handle is all that the attack needs to wait for its end. */
	seals = fcntl(fd, F_GET_SEALS);
	close(fd);
	return seals >= 0 && (seals & F_SEAL_WRITE) != 0 ? held("sealed") : out("a handle");
}

struct finding
probe_host_file(void)
{
	return OPEN_ANY(O_RDONLY, planted("HOST_FILE"));
}

struct finding
probe_host_shadow(void)
{
	/* /root and the like would stay closed by their modes: what counts is that they are seen.
	 */
	static const char *const places[] = {
	    "/etc/shadow", "/root", "/home", "/var/lib", "/run", "/boot"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], F_OK) == 0)
			return out(places[i]);
	return held(strerrorname_np(errno));
}

struct finding
probe_symlink_out(void)
{
	char path[512];
	struct finding finding;

	unlink("/tmp/up"); /* the host's, where the root is */
	if (symlink("../../../../../..", "/tmp/up") < 0 && errno != ENOSYS)
		return held(strerrorname_np(errno));
	snprintf(path, sizeof(path), "/tmp/up%s", planted("HOST_FILE"));
	finding = judge_fd(open(path, O_RDONLY | O_CLOEXEC), "by a link");
	unlink("/tmp/up");
	if (finding.escaped)
		return finding;
	snprintf(path, sizeof(path), "/proc/self/root/../..%s", planted("HOST_FILE"));
	return judge_fd(open(path, O_RDONLY | O_CLOEXEC), "by /proc/self/root");
}

struct finding
probe_chroot_break(void)
{
	gain(0);
	if (mkdir("/tmp/jail", 0700) < 0 && errno != EEXIST)
		return held(strerrorname_np(errno));
	if (chroot("/tmp/jail") < 0)
		return held(strerrorname_np(errno));
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			break;
	if (chroot(".") < 0)
		return held(strerrorname_np(errno));
	return out("chroot works");
}

struct finding
probe_file_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount_id;

	gain(0);
	if (name_to_handle_at(AT_FDCWD, "/usr", &handle.head, &mount_id, 0) < 0)
		return held(strerrorname_np(errno));
	return judge_fd(open_by_handle_at(AT_FDCWD, &handle.head, O_RDONLY | O_CLOEXEC), "/usr");
}

/* Becomes the file, which prints the finding as "whoami". */
static struct finding
run(const char *path)
{
	char *argv[] = {(char *)path, (char *)"whoami", NULL};

	execve(path, argv, environ);
	return held(strerrorname_np(errno));
}

struct finding
probe_setuid_file(void)
{
	return run("/srv/set-uid");
}

struct finding
probe_file_capability(void)
{
	return run("/srv/capable");
}

struct finding
probe_device_made(void)
{
	gain(0);
	return judge(mknod("/tmp/disk", S_IFBLK | 0600, makedev(8, 0)), "a block device");
}

struct finding
probe_device_opened(void)
{
	return OPEN_ANY(O_RDONLY, "/srv/device");
}

struct finding
probe_device_of_host(void)
{
	static const char *const devices[] = {
	    "/dev/mem", "/dev/port", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/loop-control"};

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (access(devices[i], F_OK) == 0)
			return out(devices[i]);
	return held(strerrorname_np(errno));
}

struct finding
probe_write_mount(void)
{
	return judge_fd(open("/srv/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), "a new file");
}

/* Its owner may change the mode: only a read-only mount says no. */
static struct finding
unlock_and_write(const char *path)
{
	if (chmod(path, 0666) < 0 && errno != ENOSYS)
		return held(strerrorname_np(errno));
	return judge_fd(open(path, O_WRONLY | O_CLOEXEC), path);
}

struct finding
probe_write_system(void)
{
	return unlock_and_write("/etc/passwd");
}

struct finding
probe_write_bundle(void)
{
	return unlock_and_write("/mnt/data");
}

static int
copy_probe(const char *to)
{
	static char block[64 * 1024];
	int in = open("/mnt/probe", O_RDONLY | O_CLOEXEC);
	int copy = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ssize_t n;

	while ((n = read(in, block, sizeof(block))) > 0)
		if (write(copy, block, (size_t)n) != n)
			return -1;
	close(in);
	return close(copy);
}

struct finding
probe_run_written(void)
{
	char *argv[] = {(char *)"/tmp/probe", (char *)"own_code", NULL};

	if (copy_probe(argv[0]) < 0)
		return held("no copy");
	execve(argv[0], argv, environ); /* the copy finds that it could run */
	return held(strerrorname_np(errno));
}

struct finding
probe_map_written(void)
{
	int fd = open("/tmp/code", O_RDWR | O_CREAT | O_CLOEXEC, 0755);
	void *map;

	if (fd < 0 || ftruncate(fd, 4096) < 0)
		return held("no file");
	map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	return judge(map == MAP_FAILED ? -1 : 0, "executable");
}

struct finding
probe_run_memory(void)
{
	char path[64];
	char *argv[] = {path, (char *)"own_code", NULL};
	int fd = memfd_create("probe", 0);

	if (fd < 0)
		return held(strerrorname_np(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (copy_probe(path) < 0)
		return held("no copy");
	/* Still open for writing here, which makes it busy; a second handle is not. */
	fd = open(path, O_RDONLY);
	close(fd - 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	execve(path, argv, environ);
	return held(strerrorname_np(errno));
}

/* The first page of a file that we may only read. */
struct finding
probe_dirty_pipe(void)
{
	static char page[4096];
	char before = 0, after = 0;
	int fd = open("/srv/file", O_RDONLY | O_CLOEXEC), ends[2];
	loff_t offset = 0;

	if (fd < 0 || pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return held(strerrorname_np(errno));
	fcntl(ends[1], F_SETPIPE_SZ, sizeof(page)); /* one buffer, used twice */
	if (write(ends[1], page, sizeof(page)) < 0 || read(ends[0], page, sizeof(page)) < 0)
		return held("no pipe");
	if (pread(fd, &before, 1, 1) != 1 || splice(fd, &offset, ends[1], NULL, 1, 0) < 0)
		return held(strerrorname_np(errno));
	/* Where the kernel is sound there is no room; else the byte goes into the file's page. */
	if (write(ends[1], "!", 1) != 1 && errno != EAGAIN)
		return held(strerrorname_np(errno));
	if (pread(fd, &after, 1, 1) != 1)
		return held(strerrorname_np(errno));
	return before == after ? held("unchanged") : out("the page cache");
}

struct finding
probe_replaced_device(void)
{
	static const struct {
		const char *path;
		unsigned number;
	} devices[] = {{"/dev/null", 3}, {"/dev/zero", 5}, {"/dev/full", 7}, {"/dev/random", 8},
	    {"/dev/urandom", 9}};
	struct stat st;

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (lstat(devices[i].path, &st) < 0 || !S_ISCHR(st.st_mode) ||
		    st.st_rdev != makedev(1, devices[i].number))
			return out(devices[i].path);
	return held("all as they should be");
}

struct finding
probe_console(void)
{
	static const char *const places[] = {"/dev/console", "/dev/pts", "/dev/ptmx", "/dev/tty0"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], F_OK) == 0)
			return out(places[i]);
	return held(strerrorname_np(errno));
}

struct finding
probe_proc_redirected(void)
{
	struct statfs fs;

	if (statfs("/proc/self/attr", &fs) < 0 && errno != ENOSYS && errno != ENOENT)
		return held(strerrorname_np(errno));
	if (errno == 0 && fs.f_type != PROC_MAGIC)
		return out("/proc is not procfs");
	return OPEN_ANY(O_WRONLY, "/proc/self/attr/exec", "/proc/self/attr/current",
	    "/proc/self/timerslack_ns", "/proc/self/comm");
}

/* The program of a file that may not be executed, as an argument of what may. */
struct finding
probe_run_by_loader(void)
{
#if defined(__x86_64__)
	char loader[] = "/lib64/ld-linux-x86-64.so.2";
#else
	char loader[] = "/lib/ld-linux-aarch64.so.1";
#endif
	char *argv[] = {loader, (char *)"/tmp/probe", (char *)"whoami", NULL};
	int status = 0;
	pid_t pid;

	if (copy_probe(argv[1]) < 0)
		return held("no copy");
	pid = fork();
	if (pid == 0) {
		close(2); /* the loader's own words */
		execve(loader, argv, environ);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return held(strerrorname_np(errno));
	return status == 127 << 8 ? held("the loader cannot map it") : out("it ran");
}

struct finding
probe_directory_watched(void)
{
	int fd = open("/usr/bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return held(strerrorname_np(errno));
	return judge(fcntl(fd, F_NOTIFY, DN_ACCESS | DN_MULTISHOT), "who runs what");
}

struct finding
probe_file_leased(void)
{
	int fd = open("/srv/own", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return held(strerrorname_np(errno));
	return judge(fcntl(fd, F_SETLEASE, F_RDLCK), "a lease of a file of the host");
}
