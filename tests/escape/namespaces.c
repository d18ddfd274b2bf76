/* New namespaces, those of process 1, and what the host's would tell. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_NAMESPACES(PROBE_DECLARE)

struct finding
probe_nested_unshare(void)
{
	return judge(unshare(CLONE_NEWUSER), "a user namespace");
}

/* In the child of a raw clone: nothing but the way out. */
static struct finding
judge_child(long pid)
{
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return judge(pid, "a process in a new user namespace");
}

struct finding
probe_nested_clone(void)
{
	return judge_child(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

struct finding
probe_nested_clone3(void)
{
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};

	return judge_child(syscall(SYS_clone3, &args, sizeof(args)));
}

struct finding
probe_new_mounts(void)
{
	gain(0);
	return judge(unshare(CLONE_NEWNS), "a mount namespace");
}

struct finding
probe_new_network(void)
{
	gain(0);
	return judge(unshare(CLONE_NEWNET), "a network namespace with all its capabilities");
}

struct finding
probe_enter_namespace(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", getppid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) /* its own will do to see whether the call is there */
		fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	return judge(setns(fd, 0), "another namespace");
}

struct finding
probe_host_name(void)
{
	struct utsname name;

	if (uname(&name) < 0)
		return held(strerrorname_np(errno));
	return strncmp(name.nodename, "cell-", 5) == 0 ? held("its own") : out(name.nodename);
}

struct finding
probe_set_host_name(void)
{
	gain(CLONE_NEWUTS);
	return judge(sethostname("cell-x", 6), "a host name");
}

struct finding
probe_uptime(void)
{
	struct timespec boot;

	if (clock_gettime(CLOCK_BOOTTIME, &boot) < 0)
		return held(strerrorname_np(errno));
	return boot.tv_sec < 60 ? held("began with the cell") : out("the host's uptime");
}

/* By the namespace, for whoever lives in the host's root cgroup has no path to see. */
struct finding
probe_cgroup_path(void)
{
	char name[64] = "";

	if (readlink("/proc/self/ns/cgroup", name, sizeof(name) - 1) < 0)
		return held(strerrorname_np(errno));
	return strcmp(name, planted("CGROUP_NS")) == 0 ? out("the host's paths") : held("its own");
}

struct finding
probe_process_list(void)
{
	DIR *dir = opendir("/proc");
	struct finding finding = held("its own only");
	const struct dirent *entry;

	if (dir == NULL)
		return held(strerrorname_np(errno));
	while ((entry = readdir(dir)) != NULL)
		if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid() &&
		    atoi(entry->d_name) != getppid())
			finding = out("a process outside");
	closedir(dir);
	return finding;
}
