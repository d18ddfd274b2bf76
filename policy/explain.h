/* explain.h - why a request was decided as it was: the decision, and for a denial the rule that
 * came nearest to allowing it, with everything of it that failed.
 *
 * Invariant: the decision is policy_decide's own; what stands beside it never decides. */
#ifndef POLICY_EXPLAIN_H
#define POLICY_EXPLAIN_H

#include "policy/policy.h"

enum { POLICY_MISSES_MAX = 16 };

/* One thing that the request would have to be, and is not. Texts belong to the policy or are static
 * unless they are copied. */
struct policy_miss {
	const char *rule; /* tools.git.read.diff.allow.commit */
	uint32_t line;
	char field[FAULT_FIELD_MAX]; /* copied: an argument, a path, a variable; "" */
	const char *operator;        /* as the language spells it; "schema", "missing", "unnamed",
				      * "event", "source", "text", "value", "deny", "used",
				      * "depth", "grant", "provider", "region", "models",
				      * "approval" */
	const char *allowed;         /* what is accepted */
	size_t at;                   /* of "text": bytes of the key that did match */
};

struct policy_explanation {
	struct policy_decision decision;
	struct policy_miss misses[POLICY_MISSES_MAX];
	uint32_t count; /* found; only the first POLICY_MISSES_MAX are kept */
};

/* Decides and explains. Pure, no I/O, no allocation. */
struct policy_explanation policy_explain(
    const struct policy *policy, const struct policy_request *request);

#endif
