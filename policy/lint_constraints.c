/* Operators that do nothing, values that nothing passes, arguments that are left open. */
#include "policy/lint_parts.h"

typedef void (*visitor)(struct linting *l, const struct lint_subject *subject);

static void
visit(struct linting *l, visitor visit_one, const struct lint_subject *subject)
{
	const struct policy_constraint *constraint = subject->constraint;

	if (subject->key == NULL)
		return;
	visit_one(l, subject);
	for (uint32_t i = 0; i < constraint->count; i++) {
		const struct policy_schema *schema = subject->schema;
		struct lint_subject items = {.constraint = constraint->tests[i].each,
		    .schema = schema != NULL && schema->type == SCHEMA_ARRAY ? schema->items : NULL,
		    .tool = subject->tool};

		if (constraint->tests[i].operator!= POLICY_OPERATOR_EACH)
			continue;
		items.key = policy_yaml_find(subject->key->value, "each");
		visit(l, visit_one, &items);
	}
}

static void
visit_where(struct linting *l, visitor visit_one, uint32_t index)
{
	const struct policy_trigger_rule *rule = &l->policy->triggers[index];
	const struct yaml_node *item = lint_item(lint_node(l, "trigger", NULL)->value, index);
	const struct yaml_node *where = item != NULL ? policy_yaml_find(item, "where") : NULL;

	for (uint32_t i = 0; where != NULL && i < rule->where.count; i++) {
		const struct policy_constraint *constraint = &rule->where.items[i];

		visit(l, visit_one,
		    &(struct lint_subject){.constraint = constraint,
			.key = policy_yaml_find(where->value, constraint->name)});
	}
}

void
lint_each_constraint(struct linting *l, visitor visit_one)
{
	for (uint32_t i = 0; i < l->policy->trigger_count; i++)
		visit_where(l, visit_one, i);
	for (uint32_t i = 0; i < l->policy->allowed_count; i++) {
		const struct policy_tool_rule *rule = l->policy->allowed[i];

		for (uint32_t j = 0; j < rule->arguments.count; j++) {
			const struct policy_constraint *constraint = &rule->arguments.items[j];
			const struct policy_property *property = policy_schema_property(
			    &rule->schema, constraint->name, strlen(constraint->name));

			visit(l, visit_one,
			    &(struct lint_subject){.constraint = constraint,
				.schema = property != NULL ? &property->schema : NULL,
				.key = lint_node(
				    l, "tools", rule->tool.name, "allow", constraint->name, NULL),
				.tool = rule,
				.property = property});
		}
	}
}

const struct yaml_node *
lint_operator_node(const struct lint_subject *subject, uint32_t test)
{
	return policy_yaml_find(
	    subject->key->value, policy_operator_name(subject->constraint->tests[test].operator));
}

/* Adds what the test asks for. Such a test is one atom. */
static bool
add_test(struct analysis *a, const struct policy_test *test, bool negated,
    struct literal literals[], uint32_t *count)
{
	const struct policy_constraint one = {.tests = test, .count = 1};
	struct atom_set set = analyse_atoms(a, &one, NULL);

	if (set.count == 1)
		literals[(*count)++] = (struct literal){.atom = set.items, .negated = negated};
	return set.count == 1;
}

/* A value that the schema and the tests in mask take, and for which test `failing` (a count: none)
 * fails. */
static enum analyse_answer
find_value(struct linting *l, const struct lint_subject *subject, uint64_t mask, uint32_t failing)
{
	struct literal literals[POLICY_OPERATOR_COUNT + 8];
	const struct policy_constraint *constraint = subject->constraint;
	struct analysis *a = lint_ask(l);
	struct atom_set schema = analyse_atoms(a, NULL, subject->schema);
	uint32_t count = 0;
	struct value value;

	for (uint32_t i = 0; i < schema.count; i++)
		literals[count++] = (struct literal){.atom = &schema.items[i]};
	for (uint32_t i = 0; i < constraint->count; i++)
		if ((mask >> i & 1) != 0 &&
		    !add_test(a, &constraint->tests[i], false, literals, &count))
			return lint_answer(l, ANALYSE_UNKNOWN);
	if (failing < constraint->count &&
	    !add_test(a, &constraint->tests[failing], true, literals, &count))
		return lint_answer(l, ANALYSE_UNKNOWN);
	return lint_answer(
	    l, analyse_value_find(a, literals, count, ANALYSE_KINDS_ALL, NULL, 0, &value));
}

bool
lint_has_equal(const struct policy_test *test)
{
	if (test->operator== POLICY_OPERATOR_EQUALS_TRIGGER)
		return true;
	for (uint32_t i = 0; test->operator== POLICY_OPERATOR_EACH && i<test->each->count; i++)
		if (lint_has_equal(&test->each->tests[i]))
			return true;
	return false;
}

/* Tests whose part another one could play: a list of values is worth reading by itself, and a field
 * of the payload is implied by nothing. */
static bool
may_be_useless(const struct policy_test *test)
{
	return test->operator!= POLICY_OPERATOR_EQ && test->operator!= POLICY_OPERATOR_IN && test->
	operator!= POLICY_OPERATOR_ABSENT && !lint_has_equal(test);
}

/* The tests of a constraint that the rest of it, or the argument's schema, implies: all of them may
 * go together. The operator that says most stays, and one always does. */
static uint64_t
find_useless(struct linting *l, const struct lint_subject *subject)
{
	const struct policy_constraint *constraint = subject->constraint;
	uint64_t all = (UINT64_C(1) << constraint->count) - 1, left = all;

	for (unsigned operator= POLICY_OPERATOR_COUNT; operator--> 0;)
		for (uint32_t i = 0; i < constraint->count; i++) {
			uint64_t bit = UINT64_C(1) << i;
			enum analyse_answer answer;

			if (constraint->tests[i].operator!= operator||
			    left == bit || !may_be_useless(&constraint->tests[i]))
				continue;
			answer = find_value(l, subject, left & ~bit, i);
			if (answer == ANALYSE_NONE)
				left &= ~bit;
			if (answer == ANALYSE_UNKNOWN)
				lint_doubt(l, lint_operator_node(subject, i),
				    "whether this operator adds anything");
		}
	return all & ~left;
}

/* Whether the operators together leave open all that the schema does. */
static bool
is_open(struct linting *l, const struct lint_subject *subject)
{
	const struct policy_constraint *constraint = subject->constraint;

	if (subject->schema == NULL || constraint->absent)
		return false;
	for (uint32_t i = 0; i < constraint->count; i++)
		if (lint_has_equal(&constraint->tests[i]) ||
		    find_value(l, subject, 0, i) != ANALYSE_NONE)
			return false;
	return true;
}

static bool
is_type(const struct policy_test *test)
{
	return test->operator== POLICY_OPERATOR_TYPE;
}

static void
check_operators(struct linting *l, const struct lint_subject *subject, bool types)
{
	const struct policy_constraint *constraint = subject->constraint;
	uint64_t useless = find_useless(l, subject);

	for (uint32_t i = 0; i < constraint->count; i++) {
		bool schema;

		if ((useless >> i & 1) == 0 || is_type(&constraint->tests[i]) != types)
			continue;
		schema = subject->schema != NULL && find_value(l, subject, 0, i) == ANALYSE_NONE;
		lint_add(l, types ? POLICY_LINT_useless_type : POLICY_LINT_useless_operator,
		    lint_operator_node(subject, i), "remove it", "adds nothing: %s %s",
		    schema ? "the tool's manifest says already that the value is"
			   : "the other operators imply it",
		    schema ? subject->schema->text : "");
	}
}

static void
check_useless(struct linting *l, const struct lint_subject *subject)
{
	const struct policy_constraint *constraint = subject->constraint;

	check_operators(l, subject, false);
	if (constraint->count == 1 && may_be_useless(constraint->tests) &&
	    !is_type(constraint->tests) && is_open(l, subject))
		lint_add(l, POLICY_LINT_useless_operator, lint_operator_node(subject, 0),
		    "write type, which says that anything goes",
		    "restricts nothing: the tool's manifest says already that the value is %s",
		    subject->schema->text);
}

void
lint_useless_operator(struct linting *l)
{
	lint_each_constraint(l, check_useless);
}

static void
check_type(struct linting *l, const struct lint_subject *subject)
{
	check_operators(l, subject, true);
}

void
lint_useless_type(struct linting *l)
{
	lint_each_constraint(l, check_type);
}

static void
check_optional(struct linting *l, const struct lint_subject *subject)
{
	if (subject->property != NULL && subject->property->required &&
	    subject->constraint->optional)
		lint_add(l, POLICY_LINT_useless_optional,
		    policy_yaml_find(subject->key->value, "optional"), "remove it",
		    "the tool requires this argument: it is not optional");
}

void
lint_useless_optional(struct linting *l)
{
	lint_each_constraint(l, check_optional);
}

static void
check_absent(struct linting *l, const struct lint_subject *subject)
{
	if (subject->property != NULL && subject->constraint->absent)
		lint_add(l, POLICY_LINT_useless_absent, subject->key, "remove it",
		    "an argument that a rule does not name is denied anyway");
}

void
lint_useless_absent(struct linting *l)
{
	lint_each_constraint(l, check_absent);
}

static void
check_open(struct linting *l, const struct lint_subject *subject)
{
	const struct policy_schema *schema = subject->schema;

	if (subject->property == NULL || schema->value_count > 0 ||
	    (schema->type != SCHEMA_STRING && schema->type != SCHEMA_ARRAY &&
		schema->type != SCHEMA_OBJECT) ||
	    !is_open(l, subject))
		return;
	lint_add(l, POLICY_LINT_unconstrained_argument, subject->key, "",
	    "the Skill chooses \"%s\" freely: %s", subject->constraint->name, schema->text);
}

void
lint_unconstrained_argument(struct linting *l)
{
	lint_each_constraint(l, check_open);
}

static void
check_reach(struct linting *l, const struct lint_subject *subject)
{
	const struct policy_constraint *constraint = subject->constraint;
	enum analyse_answer answer;

	if (!constraint->optional || constraint->absent)
		return;
	answer = find_value(l, subject, UINT64_MAX, constraint->count);
	if (answer == ANALYSE_NONE)
		lint_add(l, POLICY_LINT_unreachable_argument, subject->key,
		    "its operators exclude each other", "no value of \"%s\" satisfies this",
		    constraint->name);
	if (answer == ANALYSE_UNKNOWN)
		lint_doubt(l, subject->key, "whether any value satisfies this");
}

void
lint_unreachable_argument(struct linting *l)
{
	lint_each_constraint(l, check_reach);
}
