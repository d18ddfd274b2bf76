#include "sandbox/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "sandbox/cgroup_file.h"

enum { ORPHAN_PATIENCE_MS = 5000 };

/* The cgroup that this process itself is in, so that its parent can hand controllers down: a cgroup
 * has processes or limits its children, never both. */
static const char own[] = "supervisor";

/* Processes in dir_fd but ours; *ret_own: ours is there. */
static int
count_others(int dir_fd, bool *ret_own)
{
	SCOPED_FD fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	int pid, others = 0;

	if (file == NULL)
		return -errno;
	TAKE_FD(fd);
	*ret_own = false;
	while (fscanf(file, "%d", &pid) == 1) {
		*ret_own = *ret_own || pid == getpid();
		others += pid != getpid();
	}
	fclose(file);
	return others;
}

static enum err
move_self(const struct cgroup *cgroup, struct fault *fault)
{
	char name[sizeof(own) + sizeof("/cgroup.procs")];
	bool inside = false;
	int others = count_others(cgroup->fd, &inside), r;

	if (others != 0)
		return fault_set(fault, ERR_CONFINEMENT,
		    others < 0 ? "%s cannot be read"
			       : "%s is not ours alone: it has other processes",
		    cgroup->path);
	if (!inside)
		return ERR_OK;
	if (mkdirat(cgroup->fd, own, 0755) < 0 && errno != EEXIST)
		return fault_set(
		    fault, ERR_CONFINEMENT, "%s/%s: %s", cgroup->path, own, strerror(errno));
	snprintf(name, sizeof(name), "%s/cgroup.procs", own);
	r = cgroup_file_write(cgroup->fd, name, "0");
	return r == 0 ? ERR_OK
		      : fault_set(
			    fault, ERR_CONFINEMENT, "%s/%s: %s", cgroup->path, name, strerror(-r));
}

/* Kills what is in an earlier supervisor's leaf and removes it. Returns 0 or -errno. */
static int
remove_orphan(int parent_fd, const char *name)
{
	SCOPED_FD dir = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	SCOPED_FD events = dir < 0 ? -1 : openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd changed = {.fd = events, .events = POLLPRI};
	char text[128];
	int r = events < 0 ? -errno : cgroup_file_write(dir, "cgroup.kill", "1");

	while (r == 0) {
		/* Through the polled descriptor: reading is what arms it again. */
		ssize_t n = pread(events, text, sizeof(text) - 1, 0);

		text[n > 0 ? n : 0] = '\0';
		if (cgroup_file_number(text, "populated") == 0)
			return unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
		r = poll(&changed, 1, ORPHAN_PATIENCE_MS) > 0 ? 0 : -EBUSY;
	}
	return r;
}

static enum err
remove_orphans(const struct cgroup *cgroup, struct fault *fault)
{
	SCOPED_FD fd = openat(cgroup->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	enum err code = ERR_OK;

	if (dir == NULL)
		return fault_set(fault, ERR_CONFINEMENT, "%s: %s", cgroup->path, strerror(errno));
	TAKE_FD(fd);
	while (code == ERR_OK && (entry = readdir(dir)) != NULL) {
		int r = strncmp(entry->d_name, "cell-", 5) == 0
			    ? remove_orphan(cgroup->fd, entry->d_name)
			    : 0;

		if (r < 0)
			code = fault_set(fault, ERR_CONFINEMENT,
			    "%s/%s of an earlier supervisor cannot be removed: %s", cgroup->path,
			    entry->d_name, strerror(-r));
	}
	closedir(dir);
	return code;
}

static enum err
take(struct cgroup *cgroup, struct fault *fault)
{
	struct statfs fs;
	enum err r;

	cgroup->fd = open(cgroup->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup->fd < 0)
		return fault_set(
		    fault, ERR_CONFINEMENT, "cgroup %s: %s", cgroup->path, strerror(errno));
	if (fstatfs(cgroup->fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return fault_set(fault, ERR_CONFINEMENT, "%s is not a cgroup v2", cgroup->path);
	/* Two supervisors would end each other's cells. */
	if (flock(cgroup->fd, LOCK_EX | LOCK_NB) < 0)
		return fault_set(
		    fault, ERR_CONFINEMENT, "%s is another supervisor's", cgroup->path);
	r = move_self(cgroup, fault);
	if (r == ERR_OK)
		r = remove_orphans(cgroup, fault);
	if (r == ERR_OK)
		cgroup_file_hand_down(cgroup->fd);
	return r;
}

enum err
cgroup_open(const char *path, struct cgroup **ret, struct fault *fault)
{
	struct cgroup *cgroup = calloc(1, sizeof(*cgroup));
	enum err r = ERR_OK;

	if (cgroup == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	cgroup->fd = -1;
	if (path == NULL)
		r = cgroup_place_own(own, cgroup->path, sizeof(cgroup->path), fault);
	else if ((size_t)snprintf(cgroup->path, sizeof(cgroup->path), "%s", path) >=
		 sizeof(cgroup->path))
		r = fault_set(fault, ERR_CONFINEMENT, "the path of the cgroup is too long");
	if (r == ERR_OK)
		r = take(cgroup, fault);
	if (r == ERR_OK)
		*ret = cgroup;
	else
		cgroup_free(&cgroup);
	return r;
}

void
cgroup_free(struct cgroup **cgroup)
{
	if (*cgroup == NULL)
		return;
	scope_close(&(*cgroup)->fd);
	free(*cgroup);
	*cgroup = NULL;
}
