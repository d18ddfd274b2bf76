#include "sandbox/timing.h"

#include <stdio.h>
#include <time.h>

#include "common/io.h"
#include "sandbox/cell.h"

enum { SECOND_NS = 1000000000 };

/* The part of a second is the same in every time namespace of ours: only whole ones are offset. */
static uint32_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)now.tv_nsec;
}

void
timing_begin(struct timing *timing, uint64_t start_ns)
{
	timing->last_ns = (uint32_t)(start_ns % SECOND_NS);
}

void
timing_note(struct timing *timing, const char *name, const char *object)
{
	uint32_t now = now_ns();

	if (timing->count == TIMING_MAX)
		return;
	snprintf(timing->steps[timing->count].name, sizeof(timing->steps[0].name), "%.24s%s%.20s",
	    name, object[0] != '\0' ? " " : "", object);
	timing->steps[timing->count].ns = (now + SECOND_NS - timing->last_ns) % SECOND_NS;
	timing->count++;
	timing->last_ns = now_ns(); /* without what this took */
}

int
timing_write(const struct timing *timing, int fd)
{
	for (uint32_t i = 0; i < timing->count; i++) {
		struct cell_report report = {.kind = CELL_STEP, .setup_ns = timing->steps[i].ns};
		int r;

		snprintf(report.stage, sizeof(report.stage), "%s", timing->steps[i].name);
		r = io_write_full(fd, &report, sizeof(report));
		if (r < 0)
			return r;
	}
	return 0;
}
