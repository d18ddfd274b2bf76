#include "bench/samples.h"

#include <stdio.h>
#include <stdlib.h>

void
samples_add(struct samples *samples, double value)
{
	if (samples->count == samples->room) {
		samples->room = samples->room == 0 ? 512 : samples->room * 2;
		samples->values =
		    realloc(samples->values, samples->room * sizeof(*samples->values));
		if (samples->values == NULL)
			abort();
	}
	samples->values[samples->count++] = value;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
samples_at(struct samples *samples, double share)
{
	if (samples->count == 0)
		return 0;
	qsort(samples->values, samples->count, sizeof(*samples->values), compare);
	return samples->values[(unsigned)(share * (samples->count - 1) + 0.5)];
}

void
samples_done(struct samples *samples)
{
	free(samples->values);
	*samples = (struct samples){0};
}

void
row_print(const char *bench, double ours, double peer, const char *peer_name, const char *unit,
    unsigned count)
{
	printf("{\"bench\":\"%s\",\"ours\":%.3f,", bench, ours);
	if (peer_name != NULL)
		printf("\"peer\":%.3f,\"peer_name\":\"%s\",\"ratio\":%.3f,", peer, peer_name,
		    peer > 0 ? ours / peer : 0);
	printf("\"unit\":\"%s\",\"n\":%u}\n", unit, count);
	fflush(stdout);
}

void
row_print_pair(const char *bench, struct samples *ours, struct samples *peer, const char *peer_name,
    const char *unit)
{
	char name[96];

	row_print(
	    bench, samples_at(ours, 0.5), samples_at(peer, 0.5), peer_name, unit, ours->count);
	snprintf(name, sizeof(name), "%s.p99", bench);
	row_print(
	    name, samples_at(ours, 0.99), samples_at(peer, 0.99), peer_name, unit, ours->count);
}
