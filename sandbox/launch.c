#include "sandbox/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/clone.h"

enum { CHILD_STACK = 64 * 1024 };

/* Two are made by praxa-init (sandbox/enter.c): the time namespace must be given its offsets before
 * anybody lives in it, and clone3 makes a cgroup namespace before it moves the child into its
 * cgroup, so that its root would be ours. The network namespace is there already, where there is a
 * spare. */
static const uint64_t namespace_flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;

/* praxa-init is executed before its id maps are written, because the parent waits for that execve.
 * Its uid has then no name inside, and execve takes every capability that is not ambient. So the
 * few that set-up needs are made ambient, in a user namespace that owns nothing yet. Without a user
 * namespace these are the host's, and all others are given up here. */
static const struct {
	unsigned number;
	bool in_user_namespace; /* needed only there */
} kept[] = {
    {CAP_SYS_ADMIN, false},   /* mounts, host name, time namespace */
    {CAP_SYS_TIME, false},    /* offsets of the time namespace */
    {CAP_SYS_RESOURCE, true}, /* forbids nested user namespaces */
    {CAP_SETUID, false},      /* takes the id */
    {CAP_SETGID, false},      /* drops groups, takes the id */
    {CAP_SETPCAP, false},     /* empties the bounding set, locks securebits */
};

static int
keep_capabilities(bool privileged)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	uint32_t mask = 0;

	/* Or execve would give root everything back, and the change of ids take everything. */
	if (privileged &&
	    prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0)
		return -errno;
	if (syscall(SYS_capget, &head, data) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (!privileged || !kept[i].in_user_namespace)
			mask |= 1U << kept[i].number;
	/* One that we were not given is missed by the step that needs it, which says so. */
	mask &= data[0].permitted;
	memset(data, 0, sizeof(data));
	data[0].effective = data[0].permitted = data[0].inheritable = mask;
	if (syscall(SYS_capset, &head, data) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if ((mask >> kept[i].number & 1) != 0 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kept[i].number, 0, 0) < 0)
			return -errno;
	return 0;
}

/* Every descriptor first moves above the layout, so that no target is still somebody's source. */
static int
place_descriptors(int fds[LAUNCH_FDS])
{
	int end = 0;

	for (int i = 0; i < LAUNCH_FDS; i++)
		if (fds[i] >= 0) {
			fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, LAUNCH_FDS);
			if (fds[i] < 0)
				return -errno;
		}
	for (int i = 0; i < LAUNCH_FDS; i++) {
		if (fds[i] < 0)
			continue;
		if (i == FD_SELF ? dup3(fds[i], i, O_CLOEXEC) < 0 : dup2(fds[i], i) < 0)
			return -errno;
		end = i + 1;
	}
	for (int i = 0; i < end; i++)
		if (fds[i] < 0)
			close(i);
	return syscall(SYS_close_range, end, ~0U, 0) < 0 ? -errno : 0;
}

/* Not _exit: before what does not return, a sanitizer looks for the stack that it knows. */
static void
fail(struct launch *launch, const char *stage, int error)
{
	launch->stage = stage;
	launch->error = error;
	syscall(SYS_exit_group, 1);
}

static void
child(void *context)
{
	static char name[] = "praxa-init";
	struct launch *launch = context;
	int fds[LAUNCH_FDS];
	char *argv[] = {name, NULL}, *envp[] = {NULL};
	int r = keep_capabilities(launch->privileged);

	if (r < 0)
		fail(launch, "capabilities", -r);
	/* Until here the table is the parent's, which waits. */
	if (syscall(SYS_close_range, launch->low->end, ~0U, CLOSE_RANGE_UNSHARE) < 0)
		fail(launch, "own descriptors", errno);
	for (int i = 0; i < LAUNCH_FDS; i++)
		fds[i] = launch->fds[i] >= 0 ? launch->low->fds[i] : -1;
	r = place_descriptors(fds);
	if (r < 0)
		fail(launch, "descriptors", -r);
	syscall(SYS_execveat, FD_SELF, "", argv, envp, AT_EMPTY_PATH);
	fail(launch, "exec praxa-init", errno);
}

/* Runs run(context) in a new process on a stack of its own. Returns the pid or -errno. */
static pid_t
run_child(uint64_t flags, int cgroup_fd, int *pidfd, void (*run)(void *context), void *context)
{
	SCOPED_FREE void *stack = NULL;
	sigset_t all, old;
	int e = posix_memalign(&stack, 64, CHILD_STACK);
	pid_t pid;

	if (e != 0)
		return -e;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid = clone_run(
	    &(struct clone_args){
		.flags = flags | CLONE_PIDFD | CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = CHILD_STACK,
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	    },
	    run, context);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

int
launch_low_init(int filler_fd, struct launch_low *ret)
{
	*ret = (struct launch_low){.filler_fd = filler_fd};
	for (int i = 0; i < LAUNCH_FDS; i++)
		ret->fds[i] = -1;
	for (int i = 0; i < LAUNCH_FDS; i++) {
		ret->fds[i] = fcntl(filler_fd, F_DUPFD_CLOEXEC, 0);
		if (ret->fds[i] < 0)
			return -errno;
		if (ret->fds[i] >= ret->end)
			ret->end = ret->fds[i] + 1;
	}
	return 0;
}

void
launch_low_done(struct launch_low *low)
{
	for (int i = 0; low->end > 0 && i < LAUNCH_FDS; i++)
		scope_close(&low->fds[i]);
	low->end = 0;
}

/* Gives what the child gets its low numbers, or takes them away again. */
static int
set_low(const struct launch *launch, bool given)
{
	for (int i = 0; i < LAUNCH_FDS; i++)
		if (launch->fds[i] >= 0 && dup3(given ? launch->fds[i] : launch->low->filler_fd,
					       launch->low->fds[i], O_CLOEXEC) < 0)
			return -errno;
	return 0;
}

/* Clones in the spare network namespace, where there is one. *ret_back: 0, or why the parent is not
 * where and as it was. */
static pid_t
clone_child(struct launch *launch, int *pidfd, int *ret_back)
{
	bool in_spare = spare_net_enter(launch->net);
	uint64_t flags = namespace_flags | CLONE_FILES | (launch->privileged ? 0 : CLONE_NEWUSER) |
			 (launch->cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0) |
			 (in_spare ? 0 : CLONE_NEWNET);
	int low = set_low(launch, true), net;
	pid_t pid;

	launch->stage = low < 0 ? "descriptors" : "namespaces";
	pid = low < 0 ? low : run_child(flags, launch->cgroup_fd, pidfd, child, launch);
	low = set_low(launch, false);
	net = in_spare ? spare_net_leave(launch->net) : 0;
	*ret_back = low < 0 ? low : net;
	return pid;
}

pid_t
launch_run(struct launch *launch, int *ret_pidfd)
{
	int pidfd = -1, back = 0;
	pid_t pid = clone_child(launch, &pidfd, &back);

	if (pid < 0)
		return pid;
	if (back < 0 && launch->error == 0) {
		launch->stage = "way back";
		launch->error = -back;
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	}
	if (launch->error != 0) {
		waitpid(pid, NULL, 0);
		close(pidfd);
		return -launch->error;
	}
	*ret_pidfd = pidfd;
	return pid;
}

static void
try_capability(void *context)
{
	int *error = context;

	*error = syscall(SYS_sethostname, "try", 3) < 0 ? errno : 0;
	syscall(SYS_exit_group, 0);
}

int
launch_try_user_namespace(void)
{
	int pidfd = -1, error = EIO;
	pid_t pid = run_child(CLONE_NEWUSER | CLONE_NEWUTS, -1, &pidfd, try_capability, &error);

	if (pid < 0)
		return pid;
	waitpid(pid, NULL, 0);
	close(pidfd);
	return -error;
}
