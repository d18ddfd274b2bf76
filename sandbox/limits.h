/* limits.h - resource limits that hold without a cgroup (setrlimit(2)). */
#ifndef SANDBOX_LIMITS_H
#define SANDBOX_LIMITS_H

#include "policy/policy.h"

/* Sets soft and hard limits for the caller and all that it becomes, and reads them back.
 * RLIMIT_NPROC counts per user and user namespace (Linux 5.14), so it counts this cell alone.
 * Returns 0 or -errno.
 */
MUST_USE int limits_set(const struct policy_limits *limits);

#endif
