#include "sandbox/cgroup_divide.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "sandbox/cgroup_file.h"

/* A process that forks while it is moved leaves its child behind, once. */
enum { MOVE_ROUNDS = 16, PROCS_BYTES_MAX = 64 * 1024 };

static const char others[] = "others";

/* What systemd writes on a unit's cgroup with Delegate=yes: one for root, and since version 251 one
 * that anybody may read. */
static bool
is_delegated(int dir_fd)
{
	static const char *const names[] = {"user.delegate", "trusted.delegate"};
	char value[8];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (fgetxattr(dir_fd, names[i], value, sizeof(value)) == 1 && value[0] == '1')
			return true;
	return false;
}

static enum err
move_listed(int dir_fd, char *list, struct fault *fault)
{
	char *rest = NULL;

	for (char *pid = strtok_r(list, "\n", &rest); pid != NULL;
	     pid = strtok_r(NULL, "\n", &rest)) {
		int r;

		/* Stands for one that our pid namespace does not see; written, for ourselves. */
		if (strcmp(pid, "0") == 0)
			return fault_set(fault, ERR_CONFINEMENT,
			    "our cgroup has a process that is not in our pid namespace");
		r = cgroup_file_write(dir_fd, "others/cgroup.procs", pid);
		if (r < 0 && r != -ESRCH)
			return fault_set(fault, ERR_CONFINEMENT,
			    "process %s of our cgroup cannot be moved: %s", pid, strerror(-r));
	}
	return ERR_OK;
}

static enum err
move_all(int dir_fd, struct fault *fault)
{
	SCOPED_FREE char *list = malloc(PROCS_BYTES_MAX);
	enum err code = ERR_OK;

	if (list == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	for (int i = 0; code == ERR_OK && i < MOVE_ROUNDS; i++) {
		int r = cgroup_file_read(dir_fd, "cgroup.procs", list, PROCS_BYTES_MAX);

		if (r < 0)
			return fault_set(fault, ERR_CONFINEMENT, "cgroup.procs: %s", strerror(-r));
		if (list[0] == '\0')
			return ERR_OK;
		code = move_listed(dir_fd, list, fault);
	}
	return code != ERR_OK ? code
			      : fault_set(fault, ERR_CONFINEMENT,
				    "our cgroup gets processes faster than they can be moved");
}

static enum err
make(int dir_fd, const char *name, struct fault *fault)
{
	return mkdirat(dir_fd, name, 0755) == 0 || errno == EEXIST
		   ? ERR_OK
		   : fault_set(fault, ERR_CONFINEMENT, "cgroup %s: %s", name, strerror(errno));
}

enum err
cgroup_divide(const char *path, const char *name, char *ret_path, size_t size, struct fault *fault)
{
	SCOPED_FD dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err r;

	if (dir < 0)
		return fault_set(fault, ERR_CONFINEMENT, "cgroup %s: %s", path, strerror(errno));
	if (!is_delegated(dir))
		return fault_set(fault, ERR_CONFINEMENT,
		    "the cgroup %s is not delegated to Praxa (Delegate=yes)", path);
	if ((size_t)snprintf(ret_path, size, "%s/%s", path, name) >= size)
		return fault_set(fault, ERR_CONFINEMENT, "the path of our cgroup is too long");
	r = make(dir, others, fault);
	if (r == ERR_OK)
		r = move_all(dir, fault);
	if (r == ERR_OK)
		r = make(dir, name, fault);
	if (r == ERR_OK)
		cgroup_file_hand_down(dir);
	return r;
}

enum err
cgroup_divide_own(const char *name, char *ret_path, size_t size, struct fault *fault)
{
	char path[CGROUP_PATH_MAX];
	enum err r = cgroup_place_own(others, path, sizeof(path), fault);

	return r == ERR_OK ? cgroup_divide(path, name, ret_path, size, fault) : r;
}

void
cgroup_divide_end(const char *path)
{
	rmdir(path);
}
