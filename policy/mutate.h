/* mutate.h - every small change of a policy that its fixtures should notice, one after the other:
 * a rule, an operator or a value left out, a bound moved by one, a wildcard that crosses.
 *
 * Invariant: a mutant is a policy like any other, made of the compiled form; only the part that was
 * changed is new memory. */
#ifndef POLICY_MUTATE_H
#define POLICY_MUTATE_H

#include "policy/model.h"

enum { MUTANT_CHANGE_MAX = 160, MUTANT_BYTES_MAX = 32 * 1024 * 1024 };

struct mutant {
	/* Borrows all but the changed part from the original. Of a tool it holds that tool alone:
	 * the others decide nothing about it, and there may be thousands. */
	struct policy policy;
	/* What it can decide otherwise; POLICY_ACTION_NONE: whatever uses something up. */
	enum policy_action action;
	const char *name; /* of a tool or a sub-agent: only requests for it; NULL otherwise */
	/* Not NULL: a quota is changed, and a request that is allowed where nothing was used is
	 * decided otherwise where this was. */
	const struct policy_usage *usage;
	const char *rule; /* the rule that is changed, and its line */
	uint32_t line;
	char change[MUTANT_CHANGE_MAX]; /* "without glob", for people; may be cut */
};

/* True where the change can matter for the request. */
bool mutant_concerns(const struct mutant *mutant, const struct policy_request *request);

struct mutating {
	const struct policy *policy;
	struct arena arena; /* one mutant's changed part */
	bool out_of_memory;
	/* Sees each mutant once; it is gone afterwards. */
	void (*judge)(void *context, const struct mutant *mutant);
	void *context;
};

/* Makes every mutant of policy. false: out of memory. No I/O. */
MUST_USE bool mutate_policy(const struct policy *policy,
    void (*judge)(void *context, const struct mutant *mutant), void *context);

/* Where a constraint stands, so that a changed one can take its place. */
struct mutant_place {
	const struct policy_trigger_rule *trigger; /* either this */
	const struct policy_tool_rule *tool;       /* or this */
	uint32_t index;                            /* of the constraint in the rule */
	const struct policy_schema *schema;        /* of the argument; NULL: anything */
	const struct policy_constraint *whole;     /* the constraint itself */
};

/* mutate_constraint.c: the mutants of one constraint. */
void mutate_constraint(struct mutating *m, const struct mutant_place *place);

/* The next way to let one '*' of a pattern cross, from *at on; false: there is none. */
MUST_USE bool mutate_cross(const char *pattern, size_t *at, char to[GLOB_LENGTH_MAX + 2]);
/* mutate_agent.c: those of the edges to sub-agents, and of the rules for models. */
void mutate_subagents(struct mutating *m);
void mutate_models(struct mutating *m);
/* mutate_quota.c: those of a tool's limits, and of the budgets that calls are counted in. */
void mutate_limits(struct mutating *m, const struct policy_tool_rule *rule);
void mutate_budgets(struct mutating *m);
/* mutate_pattern.c: those of the memory patterns of one direction. */
void mutate_patterns(struct mutating *m, enum policy_action action);

/* mutate.c: hands the mutant on in which changed (NULL: nothing) stands in place. */
void mutate_replace(struct mutating *m, const struct mutant_place *place,
    const struct policy_constraint *changed, uint32_t line, const char *format, ...)
    PRINTF_LIKE(5, 6);
/* The mutant in which changed stands in rule's place. */
void mutate_put_tool(struct mutating *m, const struct policy_tool_rule *rule,
    const struct policy_tool_rule *changed, struct mutant *ret);
/* A constraint that is there with any value that the schema takes. */
const struct policy_constraint *mutate_open(struct mutating *m,
    const struct policy_constraint *like, const struct policy_schema *schema, bool optional);
/* Hands on a mutant that is whole. */
void mutate_hand_on(struct mutating *m, struct mutant *mutant, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Zeroed memory of this mutant's; NULL latches out_of_memory. */
void *mutate_alloc(struct mutating *m, size_t count, size_t size);
/* A list of count items of size bytes with room for extra more, but without the item at without
 * (UINT32_MAX: with all). NULL: out of memory. */
void *mutate_copy(struct mutating *m, const void *items, uint32_t count, size_t size,
    uint32_t without, uint32_t extra);

#endif
