#include "sandbox/cgroup_leaf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

#include "sandbox/cgroup_file.h"
#include "sandbox/cgroup_io.h"

enum { NAME_MAX_BYTES = 32, PERIOD_US = 100000 };

static void
leaf_name(uint32_t number, char ret[NAME_MAX_BYTES])
{
	snprintf(ret, NAME_MAX_BYTES, "cell-%" PRIu32, number);
}

/* One control: what is written is what must be read. */
struct control {
	const char *file;
	char value[48];
};

/* The order is that of importance: the first that is missing is the one that is named. */
enum { CONTROL_COUNT = 5 };

static void
fill_controls(const struct cgroup_limits *limits, struct control ret[CONTROL_COUNT])
{
	/* The kernel counts pages and rounds down. */
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t memory = (limits->memory_bytes + page - 1) / page * page;
	const char *const files[CONTROL_COUNT] = {
	    "memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cpu.max"};

	for (size_t i = 0; i < CONTROL_COUNT; i++)
		ret[i].file = files[i];
	snprintf(ret[0].value, sizeof(ret->value), "%" PRIu64, memory);
	/* What is swapped out would not count, and would be written to a disk. */
	snprintf(ret[1].value, sizeof(ret->value), "0");
	/* All or nothing: a run of which one process is missing does anything. */
	snprintf(ret[2].value, sizeof(ret->value), "1");
	snprintf(ret[3].value, sizeof(ret->value), "%" PRIu64, limits->processes);
	snprintf(ret[4].value, sizeof(ret->value), "%" PRIu64 " %d",
	    limits->cpu_percent * PERIOD_US / 100, PERIOD_US);
}

static int
set_control(int dir_fd, const struct control *control)
{
	char is[sizeof(control->value)];
	int r = cgroup_file_write(dir_fd, control->file, control->value);

	if (r == 0)
		r = cgroup_file_read(dir_fd, control->file, is, sizeof(is));
	if (r == 0 && strcmp(is, control->value) != 0)
		r = -EPERM;
	return r;
}

static enum err
set_io(struct cgroup_leaf *leaf, const char *path, uint64_t bytes, struct fault *fault)
{
	SCOPED_FD disks = open("/sys/block", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char disk[CGROUP_IO_NAME_MAX];
	int r = cgroup_io_limit(leaf->fd, disks, bytes, disk);

	if (r == -ENOENT && disk[0] == '\0') {
		if (leaf->missing == NULL)
			leaf->missing = "io.max";
		return ERR_OK;
	}
	return r == 0 ? ERR_OK
		      : fault_set(fault, ERR_CONFINEMENT, "io.max of %s in %s: %s",
			    disk[0] != '\0' ? disk : "all disks of /sys/block", path, strerror(-r));
}

static enum err
set_limits(struct cgroup_leaf *leaf, const char *path, const struct cgroup_limits *limits,
    struct fault *fault)
{
	struct control controls[CONTROL_COUNT];

	fill_controls(limits, controls);
	for (size_t i = 0; i < CONTROL_COUNT; i++) {
		int r = set_control(leaf->fd, &controls[i]);

		if (r == -ENOENT) {
			if (leaf->missing == NULL)
				leaf->missing = controls[i].file;
			continue;
		}
		if (r < 0)
			return fault_set(fault, ERR_CONFINEMENT, "%s %s in %s: %s",
			    controls[i].file, controls[i].value, path, strerror(-r));
	}
	if (limits->io_read_bytes > 0)
		return set_io(leaf, path, limits->io_read_bytes, fault);
	return ERR_OK;
}

enum err
cgroup_leaf_make(struct cgroup *cgroup, const struct cgroup_limits *limits, struct cgroup_leaf *ret,
    struct fault *fault)
{
	struct cgroup_leaf leaf = CGROUP_LEAF_NONE;
	char name[NAME_MAX_BYTES];
	enum err r;

	leaf.parent_fd = cgroup->fd;
	leaf.number = cgroup->next++;
	leaf_name(leaf.number, name);
	if (mkdirat(cgroup->fd, name, 0755) < 0)
		return fault_set(fault, ERR_CONFINEMENT, "cgroup %s/%s: %s", cgroup->path, name,
		    strerror(errno));
	leaf.fd = openat(cgroup->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (leaf.fd >= 0)
		leaf.events_fd = openat(leaf.fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (leaf.events_fd < 0) {
		r = fault_set(fault, ERR_CONFINEMENT, "cgroup %s/%s: %s", cgroup->path, name,
		    strerror(errno));
		scope_close(&leaf.fd);
		unlinkat(cgroup->fd, name, AT_REMOVEDIR);
		return r;
	}
	r = set_limits(&leaf, cgroup->path, limits, fault);
	if (r != ERR_OK) {
		cgroup_leaf_remove(&leaf);
		return r;
	}
	*ret = leaf;
	return ERR_OK;
}

bool
cgroup_leaf_holds(const struct cgroup_leaf *leaf, pid_t pid)
{
	char is[64], expected[32];

	snprintf(expected, sizeof(expected), "%d", (int)pid);
	return cgroup_file_read(leaf->fd, "cgroup.procs", is, sizeof(is)) == 0 &&
	       strcmp(is, expected) == 0;
}

void
cgroup_leaf_kill(const struct cgroup_leaf *leaf)
{
	/* Linux 5.14. Where it fails the end of praxa-init still takes the whole cell with it:
	 * nothing that is in the leaf is outside of its pid namespace. */
	if (leaf->fd >= 0 && cgroup_file_write(leaf->fd, "cgroup.kill", "1") < 0)
		return;
}

bool
cgroup_leaf_is_populated(const struct cgroup_leaf *leaf)
{
	char text[128];
	ssize_t n;

	if (leaf->events_fd < 0)
		return false;
	n = pread(leaf->events_fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return cgroup_file_number(text, "populated") != 0;
}

static uint64_t
number(const struct cgroup_leaf *leaf, const char *file, const char *key)
{
	char text[4096];

	if (cgroup_file_read(leaf->fd, file, text, sizeof(text)) < 0)
		return 0;
	return key == NULL ? strtoull(text, NULL, 10) : cgroup_file_number(text, key);
}

void
cgroup_leaf_usage(const struct cgroup_leaf *leaf, struct cgroup_usage *ret)
{
	*ret = (struct cgroup_usage){
	    .cpu_us = number(leaf, "cpu.stat", "usage_usec"),
	    .memory_peak_kib = number(leaf, "memory.peak", NULL) / 1024,
	    .processes_peak = number(leaf, "pids.peak", NULL),
	    .oom_kills = number(leaf, "memory.events", "oom_kill"),
	};
}

void
cgroup_leaf_remove(struct cgroup_leaf *leaf)
{
	struct pollfd changed = {.fd = leaf->events_fd, .events = POLLPRI};
	char name[NAME_MAX_BYTES];

	if (leaf->fd < 0)
		return;
	if (cgroup_leaf_is_populated(leaf)) {
		cgroup_leaf_kill(leaf);
		while (cgroup_leaf_is_populated(leaf))
			poll(&changed, 1, -1);
	}
	scope_close(&leaf->events_fd);
	scope_close(&leaf->fd);
	leaf_name(leaf->number, name);
	/* One that stays is empty, and removed by the next start (cgroup_open). */
	unlinkat(leaf->parent_fd, name, AT_REMOVEDIR);
	*leaf = CGROUP_LEAF_NONE;
}
