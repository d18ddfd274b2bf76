/* quota.h - how much may be used up: of a run, an hour, a day. What was used is never the policy's:
 * whoever asks for a decision says it (struct policy_usage). */
#ifndef POLICY_QUOTA_H
#define POLICY_QUOTA_H

#include <stdint.h>

/* X(enumerator, window, key, type, most, feature, unit, help): budget.<window>.<key> */
#define POLICY_RUN_BUDGETS(X)                                                                  \
	X(RUN_CALLS, run, calls, INTEGER, 1000000, NONE, "calls", "calls of tools and models") \
	X(RUN_TOKENS, run, tokens, INTEGER, 1000000000000, RUN_TOKENS, "tokens",               \
	    "tokens that models read and write")                                               \
	X(RUN_USD, run, usd, MONEY, 1000000000000, RUN_USD, "US dollars", "what models cost")
#define POLICY_DAY_BUDGETS(X)                                                       \
	X(DAY_CALLS, day, calls, INTEGER, 1000000000, DAY_CALLS, "calls",           \
	    "calls of tools and models")                                            \
	X(DAY_TOKENS, day, tokens, INTEGER, 1000000000000000, DAY_TOKENS, "tokens", \
	    "tokens that models read and write")                                    \
	X(DAY_USD, day, usd, MONEY, 1000000000000000, DAY_USD, "US dollars", "what models cost")
#define POLICY_BUDGETS(X) POLICY_RUN_BUDGETS(X) POLICY_DAY_BUDGETS(X)
#define POLICY_BUDGET_ENUM(name, window, key, type, most, feature, unit, help) POLICY_BUDGET_##name,
enum policy_budget { POLICY_BUDGETS(POLICY_BUDGET_ENUM) POLICY_BUDGET_COUNT };

/* X(enumerator, key, feature, words): tools.<name>.limits.<key> */
#define POLICY_RATES(X)                           \
	X(RUN, per_run, NONE, "in one run")       \
	X(HOUR, per_hour, PER_HOUR, "in an hour") \
	X(DAY, per_day, PER_DAY, "in a day")
#define POLICY_RATE_ENUM(name, key, feature, words) POLICY_RATE_##name,
enum policy_rate { POLICY_RATES(POLICY_RATE_ENUM) POLICY_RATE_COUNT };

/* Calls of one run, where the file does not say. */
#define POLICY_CALLS_DEFAULT 40

/* One number that usage must stay below. Zeroed: nobody set it, and nothing is counted. */
struct policy_quota {
	uint64_t most; /* calls, tokens, or millionths of a dollar; 0: not set */
	uint32_t line; /* 0: a default */
	const char *rule;
	const char *text; /* for people: "40 calls of one run" */
};

/* What was used before the request in question. Zeroed: nothing. */
struct policy_usage {
	uint64_t budget[POLICY_BUDGET_COUNT]; /* by the run, and by all runs of the Skill today */
	uint64_t tool[POLICY_RATE_COUNT];     /* calls of the tool that is asked for */
	uint64_t dispatched;                  /* by this run, of the sub-agent that is asked for */
};

#endif
