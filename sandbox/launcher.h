/* launcher.h - what all cells of a process have in common; inside of sandbox/ only. */
#ifndef SANDBOX_LAUNCHER_H
#define SANDBOX_LAUNCHER_H

#include "sandbox/cell.h"
#include "sandbox/launch.h"
#include "sandbox/namespaces.h"
#include "sandbox/spare_net.h"

struct cell_launcher {
	int init_fd; /* sealed copy of praxa-init */
	int proc_fd; /* /proc */
	struct launch_low low;
	struct spare_net net;
	uint64_t outside[NAMESPACE_COUNT];
	bool privileged; /* no user namespaces here: cells are built with our own capabilities */
	struct cgroup *cgroup; /* borrowed; NULL: cells have none */
	const char *no_cgroup; /* why */
};

#endif
