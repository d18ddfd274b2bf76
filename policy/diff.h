/* diff.h - what one policy opens and closes against another: exact, dimension by dimension, each
 * with a request that the one allows and the other refuses.
 *
 * Invariant: a witness was decided by policy_decide under both policies before it is one. What
 * could not be decided within its share of work is POLICY_SIDE_UNKNOWN and counts as opened. Where
 * a call's arguments must equal the trigger, the witness brings its trigger: the payload is part of
 * the request, whatever `trigger` lets in. */
#ifndef POLICY_DIFF_H
#define POLICY_DIFF_H

#include "policy/policy.h"

enum policy_side_state {
	POLICY_SIDE_UNKNOWN = 0, /* zeroed: nobody knows */
	POLICY_SIDE_NOTHING,     /* proven */
	POLICY_SIDE_WITNESS,
};

/* One direction of a dimension. */
struct policy_side {
	enum policy_side_state state;
	/* A witness: a request, or, of a setting, words. Values live as long as the diff. */
	bool has_request;
	struct policy_request request;
	struct value args, input; /* what request points to */
	struct policy_usage usage;
	struct value confidence;
	const char *text; /* "" or what changed */
	uint32_t line;    /* in the policy that allows it; 0: none */
};

enum policy_direction { POLICY_SAME = 0, POLICY_NARROWS, POLICY_WIDENS, POLICY_BOTH };

struct policy_dimension {
	const char *name; /* trigger, tools.git.push, memory.read, sandbox.limits.memory */
	struct policy_side opened, closed;
};

struct policy_diff {
	const struct policy_dimension *items;
	uint32_t count;
	void *memory;
};

/* True where theirs requires an approval of the call that nothing of own implies. */
bool diff_asks_less(
    const struct policy *own, const struct policy *theirs, const struct policy_request *request);
/* Compares. Pure, no I/O, bounded work. ERR_INTERNAL: out of memory; then *ret is untouched.
 * policy_diff_done frees. The policies must outlive the diff. */
MUST_USE enum err policy_diff(
    const struct policy *old, const struct policy *new, struct policy_diff *ret);
void policy_diff_done(struct policy_diff *diff);

enum policy_direction policy_dimension_direction(const struct policy_dimension *dimension);
/* All dimensions together. */
enum policy_direction policy_diff_direction(const struct policy_diff *diff);
/* WIDENS, NARROWS, SAME, BOTH. */
const char *policy_direction_name(enum policy_direction direction);

#endif
