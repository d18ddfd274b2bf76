/* decide_table.h - requests, and what good/decide.policy.yaml says to each. */
#ifndef TESTS_POLICY_DECIDE_TABLE_H
#define TESTS_POLICY_DECIDE_TABLE_H

#include "common/arena.h"
#include "policy/policy.h"

struct decide_row {
	const char *claim;
	enum policy_action action;
	const char *name, *event, *args, *input;
	enum policy_reason reason;
	enum err code;
	const char *rule, *field;
	const struct policy_usage *usage;
	uint32_t depth;
	const char *tool, *provider, *region;
	const char *confidence; /* JSON */
};

extern const struct decide_row decide_rows[];
extern const size_t decide_row_count;

/* The row's request; its values live in arena. */
struct policy_request decide_request(const struct decide_row *row, struct arena *arena);
/* policy answers the row. */
void decide_check(const struct policy *policy, const struct decide_row *row);
/* good/decide.policy.yaml, for policy_free. */
struct policy *decide_policy(void);

#endif
