/* Rules as boxes. */
#include "policy/analyse.h"

static struct box
box_of(struct analysis *a, const struct policy_constraints *from, bool payload)
{
	struct box_slot *slots = analyse_alloc(a, from->count, sizeof(*slots));

	if (slots == NULL)
		return (struct box){0};
	for (uint32_t i = 0; i < from->count; i++) {
		const struct policy_constraint *constraint = &from->items[i];

		slots[i] = (struct box_slot){.name = constraint->name,
		    .payload = payload,
		    .may_miss = constraint->optional || constraint->absent,
		    .may_have = !constraint->absent};
		if (slots[i].may_have)
			slots[i].atoms = analyse_atoms(a, constraint, NULL);
	}
	return (struct box){.slots = slots, .count = from->count};
}

struct box
box_of_where(struct analysis *a, const struct policy_trigger_rule *rule)
{
	return box_of(a, &rule->where, true);
}

struct box
box_of_args(struct analysis *a, const struct policy_constraints *args)
{
	return box_of(a, args, false);
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

static struct atom_set
both(struct analysis *a, const struct atom_set *x, const struct atom_set *y)
{
	struct atom *items = analyse_alloc(a, x->count + y->count, sizeof(*items));

	if (items == NULL)
		return (struct atom_set){0};
	if (x->count > 0)
		memcpy(items, x->items, x->count * sizeof(*items));
	if (y->count > 0)
		memcpy(items + x->count, y->items, y->count * sizeof(*items));
	return (struct atom_set){.items = items, .count = x->count + y->count};
}

/* Both lists are sorted: one walk over the two. */
struct box
box_meet(struct analysis *a, const struct box *x, const struct box *y)
{
	struct box_slot *slots = analyse_alloc(a, x->count + y->count, sizeof(*slots));
	struct box box = {.slots = slots, .closed = x->closed || y->closed};
	uint32_t i = 0, j = 0;

	while (slots != NULL && (i < x->count || j < y->count)) {
		int order = i == x->count   ? 1
			    : j == y->count ? -1
					    : strcmp(x->slots[i].name, y->slots[j].name);
		struct box_slot *slot = &slots[box.count++];

		*slot = order <= 0 ? x->slots[i] : y->slots[j];
		if (order != 0 && !slot->payload && (order < 0 ? y : x)->closed)
			slot->may_have = false;
		if (order == 0) {
			slot->may_miss = slot->may_miss && y->slots[j].may_miss;
			slot->may_have = slot->may_have && y->slots[j].may_have;
			slot->atoms = both(a, &slot->atoms, &y->slots[j].atoms);
		}
		i += order <= 0;
		j += order >= 0;
	}
	return box;
}
