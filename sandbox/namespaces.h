/* namespaces.h - the namespaces of a cell, each with its file below /proc/self/ns. */
#ifndef SANDBOX_NAMESPACES_H
#define SANDBOX_NAMESPACES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/scope.h"

/* X(layer, the file in our process, the file in praxa-init). praxa-init itself stays in the time
 * namespace of the host, so that its clock agrees with the supervisor's; its child does not. */
#define NAMESPACE_TABLE(X)               \
	X(USER_NS, "user", "user")       \
	X(MOUNT_NS, "mnt", "mnt")        \
	X(PID_NS, "pid", "pid")          \
	X(NET_NS, "net", "net")          \
	X(IPC_NS, "ipc", "ipc")          \
	X(UTS_NS, "uts", "uts")          \
	X(CGROUP_NS, "cgroup", "cgroup") \
	X(TIME_NS, "time", "time_for_children")

#define NAMESPACE_ENUM(layer, outside, inside) NAMESPACE_##layer,
enum namespace { NAMESPACE_TABLE(NAMESPACE_ENUM) NAMESPACE_COUNT };

/* The inode numbers that identify the caller's namespaces; 0 where the kernel has no such kind.
 * proc_fd: a /proc. Returns 0 or -errno. */
MUST_USE int namespaces_outside(int proc_fd, uint64_t ret[NAMESPACE_COUNT]);
/* The layers whose namespace differs from outside's, as praxa-init sees them. */
uint64_t namespaces_new(int proc_fd, const uint64_t outside[NAMESPACE_COUNT]);
/* The same for the time namespace alone. */
MUST_USE bool namespaces_time_is_new(int proc_fd, const uint64_t outside[NAMESPACE_COUNT]);

#endif
