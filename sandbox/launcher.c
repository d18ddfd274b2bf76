#include "sandbox/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/statfs.h>

#include "common/io.h"
#include "sandbox/mode.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

enum { INIT_BYTES_MAX = 64 * 1024 * 1024 };

/* A sealed, executable memory file. MFD_EXEC says so where vm.memfd_noexec asks for it. */
static int
seal_executable(const void *data, size_t length, int *ret_fd)
{
	static const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	SCOPED_FD fd = memfd_create("praxa-init", flags | MFD_EXEC);
	int r;

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("praxa-init", flags);
	if (fd < 0)
		return -errno;
	r = io_write_full(fd, data, length);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, seals) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static enum err
launcher_open(struct cell_launcher *launcher, const char *init_path, struct fault *fault)
{
	SCOPED_FREE char *data = NULL;
	size_t length = 0;
	struct statfs fs;
	int r = io_read_file(AT_FDCWD, init_path, INIT_BYTES_MAX, &data, &length);

	if (r == 0)
		r = seal_executable(data, length, &launcher->init_fd);
	if (r < 0)
		return fault_set(
		    fault, ERR_CONFINEMENT, "%s cannot be used: %s", init_path, strerror(-r));
	launcher->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (launcher->proc_fd < 0 || fstatfs(launcher->proc_fd, &fs) < 0 ||
	    fs.f_type != PROC_SUPER_MAGIC)
		return fault_set(fault, ERR_CONFINEMENT, "/proc is not mounted on this host");
	if (namespaces_outside(launcher->proc_fd, launcher->outside) < 0)
		return fault_set(fault, ERR_CONFINEMENT, "/proc/self/ns cannot be read");
	r = launch_low_init(launcher->proc_fd, &launcher->low);
	if (r < 0)
		return fault_set(fault, ERR_CONFINEMENT, "descriptors: %s", strerror(-r));
	spare_net_init(launcher->proc_fd, &launcher->net);
	if (spare_net_make(launcher->proc_fd, &launcher->net) < 0)
		return fault_set(fault, ERR_CONFINEMENT, "setns to the own network namespace");
	return mode_choose(launcher->proc_fd, &launcher->privileged, fault);
}

enum err
cell_launcher_new(const char *init_path, struct cell_launcher **ret, struct fault *fault)
{
	struct cell_launcher *launcher = malloc(sizeof(*launcher));
	enum err r;

	if (launcher == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	*launcher = (struct cell_launcher){
	    .init_fd = -1,
	    .proc_fd = -1,
	    .net = SPARE_NET_NONE,
	    .no_cgroup = "no cgroup v2 is delegated to Praxa",
	};
	r = launcher_open(launcher, init_path, fault);
	if (r != ERR_OK) {
		cell_launcher_free(&launcher);
		return r;
	}
	*ret = launcher;
	return ERR_OK;
}

void
cell_launcher_free(struct cell_launcher **launcher)
{
	if (*launcher == NULL)
		return;
	scope_close(&(*launcher)->init_fd);
	scope_close(&(*launcher)->proc_fd);
	launch_low_done(&(*launcher)->low);
	spare_net_done(&(*launcher)->net);
	free(*launcher);
	*launcher = NULL;
}

void
cell_launcher_set_cgroup(struct cell_launcher *launcher, struct cgroup *cgroup, const char *why)
{
	launcher->cgroup = cgroup;
	launcher->no_cgroup = why;
}
