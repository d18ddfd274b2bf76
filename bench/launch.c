/* launch - what it costs to start a no-op in a cell, beside what it costs others.
 *
 * One launch of each in turn, so that a noisy machine is noisy for all; medians and 99th
 * percentiles. Rows go to stdout, explanations to stderr. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/contender.h"
#include "bench/live.h"
#include "bench/samples.h"
#include "bench/steps.h"
#include "common/args.h"

enum { WARM_UP = 20 };

struct options {
	const char *init, *profiles, *noop;
	unsigned rounds, live;
};

/* What each contender cost, in launches that alternate. */
struct result {
	bool is_there;
	struct samples first, reaped; /* microseconds */
};

/* Fisher and Yates, by a generator that always starts the same. */
static void
shuffle(unsigned order[CONTENDER_COUNT], unsigned *seed)
{
	for (unsigned i = CONTENDER_COUNT - 1; i > 0; i--) {
		unsigned k, was = order[i];

		*seed = *seed * 1103515245U + 12345U;
		k = (*seed >> 16) % (i + 1);
		order[i] = order[k];
		order[k] = was;
	}
}

static bool
alternate(struct stage *stage, unsigned rounds, struct result results[CONTENDER_COUNT])
{
	unsigned order[CONTENDER_COUNT], seed = 1;
	struct launch_times times;
	bool sound;

	for (unsigned k = 0; k < CONTENDER_COUNT; k++)
		order[k] = k;
	for (unsigned i = 0; i < WARM_UP + rounds; i++) {
		shuffle(order, &seed);
		for (unsigned n = 0; n < CONTENDER_COUNT; n++) {
			unsigned k = order[n];

			if (!results[k].is_there)
				continue;
			sound = contenders[k].prepare == NULL || contenders[k].prepare(stage);
			stage_rest();
			if (!sound || !contenders[k].launch(stage, &times)) {
				fprintf(stderr, "launch: %s failed\n", contenders[k].name);
				if (k <= CONTENDER_WARM)
					return false;
				results[k].is_there = false;
				continue;
			}
			if (i < WARM_UP)
				continue;
			samples_add(&results[k].first, (double)times.first_ns / 1000);
			samples_add(&results[k].reaped, (double)times.reaped_ns / 1000);
		}
	}
	return true;
}

static bool
measure_cold(struct stage *stage, unsigned rounds)
{
	static const char *const names[CONTENDER_COUNT] = {
	    [CONTENDER_SPAWN] = "spawn",
	    [CONTENDER_NAMESPACES] = "namespaces",
	    [CONTENDER_BWRAP] = "bwrap",
	    [CONTENDER_CRUN] = "crun",
	};
	struct result results[CONTENDER_COUNT] = {0};
	struct result *ours = &results[CONTENDER_OURS];
	char name[64];
	bool sound;

	for (unsigned k = 0; k < CONTENDER_COUNT; k++)
		results[k].is_there =
		    contenders[k].is_there == NULL || contenders[k].is_there(stage);
	sound = alternate(stage, rounds, results);
	for (unsigned k = CONTENDER_WARM + 1; sound && k < CONTENDER_COUNT; k++) {
		if (!results[k].is_there)
			continue;
		snprintf(name, sizeof(name), "launch.cold.vs_%s", names[k]);
		row_print_pair(name, &ours->reaped, &results[k].reaped, contenders[k].name, "us");
		snprintf(name, sizeof(name), "launch.cold_first.vs_%s", names[k]);
		row_print_pair(name, &ours->first, &results[k].first, contenders[k].name, "us");
	}
	if (sound)
		row_print_pair("launch.warm.vs_spawn", &results[CONTENDER_WARM].first,
		    &results[CONTENDER_SPAWN].first, contenders[CONTENDER_SPAWN].name, "us");
	for (unsigned k = 0; k < CONTENDER_COUNT; k++) {
		samples_done(&results[k].first);
		samples_done(&results[k].reaped);
	}
	return sound;
}

ARGS_KEEP_TEXT(struct options, init)
ARGS_KEEP_TEXT(struct options, profiles)
ARGS_KEEP_TEXT(struct options, noop)

static enum err
set_number(unsigned *field, const char *value, struct fault *fault)
{
	char *end;
	unsigned long number = strtoul(value, &end, 10);

	if (*value == '\0' || *end != '\0' || number > 100000)
		return fault_set(fault, ERR_PROTOCOL, "\"%s\" is not a number up to 100000", value);
	*field = (unsigned)number;
	return ERR_OK;
}

static enum err
on_rounds(void *context, const char *value, struct fault *fault)
{
	return set_number(&((struct options *)context)->rounds, value, fault);
}

static enum err
on_live(void *context, const char *value, struct fault *fault)
{
	return set_number(&((struct options *)context)->live, value, fault);
}

static const struct args_option rows[] = {
    {"init", 0, "FILE", "praxa-init", on_init},
    {"profiles", 0, "DIR", "seccomp profiles", on_profiles},
    {"noop", 0, "FILE", "what is started", on_noop},
    {"rounds", 0, "N", "launches of each (300)", on_rounds},
    {"live", 0, "N", "idle cells at once, 0: do not measure them (1000)", on_live},
    {0},
};

int
main(int argc, char **argv)
{
	struct options options = {.rounds = 300, .live = 1000};
	struct stage stage;
	struct fault fault = {0};
	int rest;
	bool sound;

	if (args_parse(rows, argc, argv, &options, &rest, &fault) != ERR_OK || rest < argc ||
	    options.init == NULL || options.profiles == NULL || options.noop == NULL) {
		fprintf(stderr, "launch: %s\n",
		    fault.message[0] != '\0' ? fault.message
					     : "--init, --profiles and --noop are needed");
		return 2;
	}
	sound = stage_init(&stage, options.init, options.profiles, options.noop) &&
		measure_cold(&stage, options.rounds) &&
		steps_measure(&stage, options.rounds, "alone") &&
		(options.live < 2 || live_measure(&stage, options.live, options.rounds));
	stage_done(&stage);
	return sound ? 0 : 1;
}
