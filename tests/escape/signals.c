/* Process 1 of the cell, which has the same user id, and processes outside. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_SIGNALS(PROBE_DECLARE)

struct finding
probe_trace_init(void)
{
	long result = ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);

	return judge(result, "process 1 is traced");
}

struct finding
probe_read_init(void)
{
	/* Where the stack is, nobody tells; an address that is not mapped is EFAULT behind the
	 * check of rights. */
	char byte;
	struct iovec own = {&byte, 1}, other = {(void *)(uintptr_t)4096, 1};

	if (process_vm_readv(getppid(), &own, 1, &other, 1, 0) < 0 && errno != EFAULT)
		return held(strerrorname_np(errno));
	return out("memory of process 1");
}

static struct finding
open_init(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", getppid(), name);
	return judge_fd(open(path, O_RDONLY | O_CLOEXEC), path);
}

struct finding
probe_init_memory(void)
{
	return open_init("mem");
}

struct finding
probe_init_environment(void)
{
	static const char *const names[] = {"environ", "maps", "auxv"};
	struct finding finding = held("");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !finding.escaped; i++)
		finding = open_init(names[i]);
	return finding;
}

struct finding
probe_init_root(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cwd/.", getppid());
	fd = open(path, O_PATH | O_CLOEXEC);
	return judge_fd(fd, "the directory of process 1");
}

struct finding
probe_kill_all(void)
{
	return judge(kill(-1, 0), "somebody");
}

struct finding
probe_signal_host(void)
{
	return judge(kill(atoi(planted("VICTIM")), 0), "a process outside");
}

struct finding
probe_pidfd_signal(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, getppid(), 0);

	if (pidfd < 0)
		return held(strerrorname_np(errno));
	return judge(syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0), "process 1");
}

struct finding
probe_foreign_group(void)
{
	/* 0 is the number of a group or session that is outside our PID namespace. */
	if (getpgrp() == 0 || getsid(0) == 0)
		return out("the caller's");
	return held("its own");
}
