#include "sandbox/mode.h"

#include <errno.h>
#include <fcntl.h>

#include "sandbox/launch.h"

/* A sysctl that forbids user namespaces when it begins with value. */
struct sysctl {
	const char *path;
	char value;
	const char *advice;
};

static bool
forbids(int proc_fd, const struct sysctl *sysctl)
{
	SCOPED_FD fd = openat(proc_fd, sysctl->path, O_RDONLY | O_CLOEXEC);
	char first;

	return fd >= 0 && read(fd, &first, 1) == 1 && first == sysctl->value;
}

/* What stands in the way on this host. */
static const char *
reason(int proc_fd, int error)
{
	static const struct sysctl sysctls[] = {
	    {"sys/user/max_user_namespaces", '0',
		"the sysctl user.max_user_namespaces is 0; raise it"},
	    {"sys/kernel/unprivileged_userns_clone", '0',
		"set the sysctl kernel.unprivileged_userns_clone to 1"},
	    {"sys/kernel/apparmor_restrict_unprivileged_userns", '1',
		"AppArmor restricts them: load a profile for praxad with the rule \"userns,\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++)
		if (forbids(proc_fd, &sysctls[i]))
			return sysctls[i].advice;
	return mode_advice(error);
}

enum err
mode_choose(int proc_fd, bool *ret_privileged, struct fault *fault)
{
	int r = launch_try_user_namespace();

	*ret_privileged = r < 0 && geteuid() == 0;
	if (r == 0 || *ret_privileged)
		return ERR_OK;
	return fault_set(fault, ERR_CONFINEMENT,
	    "user namespaces cannot be used: %s (%s; or start praxad as root, which does "
	    "without)",
	    strerror(-r), reason(proc_fd, -r));
}

const char *
mode_advice(int error)
{
	switch (error) {
	case EPERM:
		return "user namespaces are forbidden here: see the sysctls "
		       "kernel.unprivileged_userns_clone and "
		       "kernel.apparmor_restrict_unprivileged_userns";
	case ENOSPC:
	case EUSERS:
		return "no more namespaces: see the sysctls user.max_*_namespaces";
	case ENOSYS:
	case EINVAL:
		return "this kernel lacks a kind of namespace; Linux 5.14 or newer is needed";
	default:
		return "see clone3(2)";
	}
}
