#include "sandbox/mode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "sandbox/launch.h"

/* A sysctl that forbids user namespaces when it begins with value. */
struct sysctl {
	const char *path, *name;
	char value;
	const char *advice;
};

static const struct sysctl sysctls[] = {
    {"sys/user/max_user_namespaces", "user.max_user_namespaces", '0', "raise it"},
    {"sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone", '0',
	"set it to 1"},
    {"sys/kernel/apparmor_restrict_unprivileged_userns",
	"kernel.apparmor_restrict_unprivileged_userns", '1',
	"load an AppArmor profile for praxad with the rule \"userns,\""},
};

/* The first line of a file below /proc; "" when it cannot be read. */
static void
read_line(int proc_fd, const char *path, char *to, size_t size)
{
	SCOPED_FD fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, to, size - 1);

	to[n > 0 ? n : 0] = '\0';
	to[strcspn(to, "\n")] = '\0';
}

const char *
mode_obstacle(int proc_fd, char *to, size_t size)
{
	char text[96];

	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		read_line(proc_fd, sysctls[i].path, text, sizeof(text));
		if (text[0] == sysctls[i].value) {
			snprintf(to, size, "the sysctl %s is %c", sysctls[i].name, text[0]);
			return sysctls[i].advice;
		}
	}
	/* A profile that lets the namespace be made and used has both rules. */
	read_line(proc_fd, "self/attr/apparmor/current", text, sizeof(text));
	if (strstr(text, "(enforce)") == NULL)
		return NULL;
	snprintf(to, size, "AppArmor confines this process as %s", text);
	return "allow \"userns,\" and \"capability,\" in that profile";
}

enum err
mode_choose(int proc_fd, bool *ret_privileged, struct fault *fault)
{
	int r = launch_try_user_namespace();
	const char *advice;
	char obstacle[160];

	*ret_privileged = r < 0 && geteuid() == 0;
	if (r == 0 || *ret_privileged)
		return ERR_OK;
	advice = mode_obstacle(proc_fd, obstacle, sizeof(obstacle));
	return fault_set(fault, ERR_CONFINEMENT,
	    "user namespaces cannot be used: %s (%s%s%s; or start praxad as root, which does "
	    "without)",
	    strerror(-r), advice != NULL ? obstacle : "", advice != NULL ? ": " : "",
	    advice != NULL ? advice : mode_advice(-r));
}

const char *
mode_advice(int error)
{
	switch (error) {
	case EPERM:
	case EACCES:
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
