/* plan.h - what praxa-init has to do, as one sealed memory file.
 *
 * Layout, host byte order: struct plan_head, the filter's instructions, then NUL-terminated
 * strings: host name, bundle_at ("" none), one target per mount, arguments, environment. Invariant:
 * a plan that plan_parse accepts sets every limit and has only absolute targets without '.' or '..'
 * parts, none of which hides another or a place that the cell fills itself. */
#ifndef SANDBOX_PLAN_H
#define SANDBOX_PLAN_H

#include <linux/filter.h>

#include "policy/policy.h"
#include "sandbox/cell.h"
#include "sandbox/namespaces.h"

enum {
	PLAN_BYTES_MAX = 256 * 1024,
	PLAN_ENV_MAX = 64,
	PLAN_FILTER_MAX = 4096, /* BPF_MAXINSNS */
	PLAN_TARGET_MAX = 128,
	PLAN_HOSTNAME_MAX = 64, /* sethostname(2) */
};

enum plan_flag {
	PLAN_BUNDLE = 1,      /* FD_BUNDLE is open */
	PLAN_DOOR = 2,        /* FD_DOOR is open */
	PLAN_DROP_GROUPS = 4, /* setgroups(2) is allowed in the cell's user namespace */
	PLAN_TREES = 8,       /* FD_MOUNTS are detached mounts, not directories */
	PLAN_PRIVILEGED = 16, /* no user namespace: capabilities are real until dropped */
	PLAN_TIMED = 32,      /* report how long each step takes */
	PLAN_NOTIFY = 64,     /* denied calls go to a listener, which goes to the supervisor */
	PLAN_PARKED = 128,    /* environment, stdio and door come later, by FD_HANDOVER */
	PLAN_MDWE = 256,      /* no memory becomes executable */
	PLAN_FLAGS = 511,
};

struct plan_head {
	char magic[8];
	uint32_t size; /* of the whole plan */
	uint32_t flags;
	uint64_t start_ns; /* CLOCK_MONOTONIC, before clone3 */
	uint64_t required; /* layers */
	uint64_t active;   /* of these, what the supervisor has read back itself: the cgroup */
	uint64_t outside[NAMESPACE_COUNT];
	struct policy_limits limits;
	uint32_t filter_length; /* instructions */
	uint32_t mount_count, arg_count, env_count;
	uint32_t id;       /* user and group of the program, as it sees them */
	uint32_t reserved; /* 0 */
};

/* A parsed plan; everything borrows from the bytes it was parsed from. */
struct plan {
	const struct plan_head *head;
	const struct sock_filter *filter;
	const char *hostname;
	const char *bundle_at; /* NULL: none */
	const char *targets[CELL_MOUNTS_MAX];
	char *argv[POLICY_ARGV_MAX + 1];
	char *envp[PLAN_ENV_MAX + 1];
};

/* Builds the plan of a spec as heap memory of the caller's. head carries what the spec does not:
 * flags, id, start_ns, active and outside. ERR_CONFINEMENT: a target, the environment or the
 * arguments cannot be used, with the reason. */
MUST_USE enum err plan_encode(const struct cell_spec *spec, const struct plan_head *head,
    void **ret_data, size_t *ret_length, struct fault *fault);
/* Parses data[0..length), aligned to 8. false: not a plan. Trust: data may hold anything, though it
 * comes from the supervisor. */
MUST_USE bool plan_parse(const void *data, size_t length, struct plan *ret);

#endif
