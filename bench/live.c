#include "bench/live.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench/contender.h"
#include "bench/samples.h"
#include "bench/steps.h"

enum { FDS_PER_CELL = 3, FDS_SPARE = 64 };

/* The number behind a key of a file like /proc/meminfo, in KiB; 0: not there. */
static double
kib_in(const char *path, const char *key)
{
	char line[256];
	double value = 0;
	FILE *from = fopen(path, "re");

	if (from == NULL)
		return 0;
	while (fgets(line, sizeof(line), from) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtod(line + strlen(key), NULL);
	fclose(from);
	return value;
}

/* What the kernel keeps for all processes and namespaces. */
static double
kernel_kib(void)
{
	static const char *const keys[] = {"Slab:", "KernelStack:", "PageTables:", "Percpu:"};
	double sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		sum += kib_in("/proc/meminfo", keys[i]);
	return sum;
}

static bool
launch_some(struct stage *stage, unsigned rounds, struct samples *ret)
{
	struct launch_times times;

	for (unsigned i = 0; i < rounds; i++) {
		stage_rest();
		if (!contenders[CONTENDER_OURS].launch(stage, &times))
			return false;
		samples_add(ret, (double)times.reaped_ns / 1000);
	}
	return true;
}

/* Idle cells; each waits for the end of one pipe. */
struct crowd {
	struct cell *cells;
	unsigned count;
	int input, hold;
};

static bool
crowd_grow(struct stage *stage, struct crowd *crowd, unsigned count)
{
	while (crowd->count < count) {
		if (!idle_start(stage, crowd->input, &crowd->cells[crowd->count]))
			return false;
		crowd->count++;
	}
	return true;
}

static void
crowd_done(struct crowd *crowd)
{
	for (unsigned i = 0; i < crowd->count; i++)
		cell_kill(&crowd->cells[i]);
	for (unsigned i = 0; i < crowd->count; i++)
		cell_done(&crowd->cells[i]);
	free(crowd->cells);
	close(crowd->input);
	close(crowd->hold);
}

static bool
crowd_init(struct crowd *crowd, unsigned count)
{
	const rlim_t wanted = (rlim_t)count * FDS_PER_CELL + FDS_SPARE;
	struct rlimit limit;
	int pair[2];

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max < wanted) {
		fprintf(stderr, "launch: %u live cells need ulimit -Hn %llu\n", count,
		    (unsigned long long)wanted);
		return false;
	}
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || pipe2(pair, O_CLOEXEC) < 0)
		return false;
	*crowd = (struct crowd){
	    .cells = calloc(count, sizeof(*crowd->cells)), .input = pair[0], .hold = pair[1]};
	return crowd->cells != NULL;
}

/* What praxa-init holds of its own; pages that it shares are shared fairly. */
static double
init_kib(const struct crowd *crowd)
{
	double sum = 0;

	for (unsigned i = 0; i < crowd->count; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)crowd->cells[i].pid);
		sum += kib_in(path, "Pss:");
	}
	return sum / crowd->count;
}

static bool
measure(struct stage *stage, struct crowd *crowd, unsigned count, unsigned rounds)
{
	struct samples one = {0}, many = {0};
	double before, kernel;
	char name[64];
	bool sound;

	sound = crowd_grow(stage, crowd, 1) && launch_some(stage, rounds, &one);
	before = kib_in("/proc/meminfo", "MemAvailable:");
	kernel = kernel_kib();
	sound = sound && crowd_grow(stage, crowd, count);
	if (sound) {
		row_print("launch.kib_per_cell.init", init_kib(crowd), 0, NULL, "KiB", count);
		row_print("launch.kib_per_cell.kernel", (kernel_kib() - kernel) / (count - 1), 0,
		    NULL, "KiB", count);
		row_print("launch.kib_per_cell.all",
		    (before - kib_in("/proc/meminfo", "MemAvailable:")) / (count - 1), 0, NULL,
		    "KiB", count);
		sound =
		    launch_some(stage, rounds, &many) && steps_measure(stage, rounds, "among many");
	}
	snprintf(name, sizeof(name), "launch.at_%u.vs_one", count);
	if (sound)
		row_print_pair(name, &many, &one, "praxa with one live run", "us");
	samples_done(&one);
	samples_done(&many);
	return sound;
}

bool
live_measure(struct stage *stage, unsigned count, unsigned rounds)
{
	struct crowd crowd;
	bool sound;

	if (!crowd_init(&crowd, count))
		return false;
	sound = measure(stage, &crowd, count, rounds);
	crowd_done(&crowd);
	return sound;
}
