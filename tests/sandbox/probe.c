/* probe - runs inside a cell and tries what must not work. argv[1] names one row of the table; what
 * it prints and its exit status are the finding. Static, without any library of ours. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* "what ERRNO", or "what ok" */
static void
say(const char *what, long result)
{
	printf("%s %s\n", what, result < 0 ? strerrorname_np(errno) : "ok");
}

static int
do_nothing(void)
{
	return 0;
}

static int
do_status(void)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");

	if (file == NULL)
		return 1;
	while (fgets(line, sizeof(line), file) != NULL)
		fputs(line, stdout);
	fclose(file);
	return 0;
}

static int
do_env(void)
{
	for (char **at = environ; *at != NULL; at++)
		puts(*at);
	return 0;
}

static int
do_where(void)
{
	char name[65], cwd[256];
	struct timespec boot;

	if (gethostname(name, sizeof(name)) < 0 || getcwd(cwd, sizeof(cwd)) == NULL ||
	    clock_gettime(CLOCK_BOOTTIME, &boot) < 0)
		return 1;
	printf("host %s\ncwd %s\nuid %d\ngid %d\npid %d\nboot %s\n", name, cwd, (int)getuid(),
	    (int)getgid(), (int)getpid(), boot.tv_sec < 60 ? "fresh" : "old");
	return 0;
}

static int
do_fds(void)
{
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d\n", fd);
	return 0;
}

static int
do_door(void)
{
	char byte = 'q';

	return write(3, &byte, 1) == 1 && read(3, &byte, 1) == 1 && byte == 'a' ? 0 : 1;
}

static int
do_processes(void)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
			puts(entry->d_name);
	return dir == NULL;
}

static int
do_host(void)
{
	static const char *const places[] = {"/root", "/home", "/etc/shadow", "/var", "/sys",
	    "/run", "/opt", "/mnt", "/boot", "/proc/sys", "/proc/kcore", "/proc/1/root",
	    "/proc/1/environ", "/dev/tty", "/dev/kmsg", "/dev/pts", "/etc/ssh", "/lost+found"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		say(places[i], open(places[i], O_RDONLY | O_CLOEXEC));
	return 0;
}

static int
do_write(void)
{
	static const char *const places[] = {"/x", "/usr/x", "/etc/x", "/etc/passwd", "/dev/x",
	    "/skill/x", "/skill/probe", "/proc/self/comm", "/proc/self/oom_score_adj", "/data/x",
	    "/data/file"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		say(places[i], open(places[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	say("/tmp/x", open("/tmp/x", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	say("/dev/shm/y", open("/dev/shm/y", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	say("/dev/null", open("/dev/null", O_WRONLY | O_CLOEXEC));
	say("chmod /skill/probe", chmod("/skill/probe", 0777));
	say("mknod", syscall(SYS_mknodat, AT_FDCWD, "/tmp/null", S_IFCHR | 0600, 0x103));
	return 0;
}

static int
do_read(void)
{
	char text[64];
	int fd = open("/data/file", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text));

	if (n > 0)
		printf("%.*s\n", (int)n, text);
	return n <= 0;
}

static int
copy_self(const char *to)
{
	static char block[64 * 1024];
	int in = open("/skill/probe", O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ssize_t n;

	while ((n = read(in, block, sizeof(block))) > 0)
		if (write(out, block, (size_t)n) != n)
			return -1;
	close(in);
	return close(out);
}

static int
do_run_written(void)
{
	char *argv[] = {(char *)"/tmp/probe", (char *)"nothing", NULL};

	if (copy_self("/tmp/probe") < 0)
		return 1;
	say("execve", execve(argv[0], argv, environ));
	return 0;
}

static int
do_fill_bytes(void)
{
	static char block[4096];
	int fd = open("/tmp/big", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	long blocks = 0;

	while (write(fd, block, sizeof(block)) > 0)
		blocks++;
	printf("%s %ld\n", strerrorname_np(errno), blocks);
	return 0;
}

static int
do_fill_files(void)
{
	char name[32];
	int count = 0, fd;

	for (;; count++) {
		snprintf(name, sizeof(name), "/tmp/%d", count);
		fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	printf("%s %d\n", strerrorname_np(errno), count);
	return 0;
}

static int
do_file_size(void)
{
	static char block[4096];
	int fd = open("/tmp/big", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	while (write(fd, block, sizeof(block)) > 0)
		;
	return 0; /* SIGXFSZ ends us before */
}

static int
do_open_many(void)
{
	int count = 0;

	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		count++;
	printf("%s %d\n", strerrorname_np(errno), count);
	return 0;
}

static int
do_fork_many(void)
{
	int count = 0;
	pid_t pid;

	while ((pid = fork()) > 0)
		count++;
	if (pid == 0) {
		pause();
		_exit(0);
	}
	printf("%s %d\n", strerrorname_np(errno), count);
	return 0;
}

static int
do_memory(void)
{
	void *map = mmap(NULL, 256 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	say("mmap", map != MAP_FAILED ? 0 : -1);
	return 0;
}

static int
do_touch(void)
{
	static const size_t size = 40 << 20;

	for (int i = 0; i < 6; i++)
		if (fork() == 0) {
			char *map = mmap(
			    NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (map != MAP_FAILED)
				memset(map, 1, size);
			pause();
		}
	while (wait(NULL) > 0)
		;
	return 0;
}

static int
do_new_code(void)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	say("mprotect", mprotect(map, 4096, PROT_READ | PROT_EXEC));
	return map == MAP_FAILED;
}

static int
do_cgroup(void)
{
	char line[512];
	FILE *file = fopen("/proc/self/cgroup", "r");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		fputs(line, stdout);
	return file == NULL;
}

static int
do_spin(void)
{
	while (getpid() > 0)
		;
	return 1;
}

static int
do_sleep(void)
{
	puts("up");
	fflush(stdout);
	while (pause() < 0)
		;
	return 1;
}

static int
do_daemon(void)
{
	if (fork() != 0)
		return 0;
	setsid();
	signal(SIGTERM, SIG_IGN);
	if (fork() != 0)
		_exit(0);
	while (pause() < 0)
		;
	return 1;
}

static int
do_crash(void)
{
	struct rlimit core;

	if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_cur > 1 || core.rlim_max > 1)
		return 1;
	abort();
}

static int
do_init(void)
{
	say("kill 1", kill(1, SIGKILL));
	say("term 1", kill(1, SIGTERM));
	say("stop 1", kill(1, SIGSTOP));
	say("kill all", kill(-1, 0));
	say("mem", open("/proc/1/mem", O_RDWR | O_CLOEXEC));
	say("fd", open("/proc/1/fd", O_RDONLY | O_CLOEXEC));
	say("exe", open("/proc/1/exe", O_RDONLY | O_CLOEXEC));
	return 0;
}

static int
do_denied(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
	    {.effective = 1U << CAP_SYS_ADMIN, .permitted = 1U << CAP_SYS_ADMIN}};
	struct clone_args args = {.flags = CLONE_NEWUSER};

	say("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
	say("umount", umount2("/tmp", MNT_DETACH));
	say("fsopen", fsopen("tmpfs", 0));
	say("open_tree", open_tree(AT_FDCWD, "/tmp", OPEN_TREE_CLONE));
	say("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp"));
	say("chroot", chroot("/tmp"));
	say("unshare", unshare(CLONE_NEWUSER));
	say("setns", setns(0, 0));
	say("clone", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
	say("clone3", syscall(SYS_clone3, &args, sizeof(args)));
	say("capset", syscall(SYS_capset, &head, data));
	say("setresuid", setresuid(0, 0, 0));
	say("setgroups", syscall(SYS_setgroups, 0, NULL));
	say("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
	say("keyctl", syscall(SYS_keyctl, 0, 0, 0));
	say("memfd", memfd_create("x", 0));
	say("shmget", syscall(SYS_shmget, 0, 4096, 0600));
	say("seccomp", syscall(SYS_seccomp, 1, 8, NULL));
	say("personality", syscall(SYS_personality, 0x0040000));
	say("no such call", syscall(1000));
	return 0;
}

static int
do_sockets(void)
{
	/* UNIX, INET, NETLINK, PACKET, ALG, VSOCK */
	static const int families[] = {1, 2, 10, 16, 17, 38, 40};

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		printf("%d ", families[i]);
		say("socket", socket(families[i], SOCK_STREAM, 0));
	}
	return 0;
}

static int
do_terminal(void)
{
	say("TIOCSTI", ioctl(0, TIOCSTI, "x"));
	say("TIOCSTI high", syscall(SYS_ioctl, 0, (1UL << 32) | TIOCSTI, "x"));
	say("TIOCLINUX", ioctl(0, TIOCLINUX, "x"));
	say("tty", open("/dev/tty", O_RDWR | O_CLOEXEC));
	printf("session %s\n", getsid(0) == getpid() ? "own" : "foreign");
	return 0;
}

static int
do_landlock(void)
{
	say("/", open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	say("/usr", open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	return 0;
}

static int
do_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0;
}

static int
do_x32(void)
{
	return syscall(0x40000000L | 39) < 0;
}

/* The two calls that process 2 itself makes under its first filter. */
static int
do_own_filter(void)
{
	struct sock_filter allow = {.code = BPF_RET | BPF_K, .k = 0x7fff0000};
	struct sock_fprog program = {.len = 1, .filter = &allow};
	struct msghdr nothing = {0};

	for (int fd = 0; fd < 8; fd++)
		say("sendmsg", sendmsg(fd, &nothing, 0));
	say("sendmsg, high half", syscall(SYS_sendmsg, 0x100000004L, &nothing, 0));
	say("prctl", prctl(PR_SET_SECCOMP, 2, &program));
	say("prctl, high half", syscall(SYS_prctl, 0x100000016L, 2, &program, 0, 0));
	say("prctl", prctl(PR_SET_SECCOMP, 1));
	return 0;
}

static int
do_i386(void)
{
#if defined(__x86_64__)
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "0"(20L) : "memory");
	return result < 0;
#else
	return 1;
#endif
}

static const struct {
	const char *name;
	int (*run)(void);
} rows[] = {
    {"nothing", do_nothing},
    {"status", do_status},
    {"env", do_env},
    {"where", do_where},
    {"fds", do_fds},
    {"door", do_door},
    {"processes", do_processes},
    {"host", do_host},
    {"write", do_write},
    {"read", do_read},
    {"run-written", do_run_written},
    {"fill-bytes", do_fill_bytes},
    {"fill-files", do_fill_files},
    {"file-size", do_file_size},
    {"open-many", do_open_many},
    {"fork-many", do_fork_many},
    {"memory", do_memory},
    {"touch", do_touch},
    {"cgroup", do_cgroup},
    {"new-code", do_new_code},
    {"spin", do_spin},
    {"sleep", do_sleep},
    {"daemon", do_daemon},
    {"crash", do_crash},
    {"init", do_init},
    {"denied", do_denied},
    {"sockets", do_sockets},
    {"terminal", do_terminal},
    {"landlock", do_landlock},
    {"ptrace", do_ptrace},
    {"x32", do_x32},
    {"i386", do_i386},
    {"own-filter", do_own_filter},
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, argv[1]) == 0)
			return rows[i].run();
	fprintf(stderr, "no such probe\n");
	return 99;
}
