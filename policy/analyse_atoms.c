/* Conditions on a value, from constraints and schemas alike, and whether two of them are the same
 * as they are written: what is the same needs no search. */
#include "policy/analyse.h"

/* Atoms being collected. */
struct collecting {
	struct analysis *a;
	struct atom *items;
	uint32_t count;
};

enum { SCHEMA_ATOMS_MAX = 6 };

static void
collect(struct collecting *c, struct atom atom)
{
	c->items[c->count++] = atom;
}

static void
collect_set(struct collecting *c, const struct policy_test *test, struct atom_set set)
{
	struct atom_set *each = analyse_alloc(c->a, 1, sizeof(*each));

	if (each == NULL)
		return;
	*each = set;
	collect(c, (struct atom){.kind = ATOM_EACH, .test = test, .each = each});
}

static void
collect_test(struct collecting *c, const struct policy_test *test)
{
	if (test->operator== POLICY_OPERATOR_EACH)
		collect_set(c, test, analyse_atoms(c->a, test->each, NULL));
	else if (test->operator== POLICY_OPERATOR_EQUALS_TRIGGER)
		collect(c, (struct atom){.kind = ATOM_EQUAL, .test = test, .path = test->path});
	else
		collect(c, (struct atom){.kind = ATOM_TEST, .test = test});
}

static void
collect_made(struct collecting *c, struct policy_test test)
{
	struct policy_test *made = analyse_alloc(c->a, 1, sizeof(*made));

	if (made == NULL)
		return;
	*made = test;
	collect(c, (struct atom){.kind = ATOM_TEST, .test = made});
}

static void
collect_length(struct collecting *c, uint64_t min, uint64_t max)
{
	struct policy_test test = {.operator= POLICY_OPERATOR_LEN };

	if (min == 0 && max == 0)
		return;
	test.bounds.has_min = min > 0;
	test.bounds.has_max = max > 0;
	test.bounds.min = value_integer((int64_t)min);
	test.bounds.max = value_integer((int64_t)max);
	collect_made(c, test);
}

static void
collect_schema(struct collecting *c, const struct policy_schema *schema)
{
	struct policy_test test = {.operator= POLICY_OPERATOR_TYPE };

	test.type = schema->type;
	collect_made(c, test);
	collect_length(c, schema->min_length, schema->max_length);
	collect_length(c, 0, schema->max_items);
	if (schema->has_minimum || schema->has_maximum) {
		test.operator= POLICY_OPERATOR_RANGE;
		test.bounds = (struct policy_bounds){
		    schema->has_minimum, schema->has_maximum, schema->minimum, schema->maximum};
		collect_made(c, test);
	}
	if (schema->value_count > 0) {
		test.operator= POLICY_OPERATOR_IN;
		test.in.values = schema->values;
		test.in.count = schema->value_count;
		collect_made(c, test);
	}
	if (schema->items != NULL)
		collect_set(c, NULL, analyse_atoms(c->a, NULL, schema->items));
	if (schema->type == SCHEMA_OBJECT)
		collect(c, (struct atom){.kind = ATOM_MEMBERS, .members = schema});
}

struct atom_set
analyse_atoms(struct analysis *a, const struct policy_constraint *constraint,
    const struct policy_schema *schema)
{
	uint32_t most = (constraint != NULL ? constraint->count : 0) + SCHEMA_ATOMS_MAX + 1;
	struct collecting c = {.a = a, .items = analyse_alloc(a, most, sizeof(*c.items))};

	for (uint32_t i = 0; c.items != NULL && constraint != NULL && i < constraint->count; i++)
		collect_test(&c, &constraint->tests[i]);
	if (c.items != NULL && schema != NULL)
		collect_schema(&c, schema);
	return (struct atom_set){.items = c.items, .count = c.count};
}

static bool
value_same(const struct value *a, const struct value *b)
{
	return a->type == b->type && value_equal(a, b);
}

static bool
bounds_same(const struct policy_bounds *a, const struct policy_bounds *b)
{
	return a->has_min == b->has_min && a->has_max == b->has_max &&
	       (!a->has_min || policy_number_compare(&a->min, &b->min) == 0) &&
	       (!a->has_max || policy_number_compare(&a->max, &b->max) == 0);
}

static bool
values_same(const struct value *a, uint32_t a_count, const struct value *b, uint32_t b_count)
{
	if (a_count != b_count)
		return false;
	for (uint32_t i = 0; i < a_count; i++)
		if (!value_same(&a[i], &b[i]))
			return false;
	return true;
}

static bool
test_same(const struct policy_test *a, const struct policy_test *b)
{
	if (a->operator!= b->operator)
		return false;
	switch (a->operator) {
	case POLICY_OPERATOR_EQ:
	case POLICY_OPERATOR_IN:
		return values_same(a->in.values, a->in.count, b->in.values, b->in.count);
	case POLICY_OPERATOR_GLOB:
		return strcmp(a->glob->pattern, b->glob->pattern) == 0;
	case POLICY_OPERATOR_PREFIX:
	case POLICY_OPERATOR_SUFFIX:
		return value_same(&a->text, &b->text);
	case POLICY_OPERATOR_RANGE:
	case POLICY_OPERATOR_LEN:
		return bounds_same(&a->bounds, &b->bounds);
	case POLICY_OPERATOR_TYPE:
		return a->type == b->type;
	case POLICY_OPERATOR_ABSENT:
		return true;
	case POLICY_OPERATOR_EACH:
	case POLICY_OPERATOR_EQUALS_TRIGGER:
	case POLICY_OPERATOR_COUNT:
		break;
	}
	return false;
}

/* Every atom of b stands in a, too. */
static bool
set_covers(const struct atom_set *a, const struct atom_set *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		bool found = false;

		for (uint32_t j = 0; j < a->count && !found; j++)
			found = analyse_atom_same(&a->items[j], &b->items[i]);
		if (!found)
			return false;
	}
	return true;
}

bool
analyse_atom_same(const struct atom *a, const struct atom *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case ATOM_TEST:
		return test_same(a->test, b->test);
	case ATOM_EACH:
		return set_covers(a->each, b->each) && set_covers(b->each, a->each);
	case ATOM_MEMBERS:
		return analyse_schema_same(a->members, b->members);
	case ATOM_EQUAL:
		return strcmp(a->path, b->path) == 0;
	}
	return false;
}

bool
analyse_schema_same(const struct policy_schema *a, const struct policy_schema *b)
{
	const struct policy_bounds x = {a->has_minimum, a->has_maximum, a->minimum, a->maximum};
	const struct policy_bounds y = {b->has_minimum, b->has_maximum, b->minimum, b->maximum};

	if (a->type != b->type || a->min_length != b->min_length ||
	    a->max_length != b->max_length || a->max_items != b->max_items ||
	    !bounds_same(&x, &y) ||
	    !values_same(a->values, a->value_count, b->values, b->value_count) ||
	    (a->items == NULL) != (b->items == NULL) || a->property_count != b->property_count ||
	    (a->items != NULL && !analyse_schema_same(a->items, b->items)))
		return false;
	for (uint32_t i = 0; i < a->property_count; i++)
		if (strcmp(a->properties[i].name, b->properties[i].name) != 0 ||
		    a->properties[i].required != b->properties[i].required ||
		    !analyse_schema_same(&a->properties[i].schema, &b->properties[i].schema))
			return false;
	return true;
}
