/* limits.h - resource limits that hold without a cgroup (setrlimit(2)). */
#ifndef SANDBOX_LIMITS_H
#define SANDBOX_LIMITS_H

#include "policy/policy.h"

/* Queued signals of a cell. The kernel counts them for all of a user's namespaces together
 * (RLIMIT_SIGPENDING), so what one cell may queue others, and the host's own programs, cannot;
 * ordinary signals need none, and threads that cancel each other few. */
enum { LIMITS_SIGNALS = 64 };

/* Sets soft and hard limits for the caller and all that it becomes, and reads them back.
 * RLIMIT_NPROC counts per user and user namespace (Linux 5.14), so it counts this cell alone.
 * Returns 0 or -errno.
 */
MUST_USE int limits_set(const struct policy_limits *limits);

#endif
