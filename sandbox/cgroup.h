/* cgroup.h - the part of the cgroup v2 tree that is ours (Linux,
 * Documentation/admin-guide/cgroup-v2.rst): one directory, in it `supervisor` for this process and
 * one leaf for each cell.
 *
 * Invariant: nobody else has a process in it, and no second supervisor uses it. */
#ifndef SANDBOX_CGROUP_H
#define SANDBOX_CGROUP_H

#include <stdint.h>

#include "common/fault.h"
#include "sandbox/cgroup_place.h"

struct cgroup {
	int fd;        /* the directory; holds its lock */
	uint32_t next; /* number of the next leaf */
	char path[CGROUP_PATH_MAX];
};

/* Takes the directory at path, or, where path is NULL, the cgroup that this process was started in,
 * as systemd delegates it (Delegate=yes). Moves this process into `supervisor` if it is in the
 * directory itself, hands the controllers down to the leaves as far as they are there, and ends
 * what an earlier supervisor has left. Blocks for that, up to 5 s. ERR_CONFINEMENT: why it is not
 * ours. */
MUST_USE enum err cgroup_open(const char *path, struct cgroup **ret, struct fault *fault);
/* Leaves the tree as it is; its leaves must be gone. NULLs the caller's pointer; accepts NULL. */
void cgroup_free(struct cgroup **cgroup);

#endif
