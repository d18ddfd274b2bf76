/* cgroup_leaf.h - the cgroup of one cell.
 *
 * Invariant: its limits are written and read back before a process is in it. */
#ifndef SANDBOX_CGROUP_LEAF_H
#define SANDBOX_CGROUP_LEAF_H

#include <stdbool.h>

#include "sandbox/cgroup.h"

/* Every number but the last is a limit, in force. */
struct cgroup_limits {
	uint64_t memory_bytes;  /* of all processes and of what is in their tmpfs; no swap */
	uint64_t processes;     /* and threads, of all users */
	uint64_t cpu_percent;   /* of one processor */
	uint64_t io_read_bytes; /* a second and disk; 0: none is needed (sandbox/cgroup_io.h) */
};

/* What a cell has used; 0 where the kernel does not count it. */
struct cgroup_usage {
	uint64_t cpu_us;
	uint64_t memory_peak_kib; /* Linux 5.19 */
	uint64_t processes_peak;  /* Linux 6.1 */
	uint64_t oom_kills;       /* processes that the memory limit killed */
};

struct cgroup_leaf {
	int fd;              /* the directory, for CLONE_INTO_CGROUP; -1: no leaf */
	int events_fd;       /* cgroup.events */
	int parent_fd;       /* borrowed from struct cgroup */
	uint32_t number;     /* its name is cell-NUMBER */
	const char *missing; /* the first limit that could not be set here: the name of its file */
};

#define CGROUP_LEAF_NONE ((struct cgroup_leaf){.fd = -1, .events_fd = -1})

/* Makes a leaf and its limits. A limit whose file is not there (its controller is missing) is told
 * in ret->missing; one that cannot be set or reads otherwise is ERR_CONFINEMENT. The cgroup must
 * outlive the leaf. */
MUST_USE enum err cgroup_leaf_make(struct cgroup *cgroup, const struct cgroup_limits *limits,
    struct cgroup_leaf *ret, struct fault *fault);
/* Whether pid, and nothing else, is in it. */
bool cgroup_leaf_holds(const struct cgroup_leaf *leaf, pid_t pid);
/* SIGKILL to all in it and all that they fork meanwhile. They are gone some time later. */
void cgroup_leaf_kill(const struct cgroup_leaf *leaf);
/* Whether a process is left. When that changes, events_fd has POLLPRI until it is asked again; it
 * always has POLLIN, so a loop that knows no POLLPRI must watch it edge-triggered. */
bool cgroup_leaf_is_populated(const struct cgroup_leaf *leaf);
void cgroup_leaf_usage(const struct cgroup_leaf *leaf, struct cgroup_usage *ret);
/* Kills what is in it, waits until it is gone, removes the directory and closes the descriptors. */
void cgroup_leaf_remove(struct cgroup_leaf *leaf);

#endif
