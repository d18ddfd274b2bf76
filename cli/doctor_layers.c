#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "common/scope.h"
#include "policy/rule_read.h"
#include "sandbox/mode.h"

/* Into new namespaces, as a cell goes: by a user namespace, or as root without. */
static int
go_into(int flags)
{
	if (unshare(CLONE_NEWUSER | flags) == 0)
		return 0;
	return geteuid() == 0 && unshare(flags) == 0 ? 0 : -errno;
}

/* AppArmor on Ubuntu lets the namespace be made and takes its capabilities away, so one is used. */
static int
try_user(void)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWUTS) < 0 || sethostname("doctor", 6) < 0 ? -errno
											 : 0;
}

/* Without user namespaces a cell has a user id of the host, which only root can give it. */
static int
try_identity(void)
{
	return try_user() == 0 || geteuid() == 0 ? 0 : -EPERM;
}

#define TRY_NAMESPACE(name, flag)     \
	static int try_##name(void)   \
	{                             \
		return go_into(flag); \
	}
TRY_NAMESPACE(mount, CLONE_NEWNS)
TRY_NAMESPACE(pid, CLONE_NEWPID)
TRY_NAMESPACE(net, CLONE_NEWNET)
TRY_NAMESPACE(ipc, CLONE_NEWIPC)
TRY_NAMESPACE(uts, CLONE_NEWUTS)
TRY_NAMESPACE(cgroup_namespace, CLONE_NEWCGROUP)
TRY_NAMESPACE(time, CLONE_NEWTIME)

static int
mount_new(const char *type, const char *option, const char *value)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE};
	int fs = fsopen(type, FSOPEN_CLOEXEC), mount;

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, option, value, 0) < 0 ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (mount < 0 || mount_setattr(mount, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	return 0;
}

static int
try_root(void)
{
	int r = go_into(CLONE_NEWNS);

	return r < 0 ? r : mount_new("tmpfs", "mode", "0755");
}

static int
mount_proc(void)
{
	return mount_new("proc", "subset", "pid");
}

static int
try_proc(void)
{
	int r = go_into(CLONE_NEWNS | CLONE_NEWPID);

	/* The child is the first in the pid namespace, and /proc belongs to that. */
	return r < 0 ? r : doctor_try(mount_proc);
}

static int
try_session(void)
{
	return setsid() < 0 ? -errno : 0;
}

static int
try_securebits(void)
{
	int r = go_into(CLONE_NEWUTS);

	return r < 0 || prctl(PR_SET_SECUREBITS, 1, 0, 0, 0) == 0 ? r : -errno;
}

static int
try_no_new_privs(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int
try_landlock(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? -errno : 0;
}

static int
try_seccomp(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0 ? -errno : 0;
}

static int
try_close_range(void)
{
	return close_range(~0U, ~0U, 0) < 0 ? -errno : 0;
}

static int
lower(int resource, uint64_t to)
{
	struct rlimit limit = {to, to};

	return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

static int
try_rlimits(void)
{
	const struct policy_limits *limits = &policy_limits_default;
	const struct {
		int resource;
		uint64_t value;
	} rows[] = {
	    {RLIMIT_FSIZE, limits->file_bytes},
	    {RLIMIT_NOFILE, limits->open_files},
	    {RLIMIT_NPROC, limits->processes + 1},
	    {RLIMIT_CPU, limits->cpu_ns / POLICY_SECOND},
	    {RLIMIT_AS, limits->memory_bytes},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = lower(rows[i].resource, rows[i].value);

		if (r < 0)
			return r;
	}
	return 0;
}

static int
try_no_dump(void)
{
	return lower(RLIMIT_CORE, 1);
}

static int
try_keyring(void)
{
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ? -errno : 0;
}

static int
try_deny_new_code(void)
{
	enum {
		SET_MDWE = 65,
		REFUSE_EXEC_GAIN = 1
	}; /* PR_SET_MDWE, linux/prctl.h since Linux 6.3 */

	return prctl(SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) < 0 ? -errno : 0;
}

/* Both must be restricted, or be nothing that this processor does. */
static int
try_speculation(void)
{
	static const unsigned long kinds[] = {PR_SPEC_STORE_BYPASS, PR_SPEC_INDIRECT_BRANCH};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int is;

		prctl(PR_SET_SPECULATION_CTRL, kinds[i], PR_SPEC_FORCE_DISABLE, 0, 0);
		is = prctl(PR_GET_SPECULATION_CTRL, kinds[i], 0, 0, 0);
		if (is < 0)
			return -errno;
		if (is != PR_SPEC_NOT_AFFECTED && is != PR_SPEC_DISABLE &&
		    ((unsigned)is & PR_SPEC_FORCE_DISABLE) == 0)
			return -EOPNOTSUPP;
	}
	return 0;
}

static const struct row {
	int (*attempt)(void);
	const char *sysctl; /* of user.max_*_namespaces; NULL: none */
	const char *fix;
} rows[LAYER_COUNT] = {
    [LAYER_USER_NS] = {try_user, "user", "start Praxa as root, which does without; or allow them"},
    [LAYER_MOUNT_NS] = {try_mount, "mnt", "CONFIG_NAMESPACES is needed"},
    [LAYER_PID_NS] = {try_pid, "pid", "CONFIG_PID_NS is needed"},
    [LAYER_NET_NS] = {try_net, "net", "CONFIG_NET_NS is needed"},
    [LAYER_IPC_NS] = {try_ipc, "ipc", "CONFIG_IPC_NS is needed"},
    [LAYER_UTS_NS] = {try_uts, "uts", "CONFIG_UTS_NS is needed"},
    [LAYER_CGROUP_NS] = {try_cgroup_namespace, "cgroup", "CONFIG_CGROUPS is needed"},
    [LAYER_TIME_NS] = {try_time, "time", "Linux 5.6 with CONFIG_TIME_NS is needed"},
    [LAYER_ROOT] = {try_root, NULL, "Linux 5.12 has the mount calls that are needed"},
    [LAYER_READ_ONLY] = {try_root, NULL, "Linux 5.12 has mount_setattr(2)"},
    [LAYER_PROC] = {try_proc, NULL,
	"parts of /proc are covered, as in a container: see the row /proc"},
    [LAYER_SESSION] = {try_session, NULL, ""},
    [LAYER_NO_CAPABILITIES] = {try_securebits, NULL, "securebits must be changeable"},
    [LAYER_NO_NEW_PRIVS] = {try_no_new_privs, NULL, "Linux 3.5 has it"},
    [LAYER_LANDLOCK] = {try_landlock, NULL,
	"boot with \"landlock\" in lsm=, or Linux 5.13 built with it"},
    [LAYER_SECCOMP] = {try_seccomp, NULL, "CONFIG_SECCOMP_FILTER and Linux 4.14 are needed"},
    [LAYER_CLOSED_FDS] = {try_close_range, NULL, "Linux 5.9 has close_range(2)"},
    [LAYER_RLIMITS] = {try_rlimits, NULL, "a hard limit of this shell is below a policy's default"},
    [LAYER_NO_DUMP] = {try_no_dump, NULL, "the hard limit of core files must not be 0"},
    [LAYER_IDENTITY] = {try_identity, NULL, "allow user namespaces, or start Praxa as root"},
    [LAYER_MDWE] = {try_deny_new_code, NULL,
	"Linux 6.3 has it; only policies that require this layer are refused"},
    [LAYER_SPECULATION] = {try_speculation, NULL,
	"the processor, its microcode or this virtual machine gives no control over it; only "
	"policies that require this layer are refused"},
    [LAYER_KEYRING] = {try_keyring, NULL,
	"CONFIG_KEYS is needed, and one key below kernel.keys.maxkeys; seccomp of a container may "
	"forbid it"},
};

/* What stands behind an errno, where it is known. */
static void
explain(enum layer layer, int error, struct doctor_finding *ret)
{
	SCOPED_FD proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *name = strerrorname_np(-error), *advice = NULL;
	char path[96], value[32], obstacle[160];

	doctor_say(ret, DOCTOR_MISSING, rows[layer].fix, "%s (%s)", name, strerror(-error));
	if (rows[layer].sysctl == NULL)
		return;
	if (error == -ENOSPC) {
		snprintf(
		    path, sizeof(path), "/proc/sys/user/max_%s_namespaces", rows[layer].sysctl);
		doctor_read(path, value, sizeof(value));
		doctor_say(ret, DOCTOR_MISSING, rows[layer].fix,
		    "ENOSPC: the sysctl user.max_%s_namespaces is %s", rows[layer].sysctl, value);
	}
	if (error == -EPERM || error == -EACCES)
		advice = mode_obstacle(proc, obstacle, sizeof(obstacle));
	if (advice != NULL)
		doctor_say(ret, DOCTOR_MISSING, rows[layer].fix, "%s: %s", name, obstacle);
	if (advice != NULL && layer == LAYER_USER_NS)
		snprintf(ret->fix, sizeof(ret->fix),
		    "start Praxa as root, which does without; or %s", advice);
}

/* Each is the first ABI that has it; docs.kernel.org/userspace-api/landlock.html. */
static void
landlock_detail(uint32_t abi, struct doctor_finding *ret)
{
	static const struct {
		uint32_t abi;
		const char *what;
	} news[] = {{2, "renames"}, {3, "truncation"}, {4, "TCP ports"}, {5, "device ioctls"},
	    {6, "signals and abstract sockets"}};
	char lacks[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(news); i++)
		if (abi < news[i].abi)
			used += (size_t)snprintf(lacks + used, sizeof(lacks) - used, "%s%s",
			    used > 0 ? ", " : "", news[i].what);
	if (used == 0)
		doctor_say(ret, DOCTOR_PRESENT, NULL, "ABI %u", abi);
	else
		doctor_say(ret, DOCTOR_PARTLY,
		    "nothing: other layers hold them; Linux 6.12 has all",
		    "ABI %u has no rules for %s", abi, lacks);
}

static void
seccomp_detail(struct doctor_finding *ret)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;
	bool notifies = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;

	if (notifies)
		doctor_say(ret, DOCTOR_PRESENT, NULL, "with user notification");
	else
		doctor_say(ret, DOCTOR_PARTLY, "Linux 5.0 has it",
		    "without user notification: refused calls are not recorded");
}

/* Not tried by itself: what a cell found is the whole truth. */
static void
cgroup_detail(const struct doctor_cell *cell, bool held, struct doctor_finding *ret)
{
	const char *fix =
	    geteuid() == 0
		? "systemd-run --scope -p Delegate=yes praxa run ...; only policies that require "
		  "this layer are refused without"
		: "systemd-run --user --scope -p Delegate=yes praxa run ...; only policies that "
		  "require this layer are refused without";
	char path[CGROUP_PATH_MAX + 32], given[160];

	snprintf(path, sizeof(path), "%s/cgroup.controllers", cell->cgroup);
	doctor_read(path, given, sizeof(given));
	if (held)
		doctor_say(ret, DOCTOR_PRESENT, NULL, "limits of memory, processes and CPU time");
	else if (cell->no_cgroup.message[0] != '\0')
		doctor_say(ret, DOCTOR_MISSING, fix, "%.240s", cell->no_cgroup.message);
	else if (cell->cgroup[0] == '\0')
		doctor_say(ret, DOCTOR_MISSING, fix, "no cell got so far");
	else
		doctor_say(ret, DOCTOR_MISSING, fix,
		    "ours has the controllers \"%s\"; memory, pids and cpu are needed", given);
}

void
doctor_layer(enum layer layer, const struct doctor_cell *cell, struct doctor_finding *ret)
{
	bool held = (cell->layers >> layer & 1) != 0;
	int r = held || rows[layer].attempt == NULL ? 0 : doctor_try(rows[layer].attempt);

	if (r < 0)
		explain(layer, r, ret);
	else if (layer == LAYER_CGROUP)
		cgroup_detail(cell, held, ret);
	else if (!held && cell->started)
		doctor_say(ret, DOCTOR_MISSING, rows[layer].fix,
		    "works by itself, and a cell that was started lacks it");
	else if (!held)
		doctor_say(ret, DOCTOR_PRESENT, NULL, "works by itself; no cell got so far");
	else if (layer == LAYER_TIME_NS)
		doctor_say(ret, DOCTOR_PRESENT, NULL,
		    "clocks that start with the cell; the host's uptime is no secret");
	else if (layer == LAYER_LANDLOCK)
		landlock_detail(cell->landlock_abi, ret);
	else if (layer == LAYER_SECCOMP)
		seccomp_detail(ret);
	else
		doctor_say(ret, DOCTOR_PRESENT, NULL, "read back in a cell");
}
