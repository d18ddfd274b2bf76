/* policy - what a decision costs, beside others' and as rules grow; what loading and comparing
 * policies costs.
 *
 * Ours and the peer's decisions alternate in batches; medians and 99th percentiles. Rows go to
 * stdout, explanations to stderr. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench/cedar.h"
#include "bench/policy_rules.h"
#include "bench/samples.h"
#include "common/args.h"
#include "policy/diff.h"
#include "policy/source.h"

enum {
	WARM_UP = 2000,
	DECISIONS = 200000,
	CEDAR_REQUESTS = 400,
	CEDAR_ROUNDS = 10,
	BATCH = 100, /* decisions in turn */
	LOADS = 1000,
	LOAD_RULES = 20, /* of each policy: what a large one has */
	DIFF_RULES = 1000,
	LISTED = 64, /* the most triggers and patterns that a policy may have */
};

struct options {
	const char *script, *modules;
};

static double
time_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double
now_us(void)
{
	return time_us(CLOCK_MONOTONIC);
}

/* Processor time, for what takes too long to be done often: on a machine with others on it the wall
 * clock would say how busy they are. */
static double
spent_us(void)
{
	return time_us(CLOCK_PROCESS_CPUTIME_ID);
}

/* Decides, and answers the microseconds that it took. */
static double
decide(const struct policy *policy, const struct policy_request *request, bool *ret_allow)
{
	double from = now_us(), to;
	struct policy_decision decision = policy_decide(policy, request);

	to = now_us();
	*ret_allow = decision.verdict == POLICY_ALLOW;
	return to - from;
}

static void
sample(const struct rules *rules, unsigned from, unsigned count, struct samples *samples)
{
	struct rules_request request;
	bool allow;

	for (unsigned n = from; n < from + count; n++) {
		double us;

		rules_request(rules, n, &request);
		us = decide(rules->policy, &request.request, &allow);
		if (from >= WARM_UP)
			samples_add(samples, us);
	}
}

static void
print_samples(const char *bench, struct samples *samples)
{
	char name[96];

	row_print(bench, samples_at(samples, 0.5), 0, NULL, "us", samples->count);
	snprintf(name, sizeof(name), "%s.p99", bench);
	row_print(name, samples_at(samples, 0.99), 0, NULL, "us", samples->count);
	samples_done(samples);
}

static void
measure_alone(void)
{
	struct rules rules = rules_new(RULES_RICH, 100, 0);
	struct samples samples = {.count = 0};

	for (unsigned n = 0; n < WARM_UP + DECISIONS; n += BATCH)
		sample(&rules, n, BATCH, &samples);
	print_samples("policy.decide.p50_us", &samples);
	rules_free(&rules);
}

/* The policy with few rules stands in the place of the peer. */
static void
measure_growth(void)
{
	struct rules few = rules_new(RULES_LEAN, 10, 0), many = rules_new(RULES_LEAN, 10000, 0);
	struct samples few_us = {.count = 0}, many_us = {.count = 0};

	for (unsigned n = 0; n < WARM_UP + DECISIONS; n += BATCH) {
		sample(&few, n, BATCH, &few_us);
		sample(&many, n, BATCH, &many_us);
	}
	row_print_pair("policy.decide.10000.vs_10", &many_us, &few_us, "10 rules", "us");
	samples_done(&few_us);
	samples_done(&many_us);
	rules_free(&few);
	rules_free(&many);
}

/* Lists that are read from the first to the last, at their longest, when only the last one meets.
 */
static void
measure_lists(void)
{
	struct policy *policy = rules_lists(LISTED);
	const struct value_pair pairs[] = {
	    {value_string("repo"), value_string("acme/63-x")},
	    {value_string("n"), value_integer(1)},
	};
	const struct value_pair variable = {value_string("repo"), value_string("r")};
	const struct value input = {.type = VALUE_MAP, .length = 2, .pairs = pairs};
	const struct value filled = {.type = VALUE_MAP, .length = 1, .pairs = &variable};
	const struct policy_request requests[] = {
	    {.action = POLICY_TRIGGER,
		.workspace = "ws_acme",
		.name = "cli",
		.event = "e",
		.input = &input},
	    {.action = POLICY_MEMORY_READ,
		.workspace = "ws_acme",
		.name = "ws/ws_acme/skill/r/63/a/b",
		.input = &filled},
	};
	static const char *const names[] = {
	    "policy.decide.trigger64_us", "policy.decide.memory64_us"};

	for (unsigned i = 0; i < ARRAY_SIZE(requests); i++) {
		struct samples samples = {.count = 0};
		bool allow = false;

		for (unsigned n = 0; n < WARM_UP + DECISIONS / 10; n++) {
			double us = decide(policy, &requests[i], &allow);

			if (n >= WARM_UP)
				samples_add(&samples, us);
		}
		if (!allow) {
			fprintf(stderr, "policy: %s is denied\n", requests[i].name);
			exit(1);
		}
		print_samples(names[i], &samples);
	}
	policy_free(&policy);
}

/* One batch of each. false: Cedar is gone, or decides otherwise. */
static bool
alternate(const struct rules *rules, struct cedar *cedar, unsigned from, struct samples *ours,
    struct samples *theirs)
{
	bool allow[BATCH];

	for (unsigned i = 0; i < BATCH; i++) {
		struct rules_request request;

		rules_request(rules, (from + i) % CEDAR_REQUESTS, &request);
		samples_add(ours, decide(rules->policy, &request.request, &allow[i]));
	}
	for (unsigned i = 0; i < BATCH; i++) {
		bool other;
		double us;

		if (!cedar_ask(cedar, &other, &us))
			return false;
		samples_add(theirs, us);
		if (other != allow[i]) {
			fprintf(stderr, "policy: request %u is decided otherwise by Cedar\n",
			    (from + i) % CEDAR_REQUESTS);
			return false;
		}
	}
	return true;
}

static bool
measure_cedar(const struct options *options)
{
	struct rules rules = rules_new(RULES_RICH, 100, 0);
	SCOPED_FREE char *policies = rules_cedar(100);
	struct samples ours = {.count = 0}, theirs = {.count = 0};
	struct cedar cedar;
	bool sound = cedar_start(&cedar, options->script, options->modules, policies);

	if (!sound) {
		fprintf(stderr, "policy: Cedar's WebAssembly build is not there: no row "
				"policy.decide.vs_cedar\n");
		rules_free(&rules);
		return true;
	}
	for (unsigned n = 0; sound && n < CEDAR_REQUESTS; n++) {
		struct rules_request request;

		rules_request(&rules, n, &request);
		sound = cedar_add(&cedar, &request.request);
	}
	/* The first round warms up. */
	for (unsigned round = 0; sound && round <= CEDAR_ROUNDS; round++) {
		if (round == 1) {
			samples_done(&ours);
			samples_done(&theirs);
		}
		for (unsigned n = 0; sound && n < CEDAR_REQUESTS; n += BATCH)
			sound = alternate(&rules, &cedar, n, &ours, &theirs);
	}
	if (sound)
		row_print_pair(
		    "policy.decide.vs_cedar", &ours, &theirs, "@cedar-policy/cedar-wasm", "us");
	cedar_stop(&cedar);
	samples_done(&ours);
	samples_done(&theirs);
	rules_free(&rules);
	return sound;
}

/* Takes away a directory of files. */
static void
remove_directory(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	rmdir(path);
}

/* From disk, as the supervisor loads. */
static bool
measure_load(void)
{
	char dir[] = "/tmp/praxa-bench-XXXXXX", path[64];
	struct policy_problems problems;
	struct policy_source source;
	bool sound = mkdtemp(dir) != NULL;
	double from;

	for (unsigned i = 0; sound && i < LOADS; i++) {
		snprintf(path, sizeof(path), "%u.yaml", i);
		rules_write(LOAD_RULES, i, dir, path);
	}
	from = spent_us();
	for (unsigned i = 0; sound && i < LOADS; i++) {
		snprintf(path, sizeof(path), "%s/%u.yaml", dir, i);
		sound = policy_source_open(path, &source, &problems) == ERR_OK;
		if (sound)
			policy_source_done(&source);
	}
	if (sound)
		row_print("policy.load1000_s", (spent_us() - from) / 1e6, 0, NULL, "cpu_s", LOADS);
	remove_directory(dir);
	return sound;
}

/* Every rule of the one differs from its like in the other. */
static bool
measure_diff(void)
{
	struct rules old = rules_new(RULES_RICH, DIFF_RULES, 0);
	struct rules new = rules_new(RULES_RICH, DIFF_RULES, 1);
	struct policy_diff diff;
	double from = spent_us();
	bool sound = policy_diff(old.policy, new.policy, &diff) == ERR_OK;

	if (sound) {
		row_print(
		    "policy.diff1000_s", (spent_us() - from) / 1e6, 0, NULL, "cpu_s", DIFF_RULES);
		sound = policy_diff_direction(&diff) == POLICY_WIDENS;
		policy_diff_done(&diff);
	}
	rules_free(&old);
	rules_free(&new);
	return sound;
}

ARGS_KEEP_TEXT(struct options, script)
ARGS_KEEP_TEXT(struct options, modules)

static const struct args_option rows[] = {
    {"script", 0, "FILE", "cedar.mjs", on_script},
    {"modules", 0, "DIR", "where node_modules lies; without it no row of Cedar", on_modules},
    {0},
};

int
main(int argc, char **argv)
{
	struct options options = {.script = NULL};
	struct fault fault = {0};
	int rest;
	bool sound;

	if (args_parse(rows, argc, argv, &options, &rest, &fault) != ERR_OK || rest < argc ||
	    options.script == NULL) {
		fprintf(stderr, "policy: %s\n",
		    fault.message[0] != '\0' ? fault.message : "--script is needed");
		return 2;
	}
	measure_alone();
	measure_lists();
	measure_growth();
	fprintf(stderr,
	    "policy: no row policy.decide.vs_opa: what compiles Rego to WebAssembly is a "
	    "program that no package registry of ours has\n");
	sound = measure_cedar(&options);
	sound = measure_load() && sound;
	sound = measure_diff() && sound;
	if (!sound)
		fprintf(stderr, "policy: a row is missing\n");
	return sound ? 0 : 1;
}
