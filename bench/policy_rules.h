/* policy_rules.h - policies of a given number of rules, requests to them, and the same rules in the
 * peer's language.
 *
 * Invariant: a policy and its Cedar text answer
 * every request of rules_request alike; the benchmark compares the verdicts. */
#ifndef BENCH_POLICY_RULES_H
#define BENCH_POLICY_RULES_H

#include "policy/policy.h"

enum rules_kind {
	RULES_RICH, /* three of four allow, with five arguments each: up to 1,000 rules */
	/* Four arguments of each tool with one operator each: up to 10,000 of these. More tools
	 * than 4,096 no policy can name: sixteen manifests of 256. */
	RULES_LEAN,
};

/* A policy and what it was compiled from. */
struct rules {
	struct policy *policy;
	enum rules_kind kind;
	unsigned count; /* of tools */
};

/* Compiles one. variant other than 0 changes a bound of every rule. Ends the process when it does
 * not load. */
struct rules rules_new(enum rules_kind kind, unsigned wanted, unsigned variant);
void rules_free(struct rules *rules);
/* The same rules in Cedar, heap memory of the caller's. Only of RULES_RICH. */
char *rules_cedar(unsigned count);
/* The policy file of a RULES_RICH with its manifests, written beneath the directory dir, the policy
 * as name; their names are the same for every policy of one count. */
void rules_write(unsigned count, unsigned variant, const char *dir, const char *name);

/* A policy with count triggers that differ in `where`, and count patterns of memory. The last of
 * each is met by { "repo": "acme/<count - 1>-x", "n": 1 } and, for repo "r", by
 * ws/ws_acme/skill/r/<count - 1>/a/b. */
struct policy *rules_lists(unsigned count);

/* A request, and room for what it points to. */
struct rules_request {
	struct policy_request request;
	char name[16];
	struct value args, input;
	struct value_pair args_pairs[5], input_pairs[2];
};

/* Request number n of a sequence that is always the same: any tool of the policy; one in four has
 * an argument that its rule refuses. *ret must not move. */
void rules_request(const struct rules *rules, unsigned n, struct rules_request *ret);

#endif
