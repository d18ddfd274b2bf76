/* coverage.h - which rules and operators of a policy its own fixtures exercise, each of them as one
 * that lets something through and as one that stops something.
 *
 * Invariant: a part counts as exercised only by requests that reach it: a call whose arguments do
 * not fit the tool's schema says nothing about the rule's operators. */
#ifndef POLICY_COVERAGE_H
#define POLICY_COVERAGE_H

#include "policy/fixture.h"

/* A rule, one operator of a constraint, or a quota. Texts belong to the policy or are static. */
struct policy_covered {
	const char *rule; /* trigger, tools.git.push.allow, tools.git.push.allow.force */
	const char
	    *part; /* an operator; rule; deny; limit; budget; grant; a pattern of keys or models */
	uint32_t line;
	bool has_failing;   /* it can fail: all but a deny, which only ever holds */
	bool passes, fails; /* some fixture makes it so */
};

struct policy_coverage {
	const struct policy_covered *items; /* in the order of the model */
	uint32_t count, covered;            /* covered: exercised in every way they can be */
	void *memory;
};

/* Runs every fixture of the policy past every part. Pure, no I/O. ERR_INTERNAL: out of memory, and
 * *ret is untouched. The policy must outlive it. */
MUST_USE enum err policy_coverage(const struct policy *policy, struct policy_coverage *ret);
void policy_coverage_done(struct policy_coverage *coverage);
bool policy_covered_is_whole(const struct policy_covered *covered);

#endif
