/* steps.h - where the time of our cold launches goes. */
#ifndef BENCH_STEPS_H
#define BENCH_STEPS_H

#include "bench/stage.h"

/* Launches and prints the median of each step to stderr; when: a word for the headline. false: a
 * launch failed. */
MUST_USE bool steps_measure(struct stage *stage, unsigned rounds, const char *when);

#endif
