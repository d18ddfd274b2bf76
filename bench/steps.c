#include "bench/steps.h"

#include <stdio.h>

#include "bench/contender.h"
#include "bench/samples.h"

enum { STEPS_MAX = 64 };

/* Where the time of our launches goes. */
struct steps {
	char names[STEPS_MAX][48];
	struct samples times[STEPS_MAX];
	unsigned count, at;
};

static void
on_step(void *context, const char *name, uint64_t ns)
{
	struct steps *steps = context;

	if (steps->at == STEPS_MAX)
		return;
	if (steps->at == steps->count)
		snprintf(steps->names[steps->count++], sizeof(steps->names[0]), "%s", name);
	samples_add(&steps->times[steps->at++], (double)ns / 1000);
}

bool
steps_measure(struct stage *stage, unsigned rounds, const char *when)
{
	struct steps steps = {0};
	struct samples first = {0}, reaped = {0};
	struct launch_times times;
	double sum = 0;

	stage->timed = true;
	stage->on_step = on_step;
	stage->context = &steps;
	for (unsigned i = 0; i < rounds; i++) {
		steps.at = 0;
		stage_rest();
		if (!contenders[CONTENDER_OURS].launch(stage, &times))
			return false;
		samples_add(&first, (double)times.first_ns / 1000);
		samples_add(&reaped, (double)times.reaped_ns / 1000);
	}
	stage->timed = false;
	stage->on_step = NULL;
	fprintf(stderr, "where a cold launch spends its time, %s (median, us, %u launches):\n",
	    when, rounds);
	for (unsigned i = 0; i < steps.count; i++) {
		double median = samples_at(&steps.times[i], 0.5);

		sum += median;
		fprintf(stderr, "  %-28s %8.1f\n", steps.names[i], median);
		samples_done(&steps.times[i]);
	}
	fprintf(stderr, "  %-28s %8.1f\n", "all steps", sum);
	fprintf(stderr, "  %-28s %8.1f\n", "to the first instruction", samples_at(&first, 0.5));
	fprintf(stderr, "  %-28s %8.1f\n", "to reaped", samples_at(&reaped, 0.5));
	samples_done(&first);
	samples_done(&reaped);
	return true;
}
