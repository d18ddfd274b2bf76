/* Calls that only an escape needs, and other ways to make a call. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/kcmp.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_SYSCALLS(PROBE_DECLARE)

struct finding
probe_io_uring(void)
{
	struct io_uring_params params = {0};

	return judge_fd((int)syscall(SYS_io_uring_setup, 4, &params), "a ring");
}

struct finding
probe_userfaultfd(void)
{
	enum { USER_MODE_ONLY = 1 };

	return judge_fd((int)syscall(SYS_userfaultfd, O_CLOEXEC | USER_MODE_ONLY), "userfaultfd");
}

struct finding
probe_bpf(void)
{
	union bpf_attr attr = {0};

	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 8;
	attr.max_entries = 1;
	return judge_fd((int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)), "a map");
}

struct finding
probe_perf(void)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
	    .size = sizeof(attr),
	    .config = PERF_COUNT_SW_TASK_CLOCK,
	    .exclude_kernel = 1,
	    .exclude_hv = 1};

	return judge_fd((int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0), "a counter");
}

struct finding
probe_own_notifier(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = 1, .filter = &allow};

	return judge_fd((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program),
	    "a listener");
}

#if defined(__x86_64__)
struct finding
probe_x32_call(void)
{
	return judge(syscall(0x40000000L | 39), "getpid by another number");
}

static long
call_i386(long number, long first, long second)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(number), "b"(first), "c"(second)
			 : "memory");
	errno = result < 0 ? (int)-result : 0;
	return result;
}

struct finding
probe_i386_call(void)
{
	return judge(call_i386(20, 0, 0), "getpid of another table");
}

struct finding
probe_i386_socketcall(void)
{
	uint32_t *args = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (args == MAP_FAILED)
		return held(strerrorname_np(errno));
	args[0] = 1; /* AF_UNIX */
	args[1] = 1; /* SOCK_STREAM */
	args[2] = 0;
	return judge(call_i386(102, 1, (long)(uintptr_t)args), "a socket");
}
#else
struct finding
probe_x32_call(void)
{
	return held("another machine");
}

struct finding
probe_i386_call(void)
{
	return held("another machine");
}

struct finding
probe_i386_socketcall(void)
{
	return held("another machine");
}
#endif

struct finding
probe_personality(void)
{
	return judge(personality(ADDR_NO_RANDOMIZE), "addresses without chance");
}

struct finding
probe_kexec(void)
{
	return judge(syscall(SYS_kexec_load, 0, 0, NULL, 0), "another kernel");
}

struct finding
probe_module(void)
{
	return judge(syscall(SYS_init_module, NULL, 0, ""), "a module");
}

struct finding
probe_clock_set(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return judge(clock_settime(CLOCK_REALTIME, &now), "the clock");
}

struct finding
probe_kernel_log(void)
{
	enum { READ_ALL = 3 };
	char text[256];

	return judge(syscall(SYS_syslog, READ_ALL, text, sizeof(text)), "kernel messages");
}

struct finding
probe_io_ports(void)
{
#if defined(SYS_ioperm)
	return judge(syscall(SYS_ioperm, 0x70, 1, 1), "a port");
#else
	return held("another machine");
#endif
}

struct finding
probe_kcmp(void)
{
	return judge(syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, 0, 1), "an order");
}

struct finding
probe_secret_memory(void)
{
	enum { CALL_MEMFD_SECRET = 447 };

	return judge_fd((int)syscall(CALL_MEMFD_SECRET, 0), "memory that nobody can inspect");
}

struct finding
probe_segments(void)
{
#if defined(SYS_modify_ldt)
	char table[16];

	return judge(syscall(SYS_modify_ldt, 0, table, sizeof(table)), "the table");
#else
	return held("another machine");
#endif
}

struct finding
probe_address_layout(void)
{
	/* struct prctl_mm_map's size: the one part of PR_SET_MM that asks for no capability. */
	unsigned size = 0;

	return judge(prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, (unsigned long)&size, 0, 0), "PR_SET_MM");
}

struct finding
probe_undumpable(void)
{
	return judge(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "unreadable");
}

struct finding
probe_watch_all(void)
{
	gain(0);
	return judge_fd(
	    fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_CLOEXEC, O_RDONLY), "fanotify");
}

struct finding
probe_unknown_call(void)
{
	enum { CALL_OPEN_TREE_ATTR = 467, OPEN_TREE_CLOEXEC_FLAG = O_CLOEXEC };

	return judge_fd(
	    (int)syscall(CALL_OPEN_TREE_ATTR, AT_FDCWD, "/usr", OPEN_TREE_CLOEXEC_FLAG, NULL, 0),
	    "open_tree_attr");
}

struct finding
probe_denied_flood(void)
{
	enum { CALLS = 2000, PATIENCE_S = 10 };
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < CALLS; i++)
		if (syscall(SYS_setuid, 1000) == 0)
			return held("setuid to itself is no right");
	clock_gettime(CLOCK_MONOTONIC, &end);
	return end.tv_sec - begin.tv_sec < PATIENCE_S ? held("no stall") : out("stalled");
}
