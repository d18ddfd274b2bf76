/* Rules as boxes. */
#include "policy/analyse.h"

struct box
box_of_where(struct analysis *a, const struct policy_trigger_rule *rule)
{
	struct box_slot *slots = analyse_alloc(a, rule->where.count, sizeof(*slots));

	if (slots == NULL)
		return (struct box){0};
	for (uint32_t i = 0; i < rule->where.count; i++) {
		const struct policy_constraint *constraint = &rule->where.items[i];

		slots[i] = (struct box_slot){.name = constraint->name,
		    .payload = true,
		    .may_miss = constraint->optional || constraint->absent,
		    .may_have = !constraint->absent};
		if (slots[i].may_have)
			slots[i].atoms = analyse_atoms(a, constraint, NULL);
	}
	return (struct box){.slots = slots, .count = rule->where.count};
}

/* An argument is what its constraint and its schema both take. */
struct box
box_of_tool(struct analysis *a, const struct policy_tool_rule *rule)
{
	struct box_slot *slots = analyse_alloc(a, rule->arguments.count, sizeof(*slots));

	if (slots == NULL)
		return (struct box){0};
	for (uint32_t i = 0; i < rule->arguments.count; i++) {
		const struct policy_constraint *constraint = &rule->arguments.items[i];
		const struct policy_property *property = policy_schema_property(
		    &rule->schema, constraint->name, strlen(constraint->name));

		slots[i] = (struct box_slot){.name = constraint->name,
		    .may_miss = (constraint->optional || constraint->absent) &&
				(property == NULL || !property->required),
		    .may_have = !constraint->absent};
		if (slots[i].may_have)
			slots[i].atoms = analyse_atoms(
			    a, constraint, property != NULL ? &property->schema : NULL);
	}
	return (struct box){.slots = slots, .count = rule->arguments.count, .closed = true};
}
