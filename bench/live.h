/* live.h - many cells at once: what each holds, and what they cost the next one. */
#ifndef BENCH_LIVE_H
#define BENCH_LIVE_H

#include "bench/stage.h"

/* Prints launch.at_1000.vs_one (count instead of 1000) and launch.kib_per_cell. false: said why. */
MUST_USE bool live_measure(struct stage *stage, unsigned count, unsigned rounds);

#endif
