/* One step beyond each limit, never more: with the guard off it is the host that is tried on. The
 * harness says where the limits are. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_RESOURCES(PROBE_DECLARE)

static long
limit(const char *name)
{
	return atol(planted(name));
}

struct finding
probe_fork_bomb(void)
{
	long count = 1, most = limit("LIMIT_PROCESSES");
	pid_t pid = 1;

	for (; count <= most && pid > 0; count += pid > 0) {
		pid = fork();
		if (pid == 0) {
			pause();
			_exit(0);
		}
	}
	return count > most ? out("one more") : held(strerrorname_np(errno));
}

struct finding
probe_memory_bomb(void)
{
	/* Not touched: address space is what is limited. */
	void *map = mmap(NULL, (size_t)limit("LIMIT_MEMORY"), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return judge(map == MAP_FAILED ? -1 : 0, "mapped");
}

struct finding
probe_fill_tmp(void)
{
	static char block[64 * 1024];
	long written = 0, most = limit("LIMIT_TMP");
	int fd = open("/tmp/big", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ssize_t n;

	if (fd < 0)
		return held(strerrorname_np(errno));
	while (written <= most && (n = write(fd, block, sizeof(block))) > 0)
		written += n;
	return written > most ? out("one block more") : held(strerrorname_np(errno));
}

struct finding
probe_fill_inodes(void)
{
	long most = limit("LIMIT_FILES");
	char name[32];
	int fd;

	for (long i = 0; i <= most; i++) {
		snprintf(name, sizeof(name), "/tmp/%ld", i);
		fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return held(strerrorname_np(errno));
		close(fd);
	}
	return out("one file more");
}

struct finding
probe_file_size(void)
{
	int fd = open("/tmp/large", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return held(strerrorname_np(errno));
	signal(SIGXFSZ, SIG_IGN);
	return judge(pwrite(fd, "x", 1, limit("LIMIT_FILE")), "one byte more");
}

struct finding
probe_open_files(void)
{
	long most = limit("LIMIT_OPEN");

	for (long i = 0; i < most; i++)
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			return held(strerrorname_np(errno));
	return out("one more");
}

struct finding
probe_raise_limit(void)
{
	struct rlimit files;
	rlim_t most = (rlim_t)limit("LIMIT_OPEN");

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return held(strerrorname_np(errno));
	if (files.rlim_max > most)
		return out("it is higher already");
	files = (struct rlimit){most + 1, most + 1};
	return judge(setrlimit(RLIMIT_NOFILE, &files), "raised");
}

struct finding
probe_core_file(void)
{
	struct rlimit core;

	if (getrlimit(RLIMIT_CORE, &core) < 0)
		return held(strerrorname_np(errno));
	return core.rlim_max > 1 ? out("core files") : held("no core file");
}

struct finding
probe_priority(void)
{
	struct sched_param param = {.sched_priority = 1};

	gain(0);
	if (syscall(SYS_setpriority, PRIO_PROCESS, 0, -20) == 0)
		return out("nice -20");
	return judge(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &param), "real time");
}

struct finding
probe_locked_memory(void)
{
	static char page[8192];

	return judge(mlock(page, sizeof(page)), "locked");
}

struct finding
probe_huge_pages(void)
{
	void *map = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	return judge(map == MAP_FAILED ? -1 : 0, "a page of the pool");
}

struct finding
probe_signal_queue(void)
{
	long most = limit("LIMIT_SIGNALS");
	sigset_t queued;

	sigemptyset(&queued);
	sigaddset(&queued, SIGRTMIN);
	if (sigprocmask(SIG_BLOCK, &queued, NULL) < 0)
		return held(strerrorname_np(errno));
	for (long i = 0; i <= most; i++)
		if (syscall(SYS_tgkill, getpid(), gettid(), SIGRTMIN) < 0)
			return held(strerrorname_np(errno));
	return out("one signal more");
}
