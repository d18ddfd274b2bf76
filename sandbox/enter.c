#include "sandbox/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "common/io.h"
#include "sandbox/handover.h"
#include "sandbox/hardening.h"
#include "sandbox/landlock.h"
#include "sandbox/layout.h"
#include "sandbox/limits.h"
#include "sandbox/mount_table.h"
#include "sandbox/mounts.h"
#include "sandbox/notify.h"
#include "sandbox/parked.h"
#include "sandbox/privileges.h"
#include "sandbox/root.h"

static int
step_wait(struct enter *enter)
{
	char byte;

	(void)enter;
	/* The end instead of the byte: the supervisor is gone, and nobody is there to be told. */
	if (io_read_full(FD_LIFELINE, &byte, 1) != 1)
		_exit(1);
	return 0;
}

/* With a user namespace one of our own, over the host's, with which it goes: there each namespace
 * that lives adds its own entries of the same names to /proc/sys/user, and finding ours among those
 * of a thousand cells took longer than half of all other steps. Where parts of the host's /proc are
 * covered the kernel allows no other, and the host's will do. */
static int
step_proc(struct enter *enter)
{
	SCOPED_FD own = -1;

	enter->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (enter->proc_fd < 0)
		return -errno;
	if ((enter->plan->head->flags & PLAN_PRIVILEGED) != 0)
		return 0;
	own = mounts_proc_whole();
	if (own < 0 || mounts_attach(own, enter->proc_fd) < 0)
		return 0;
	close(enter->proc_fd);
	enter->proc_fd = TAKE_FD(own);
	return 0;
}

static int
write_proc(const struct enter *enter, const char *name, const char *text)
{
	SCOPED_FD fd = openat(enter->proc_fd, name, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : io_write_full(fd, text, strlen(text));
}

static int
step_time(struct enter *enter)
{
	char text[128];
	struct timespec monotonic, boot;
	int r;

	if (unshare(CLONE_NEWTIME) < 0)
		return -errno;
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	snprintf(text, sizeof(text), "monotonic -%lld 0\nboottime -%lld 0\n",
	    (long long)monotonic.tv_sec, (long long)boot.tv_sec);
	r = write_proc(enter, "self/timens_offsets", text);
	if (r < 0)
		return r;
	return namespaces_time_is_new(enter->proc_fd, enter->plan->head->outside) ? 0 : -EPERM;
}

static int
step_identity(struct enter *enter)
{
	return privileges_take_identity(
	    enter->plan->head->id, (enter->plan->head->flags & PLAN_DROP_GROUPS) != 0);
}

static int
step_nested(struct enter *enter)
{
	int r;

	/* There the setting is the host's, and already forbids them. */
	if ((enter->plan->head->flags & PLAN_PRIVILEGED) != 0)
		return unshare(CLONE_NEWUSER) < 0 ? 0 : -EPERM;
	r = write_proc(enter, "sys/user/max_user_namespaces", "0");
	if (r < 0)
		return r;
	return unshare(CLONE_NEWUSER) < 0 && errno == ENOSPC ? 0 : -EPERM;
}

static int
step_cgroup(struct enter *enter)
{
	enter->layers |= enter->plan->head->active;
	return unshare(CLONE_NEWCGROUP) < 0 ? -errno : 0;
}

static int
step_namespaces(struct enter *enter)
{
	/* Without its offsets the time namespace changes nothing: that layer is step_time's. */
	enter->layers |=
	    namespaces_new(enter->proc_fd, enter->plan->head->outside) & ~LAYER_BIT(TIME_NS);
	return 0;
}

static int
step_hostname(struct enter *enter)
{
	const char *name = enter->plan->hostname;

	return sethostname(name, strlen(name)) < 0 || setdomainname("", 0) < 0 ? -errno : 0;
}

static int
step_keyring(struct enter *enter)
{
	(void)enter;
	return privileges_new_keyring();
}

static int
step_mount_table(struct enter *enter)
{
	return mount_table_check(enter->proc_fd, enter->object, sizeof(enter->object));
}

static int
step_capabilities(struct enter *enter)
{
	(void)enter;
	return privileges_drop();
}

static int
step_no_new_privs(struct enter *enter)
{
	(void)enter;
	return privileges_forbid_new();
}

static int
step_new_code(struct enter *enter)
{
	int r;

	if ((enter->plan->head->flags & PLAN_MDWE) == 0)
		return 0;
	r = hardening_deny_new_code();
	if (r == 0)
		enter->layers |= LAYER_BIT(MDWE);
	return r;
}

static int
step_speculation(struct enter *enter)
{
	(void)enter;
	return hardening_restrict_speculation();
}

static int
step_dumpable(struct enter *enter)
{
	(void)enter;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : -EPERM;
}

static int
step_fork(struct enter *enter)
{
	int pair[2];
	pid_t pid;

	enter->said = mmap(
	    NULL, sizeof(*enter->said), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (enter->said == MAP_FAILED ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	enter->program = pid;
	enter->report_read = pair[0];
	enter->report_fd = pair[1];
	close(pid > 0 ? pair[1] : pair[0]);
	return 0;
}

/* The supervisor's mask and what it ignores would reach the program; so would praxa-init's umask.
 */
static int
step_signals(struct enter *enter)
{
	sigset_t none;

	(void)enter;
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	umask(022);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 || chdir("/tmp") < 0 ? -errno : 0;
}

static int
step_session(struct enter *enter)
{
	(void)enter;
	if (setsid() < 0)
		return -errno;
	return getsid(0) == getpid() && open("/dev/tty", O_RDWR | O_CLOEXEC) < 0 ? 0 : -EPERM;
}

enum { POLLED_MAX = 1024 };

/* How many of the descriptors from first on are open, among as many as are wanted and one poll(2)
 * may ask for. */
static int
count_open(int first, nfds_t wanted)
{
	struct pollfd fds[POLLED_MAX];
	struct rlimit limit;
	nfds_t asked = wanted;
	int count = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if (limit.rlim_cur < asked)
		asked = (nfds_t)limit.rlim_cur;
	for (nfds_t i = 0; i < asked; i++)
		fds[i] = (struct pollfd){.fd = first + (int)i};
	if (poll(fds, asked, 0) < 0)
		return -errno;
	for (nfds_t i = 0; i < asked; i++)
		count += fds[i].revents != POLLNVAL;
	return count;
}

static int
step_descriptors(struct enter *enter)
{
	bool parked = (enter->plan->head->flags & PLAN_PARKED) != 0;
	int kept = parked ? FD_PARKED : FD_REPORT;

	if (dup3(enter->report_fd, FD_REPORT, O_CLOEXEC) < 0 ||
	    (parked && dup3(FD_HANDOVER, FD_PARKED, O_CLOEXEC) < 0) ||
	    syscall(SYS_close_range, kept + 1, ~0U, 0) < 0)
		return -errno;
	enter->report_fd = FD_REPORT;
	return count_open(kept + 1, POLLED_MAX) == 0 ? 0 : -EBADF;
}

static int
step_hand_over(struct enter *enter)
{
	int r;

	if ((enter->plan->head->flags & PLAN_PARKED) == 0)
		return 0;
	r = parked_wait(enter);
	/* Nothing was open before; what came has the lowest numbers. */
	return r < 0 || count_open(FD_PARKED, 2 * HANDOVER_FDS_MAX) == 0 ? r : -EBADF;
}

static int
step_landlock(struct enter *enter)
{
	return landlock_enter(enter->plan, &enter->landlock_abi);
}

static int
step_limits(struct enter *enter)
{
	return limits_set(&enter->plan->head->limits);
}

/* Everything but seccomp has been read back; seccomp is about to be, or the cell fails. */
static int
step_required(struct enter *enter)
{
	uint64_t missing = enter->plan->head->required & ~(enter->layers | LAYER_BIT(SECCOMP));

	if (missing == 0)
		return 0;
	layer_list(enter->object, sizeof(enter->object), missing);
	return -EOPNOTSUPP;
}

static int
seccomp_is_on(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER ? 0 : -EPERM;
}

static int
step_seccomp(struct enter *enter)
{
	struct sock_fprog program = {
	    .len = (unsigned short)enter->plan->head->filter_length,
	    .filter = (struct sock_filter *)(uintptr_t)enter->plan->filter,
	};

	/* Without a listener the filter answers alone, with the same error numbers. */
	if ((enter->plan->head->flags & PLAN_NOTIFY) != 0 &&
	    notify_enter(program.filter, program.len, enter->report_fd) == 0)
		return seccomp_is_on();
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return -errno;
	return seccomp_is_on();
}

static void fill_report(const struct enter *enter, uint32_t kind, struct cell_report *ret);

static int
step_exec(struct enter *enter)
{
	if ((enter->plan->head->flags & PLAN_TIMED) != 0)
		enter->said->timing = enter->timing;
	fill_report(enter, CELL_READY, &enter->said->report);
	execve(enter->plan->argv[0], enter->plan->argv, enter->envp);
	enter_at(enter, enter->plan->argv[0] + 1);
	return -errno;
}

struct step {
	const char *name;
	int (*take)(struct enter *enter);
	uint64_t layers;    /* read back by a take that returns 0 */
	bool may_lack;      /* a kernel may not have it; then the policy decides in "required" */
	const char *advice; /* what to do when it fails */
};

/* The order, and why. Above "fork" in praxa-init, below it in process 2 alone. */
static const struct step steps[] = {
    /* Until the maps are written we have no id, and every file that we make would have none. */
    {"id map", step_wait, 0, false, ""},
    {"proc", step_proc, 0, false, "/proc must be mounted on the host"},
    /* While /proc/self is still ours to write: a change of ids gives it to root (proc(5)). The
     * offsets must stand before anybody lives in the namespace; process 2 is the first. */
    {"time namespace", step_time, LAYER_BIT(TIME_NS), true, "Linux 5.6 with CONFIG_TIME_NS has it"},
    /* Before any file is made, so that all belong to the id inside. */
    {"identity", step_identity, LAYER_BIT(IDENTITY), false, "see user_namespaces(7)"},
    /* Second lock behind seccomp's: new namespaces are the way to most kernel bugs. While
     * CAP_SYS_RESOURCE is there, and the host's /proc/sys. */
    {"nested namespaces", step_nested, 0, false, "user.max_user_namespaces must be writable"},
    /* Its root is the cgroup that we are in now, and that the supervisor has read back. */
    {"cgroup namespace", step_cgroup, 0, false, ""},
    /* All namespaces are made now; sets their layers itself, one by one. */
    {"namespaces", step_namespaces, 0, false, ""},
    {"host name", step_hostname, 0, false, ""},
    /* Before the fork, so that nothing of this run ever had the caller's keys. */
    {"keyring", step_keyring, LAYER_BIT(KEYRING), true,
	"CONFIG_KEYS is missing, or kernel.keys.maxkeys is reached"},
    /* The root is built while the host's is still there to copy from, and no other process. */
    {"root", root_begin, 0, false, "Linux 5.12 has the mount calls that are needed"},
    {"mount", root_system, 0, false, ""},
    {"mount", root_etc, 0, false, ""},
    {"mount", root_devices, 0, false, "the host's device is not what it should be"},
    /* Needs a /proc of the host that nothing covers, so before the host's root goes. */
    {"mount", root_proc, 0, true,
	"parts of the host's /proc are covered, as in a container; see mount_namespaces(7)"},
    {"mount", root_tmp, 0, false, ""},
    {"mount", root_bundle, 0, false, ""},
    {"mount", root_mounts, 0, false, "its path must be open to the user of the cell"},
    {"pivot root", root_pivot, LAYER_BIT(ROOT), false, ""},
    /* After everything is in place. */
    {"seal root", root_seal, 0, false, ""},
    {"mount table", step_mount_table, LAYER_BIT(READ_ONLY), false, ""},
    /* Nothing below needs a capability. The bounding set needs CAP_SETPCAP, so it goes with them.
     */
    {"capabilities", step_capabilities, LAYER_BIT(NO_CAPABILITIES), false, ""},
    /* Landlock and seccomp ask for it where there is no capability. */
    {"no new privileges", step_no_new_privs, LAYER_BIT(NO_NEW_PRIVS), false, ""},
    /* Both are inherited, so they hold for praxa-init as well. */
    {"memory-deny-write-execute", step_new_code, 0, true, ""},
    {"speculation", step_speculation, LAYER_BIT(SPECULATION), true, ""},
    /* Same uid on both sides of the fork: the program may neither trace praxa-init nor read it. */
    {"dumpable", step_dumpable, 0, false, ""},
    {"fork", step_fork, 0, false, ""},
    {"signals", step_signals, 0, false, ""},
    {"session", step_session, LAYER_BIT(SESSION), false, ""},
    /* Plan, status, lifeline, bundle and trees are praxa-init's; from here on only stdio, the door
     * and the report pipe are open. Before Landlock, which does not take back what is open. */
    {"descriptors", step_descriptors, LAYER_BIT(CLOSED_FDS), false, ""},
    {"Landlock", step_landlock, LAYER_BIT(LANDLOCK), true, "Linux 5.13 with lsm=landlock has it"},
    /* A parked cell waits here: all that is above needs no run, and what is below is quick. */
    {"hand over", step_hand_over, 0, false, "supervisor and praxa-init differ in version"},
    /* After the last open and allocation of ours, which they would count. */
    {"rlimits", step_limits, LAYER_BIT(RLIMITS) | LAYER_BIT(NO_DUMP), false,
	"a hard limit of the caller is lower; see getrlimit(2)"},
    {"required layer", step_required, 0, false, ""},
    /* Last: the profile is the program's and knows none of the calls above. */
    {"seccomp", step_seccomp, LAYER_BIT(SECCOMP), false, "CONFIG_SECCOMP_FILTER is missing"},
    {"exec", step_exec, 0, false, "the program or its interpreter is not in the cell"},
};

static void
fill_report(const struct enter *enter, uint32_t kind, struct cell_report *ret)
{
	*ret = (struct cell_report){
	    .kind = kind,
	    .layers = enter->layers,
	    .landlock_abi = enter->landlock_abi,
	};
}

static void
fill_failure(const struct enter *enter, const struct step *step, int error, struct cell_report *ret)
{
	fill_report(enter, CELL_FAILED, ret);
	ret->error = error;
	/* Cut where it is too long: the start of a path still tells which. */
	snprintf(ret->stage, sizeof(ret->stage), "%s%s%.30s", step->name,
	    enter->object[0] != '\0' ? " " : "", enter->object);
	snprintf(ret->detail, sizeof(ret->detail), "%s", step->advice);
}

bool
enter_cell(struct enter *enter, struct cell_report *ret)
{
	bool timed = (enter->plan->head->flags & PLAN_TIMED) != 0;

	if (timed) {
		timing_begin(&enter->timing, enter->plan->head->start_ns);
		timing_note(&enter->timing, "clone and exec", "");
	}
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int r;

		enter->object[0] = '\0';
		r = steps[i].take(enter);
		if (r == 0) {
			enter->layers |= steps[i].layers;
		} else if (!steps[i].may_lack) {
			fill_failure(enter, &steps[i], -r, ret);
			if (enter->program > 0 || enter->report_fd < 0)
				return false;
			/* Process 2 says why and is gone; praxa-init passes it on. */
			enter->said->report = *ret;
			_exit(1);
		}
		if (enter->program > 0)
			return true;
		if (timed)
			timing_note(&enter->timing, steps[i].name, enter->object);
	}
	return false; /* not reached: the last step executes the program or fails */
}
