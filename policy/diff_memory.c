/* Memory patterns: what one policy's open and the other's do not. */
#include "policy/diff_parts.h"

/* What a key is checked by while an example is looked for. */
struct checking {
	const struct policy *allows, *refuses;
	struct policy_request request;
};

static bool
is_witness(const void *context, const struct key_example *example)
{
	const struct checking *c = context;
	struct policy_request request = c->request;

	request.name = example->name;
	request.input = &example->input;
	return policy_decide(c->allows, &request).verdict != POLICY_DENY &&
	       policy_decide(c->refuses, &request).verdict == POLICY_DENY;
}

static void
keep(struct policy_side *side, const struct checking *c, const struct key_example *example)
{
	side->state = POLICY_SIDE_WITNESS;
	side->has_request = true;
	side->request = c->request;
	side->input = example->input;
	side->request.name = example->name;
	side->request.input = &side->input;
	side->line = policy_decide(c->allows, &side->request).line;
}

void
diff_patterns(struct differing *d, const struct policy *allows, const struct policy *refuses,
    enum policy_action action, const struct policy_patterns *own,
    const struct policy_patterns *theirs, struct policy_side *side)
{
	const struct checking c = {.allows = allows,
	    .refuses = refuses,
	    .request = {.action = action, .workspace = ANALYSE_WORKSPACE}};
	const struct policy_pattern *others[POLICY_PATTERNS_MAX];
	struct key_example example;

	*side = (struct policy_side){.state = POLICY_SIDE_NOTHING, .text = ""};
	for (uint32_t i = 0; i < theirs->count; i++)
		others[i] = &theirs->items[i];
	for (uint32_t i = 0; i < own->count && side->state != POLICY_SIDE_WITNESS; i++) {
		enum analyse_answer answer;

		d->analysis.work = ANALYSE_WORK_MAX;
		answer = analyse_key_find(
		    &d->analysis, &own->items[i], others, theirs->count, is_witness, &c, &example);
		if (answer == ANALYSE_UNKNOWN)
			side->state = POLICY_SIDE_UNKNOWN;
		if (answer == ANALYSE_FOUND)
			keep(side, &c, &example);
	}
}
