/* samples.h - measured values, their percentiles, and the rows that bench/run prints. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include "common/scope.h"

/* Zeroed: none. */
struct samples {
	double *values;
	unsigned count, room;
};

/* Ends the process when memory does. */
void samples_add(struct samples *samples, double value);
/* The value below which share (0 to 1) of all lie; sorts. 0 without samples. */
double samples_at(struct samples *samples, double share);
void samples_done(struct samples *samples);

/* Prints one row. peer_name NULL: there is no peer, and no ratio. */
void row_print(const char *bench, double ours, double peer, const char *peer_name, const char *unit,
    unsigned count);
/* Prints the medians as the row `bench` and the 99th percentiles as `bench`.p99. */
void row_print_pair(const char *bench, struct samples *ours, struct samples *peer,
    const char *peer_name, const char *unit);

#endif
