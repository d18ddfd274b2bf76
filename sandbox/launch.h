/* launch.h - the child between clone3 and praxa-init: it arranges descriptors and execs. */
#ifndef SANDBOX_LAUNCH_H
#define SANDBOX_LAUNCH_H

#include "sandbox/cell.h"
#include "sandbox/layout.h"
#include "sandbox/spare_net.h"

enum { LAUNCH_FDS = FD_MOUNTS + CELL_MOUNTS_MAX };

/* Descriptor numbers kept for what a child gets. The child takes a table of its own up to end and
 * no further: copying and closing what all live cells have open took longer than the namespaces,
 * from a thousand cells on. Zeroed: none. */
struct launch_low {
	int fds[LAUNCH_FDS];
	int end;       /* all are below */
	int filler_fd; /* borrowed; what they are between launches */
};

/* Early, while low numbers are free. Returns 0 or -errno. */
MUST_USE int launch_low_init(int filler_fd, struct launch_low *ret);
void launch_low_done(struct launch_low *low);

/* Shared with the child while the parent waits. */
struct launch {
	int fds[LAUNCH_FDS]; /* what becomes 0, 1, 2, ...; -1: closed */
	const struct launch_low *low;
	bool privileged;       /* without a user namespace */
	int cgroup_fd;         /* the cgroup to start in; -1: the caller's */
	struct spare_net *net; /* borrowed; a spare in it is used up */
	int error;             /* set by a child that did not reach execve */
	const char *stage;
};

/* Clones into new namespaces and execs FD_SELF of launch there. *ret_pidfd is the caller's. Returns
 * the pid or -errno, with launch->stage. Signals are blocked meanwhile: a handler would run in both
 * processes on the same memory. */
MUST_USE pid_t launch_run(struct launch *launch, int *ret_pidfd);
/* Makes a user namespace and uses a capability there, in a process that ends at once. Returns 0 or
 * -errno. That it can be made is not enough: AppArmor lets it be made and takes its capabilities
 * (kernel.apparmor_restrict_unprivileged_userns). */
MUST_USE int launch_try_user_namespace(void);

#endif
