/* timing.h - how long each step of the way into a cell takes, for whoever asks (PLAN_TIMED). */
#ifndef SANDBOX_TIMING_H
#define SANDBOX_TIMING_H

#include <stdint.h>

#include "common/scope.h"

enum { TIMING_MAX = 64 };

/* Zeroed: off. */
struct timing {
	uint32_t last_ns; /* within its second */
	uint32_t count;
	struct {
		char name[48];
		uint32_t ns;
	} steps[TIMING_MAX];
};

/* Begins at start_ns (CLOCK_MONOTONIC). */
void timing_begin(struct timing *timing, uint64_t start_ns);
/* What was done since the last call is called name and object; it took less than a second. */
void timing_note(struct timing *timing, const char *name, const char *object);
/* Writes a CELL_STEP report for each step to fd, a SOCK_SEQPACKET. Returns 0 or -errno. */
MUST_USE int timing_write(const struct timing *timing, int fd);

#endif
