#include "sandbox/limits.h"

#include <errno.h>
#include <sys/resource.h>

struct row {
	int resource;
	rlim_t value;
};

static int
set(const struct row *row)
{
	struct rlimit limit = {row->value, row->value}, is = {0, 0};

	if (setrlimit(row->resource, &limit) < 0)
		return -errno;
	if (getrlimit(row->resource, &is) < 0 || is.rlim_cur != row->value ||
	    is.rlim_max != row->value)
		return -EPERM;
	return 0;
}

int
limits_set(const struct policy_limits *limits)
{
	static const uint64_t second_ns = UINT64_C(1000000000);
	const struct row rows[] = {
	    /* Not 0: core(5) ignores the limit for a core_pattern that is a pipe, except that the
	     * kernel writes no core at all where it is exactly 1 (fs/coredump.c). */
	    {RLIMIT_CORE, 1},
	    {RLIMIT_CPU, (rlim_t)((limits->cpu_ns + second_ns - 1) / second_ns)},
	    {RLIMIT_FSIZE, limits->file_bytes},
	    {RLIMIT_NOFILE, limits->open_files},
	    {RLIMIT_NPROC, limits->processes + 1}, /* praxa-init is one of them */
	    /* The usual size; "unlimited" would also lay out memory predictably. */
	    {RLIMIT_STACK, 8 * 1024 * 1024},
	    {RLIMIT_MEMLOCK, 0},
	    {RLIMIT_MSGQUEUE, 0},
	    {RLIMIT_NICE, 0},
	    {RLIMIT_RTPRIO, 0},
	    {RLIMIT_SIGPENDING, LIMITS_SIGNALS},
	    /* Last: our own memory may already be above it, as under a sanitizer. */
	    {RLIMIT_AS, limits->memory_bytes},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = set(&rows[i]);

		if (r < 0)
			return r;
	}
	return 0;
}
