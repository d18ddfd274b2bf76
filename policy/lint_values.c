/* Lists of values: some of which nothing passes, that stand there twice, or that are one. */
#include <stdio.h>

#include "policy/lint_parts.h"

/* Calls report for every list of values. */
static void
visit_list(struct linting *l, const struct lint_subject *subject,
    void (*report)(struct linting *l, const struct lint_subject *subject,
	const struct policy_test *list, const struct yaml_node *key))
{
	for (uint32_t i = 0; i < subject->constraint->count; i++) {
		const struct policy_test *test = &subject->constraint->tests[i];
		const struct yaml_node *key = lint_operator_node(subject, i);

		if (test->operator== POLICY_OPERATOR_IN && key != NULL)
			report(l, subject, test, key);
	}
}

/* The operator that refuses value; NULL: none is known to. */
static const struct policy_test *
find_refusing(const struct lint_subject *subject, const struct value *value)
{
	for (uint32_t i = 0; i < subject->constraint->count; i++) {
		const struct policy_test *test = &subject->constraint->tests[i];

		if (!lint_has_equal(test) && !policy_test_holds(test, value, NULL))
			return test;
	}
	return NULL;
}

static void
report_unreachable(struct linting *l, const struct lint_subject *subject,
    const struct policy_test *list, const struct yaml_node *key)
{
	for (uint32_t i = 0; i < list->in.count; i++) {
		const struct yaml_node *item = lint_item(key->value, i);
		const struct policy_test *refusing = find_refusing(subject, &list->in.values[i]);

		if (refusing != NULL && item != NULL)
			lint_add(l, POLICY_LINT_unreachable_value, item, "remove it",
			    "\"%s\" beside it refuses %s", policy_operator_name(refusing->operator),
			    item->text);
	}
}

static void
check_unreachable(struct linting *l, const struct lint_subject *subject)
{
	visit_list(l, subject, report_unreachable);
}

void
lint_unreachable_value(struct linting *l)
{
	lint_each_constraint(l, check_unreachable);
}

static void
report_repeated(struct linting *l, const struct lint_subject *subject,
    const struct policy_test *list, const struct yaml_node *key)
{
	(void)subject;
	for (uint32_t i = 1; i < list->in.count; i++) {
		const struct yaml_node *item = lint_item(key->value, i);
		uint32_t j = 0;

		while (j < i && !value_equal(&list->in.values[j], &list->in.values[i]))
			j++;
		if (j < i && item != NULL)
			lint_add(l, POLICY_LINT_repeated_value, item, "remove it",
			    "%s is in the list already", item->text);
	}
}

static void
check_repeated(struct linting *l, const struct lint_subject *subject)
{
	visit_list(l, subject, report_repeated);
}

void
lint_repeated_value(struct linting *l)
{
	lint_each_constraint(l, check_repeated);
}

static void
report_single(struct linting *l, const struct lint_subject *subject, const struct policy_test *list,
    const struct yaml_node *key)
{
	const struct yaml_node *item = lint_item(key->value, 0);
	char hint[80];

	(void)subject;
	if (list->in.count != 1 || item == NULL)
		return;
	snprintf(hint, sizeof(hint), "write eq: %.60s", item->text);
	lint_add(l, POLICY_LINT_single_value, key, hint, "a list of one value");
}

static void
check_single(struct linting *l, const struct lint_subject *subject)
{
	visit_list(l, subject, report_single);
}

void
lint_single_value(struct linting *l)
{
	lint_each_constraint(l, check_single);
}
