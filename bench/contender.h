/* contender.h - who is measured: each starts the same no-op in its own way. */
#ifndef BENCH_CONTENDER_H
#define BENCH_CONTENDER_H

#include "bench/stage.h"

/* What a launch cost, from the request. */
struct launch_times {
	uint64_t first_ns;  /* to the first instruction of the no-op's own */
	uint64_t reaped_ns; /* until nothing is left of it */
};

struct contender {
	const char *name;
	/* Says on stderr what is missing; NULL: always there. */
	bool (*is_there)(const struct stage *stage);
	/* What is done ahead, and not measured; NULL: nothing. */
	bool (*prepare)(struct stage *stage);
	bool (*launch)(struct stage *stage, struct launch_times *ret);
};

enum {
	CONTENDER_OURS,
	CONTENDER_WARM,
	CONTENDER_SPAWN,
	CONTENDER_NAMESPACES,
	CONTENDER_BWRAP,
	CONTENDER_CRUN,
	CONTENDER_COUNT
};
extern const struct contender contenders[CONTENDER_COUNT];

/* Starts a cell whose program waits until input ends. */
MUST_USE bool idle_start(struct stage *stage, int input_fd, struct cell *ret);

#endif
