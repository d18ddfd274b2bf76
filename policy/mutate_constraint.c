/* Mutants of one constraint: each operator left out or loosened, one row an operator. */
#include <stdio.h>

#include "common/utf8.h"
#include "policy/constraint.h"
#include "policy/mutate.h"

/* The constraints between the whole and the one that is changed: items of lists. */
struct nest {
	const struct nest *outer;
	const struct policy_constraint *constraint;
	uint32_t test; /* its EACH */
};

/* The constraint under change. */
struct site {
	struct mutating *m;
	const struct mutant_place *place;
	const struct nest *nest; /* NULL: it is the whole */
	const struct policy_constraint *constraint;
	const struct policy_schema *schema; /* of its value; NULL: anything */
};

/* like with changed (NULL: nothing) in place of the test at index. */
static const struct policy_constraint *
with_test(struct mutating *m, const struct policy_constraint *like, uint32_t index,
    const struct policy_test *changed)
{
	struct policy_constraint *constraint = mutate_alloc(m, 1, sizeof(*constraint));
	struct policy_test *tests = mutate_copy(
	    m, like->tests, like->count, sizeof(*tests), changed == NULL ? index : UINT32_MAX, 0);

	if (constraint == NULL || tests == NULL)
		return NULL;
	if (changed != NULL)
		tests[index] = *changed;
	*constraint = *like;
	constraint->tests = tests;
	constraint->count -= changed == NULL;
	return constraint;
}

/* The whole constraint with changed where the site is. */
static const struct policy_constraint *
rebuild(const struct site *s, const struct policy_constraint *changed)
{
	for (const struct nest *nest = s->nest; nest != NULL && changed != NULL;
	     nest = nest->outer) {
		struct policy_test test = nest->constraint->tests[nest->test];

		test.each = changed;
		changed = with_test(s->m, nest->constraint, nest->test, &test);
	}
	return changed;
}

/* Hands on the mutant with changed in place of the test at index. */
#define LOOSEN(s, index, changed, ...)                                            \
	mutate_replace((s)->m, (s)->place,                                        \
	    rebuild((s), with_test((s)->m, (s)->constraint, (index), (changed))), \
	    (s)->constraint->tests[index].line, __VA_ARGS__)

/* A scalar as a reviewer writes it. */
static const char *
words(char to[48], const struct value *value)
{
	if (value->type == VALUE_STRING)
		snprintf(to, 48, "\"%.*s\"", (int)value->length, value->string);
	else if (value->type == VALUE_INT)
		snprintf(to, 48, "%lld", (long long)value->integer);
	else if (value->type == VALUE_REAL)
		snprintf(to, 48, "%g", value->real);
	else
		snprintf(to, 48, "%s", value->boolean ? "true" : "false");
	return to;
}

/* One value less, where there are more, and each further one that the schema offers. */
static void
loosen_in(const struct site *s, uint32_t index)
{
	const struct policy_test *test = &s->constraint->tests[index];
	uint32_t offered = s->schema != NULL ? s->schema->value_count : 0;
	struct policy_test changed = {.operator= POLICY_OPERATOR_IN, .line = test->line};
	char text[48];

	for (uint32_t i = 0; test->in.count > 1 && i < test->in.count; i++) {
		changed.in.values = mutate_copy(
		    s->m, test->in.values, test->in.count, sizeof(*test->in.values), i, 0);
		changed.in.count = test->in.count - 1;
		LOOSEN(s, index, &changed, "in without %s", words(text, &test->in.values[i]));
	}
	for (uint32_t i = 0; i < offered; i++) {
		struct value *values = mutate_copy(
		    s->m, test->in.values, test->in.count, sizeof(*values), UINT32_MAX, 1);

		if (values == NULL || policy_test_holds(test, &s->schema->values[i], NULL))
			continue;
		values[test->in.count] = s->schema->values[i];
		changed.in.values = values;
		changed.in.count = test->in.count + 1;
		LOOSEN(s, index, &changed, "%s with %s, too", policy_operator_name(test->operator),
		    words(text, &s->schema->values[i]));
	}
}

/* Each bound moved by one where that is exact; a fraction's is left out. */
static void
loosen_bounds(const struct site *s, uint32_t index)
{
	const struct policy_test *test = &s->constraint->tests[index];
	const char *name = policy_operator_name(test->operator);
	const struct policy_bounds *bounds = &test->bounds;
	struct policy_test changed = *test;

	if (bounds->has_min && bounds->min.type == VALUE_INT &&
	    !__builtin_sub_overflow(bounds->min.integer, 1, &changed.bounds.min.integer) &&
	    (test->operator== POLICY_OPERATOR_RANGE || bounds->min.integer> 0))
		LOOSEN(s, index, &changed, "%s from %lld for %lld", name,
		    (long long)changed.bounds.min.integer, (long long)bounds->min.integer);
	changed = *test;
	if (bounds->has_max && bounds->max.type == VALUE_INT &&
	    !__builtin_add_overflow(bounds->max.integer, 1, &changed.bounds.max.integer))
		LOOSEN(s, index, &changed, "%s to %lld for %lld", name,
		    (long long)changed.bounds.max.integer, (long long)bounds->max.integer);
	changed = *test;
	changed.bounds.has_min = false;
	if (bounds->has_max && bounds->has_min && bounds->min.type == VALUE_REAL)
		LOOSEN(s, index, &changed, "%s without min", name);
	changed = *test;
	changed.bounds.has_max = false;
	if (bounds->has_max && bounds->has_min && bounds->max.type == VALUE_REAL)
		LOOSEN(s, index, &changed, "%s without max", name);
}

bool
mutate_cross(const char *pattern, size_t *at, char to[GLOB_LENGTH_MAX + 2])
{
	size_t length = strlen(pattern);

	for (; *at < length; ++*at) {
		if (pattern[*at] != '*')
			continue;
		if (pattern[*at + 1] == '*') {
			++*at;
			continue;
		}
		if (length == GLOB_LENGTH_MAX)
			return false;
		memcpy(to, pattern, *at + 1);
		memcpy(to + *at + 1, pattern + *at, length - *at + 1);
		++*at;
		return true;
	}
	return false;
}

static void
loosen_glob(const struct site *s, uint32_t index)
{
	const struct policy_test *test = &s->constraint->tests[index];
	char pattern[GLOB_LENGTH_MAX + 2];

	for (size_t at = 0; mutate_cross(test->glob->pattern, &at, pattern);) {
		struct policy_test changed = *test;
		struct glob *glob = mutate_alloc(s->m, 1, sizeof(*glob));
		const char *fault = NULL;

		if (glob == NULL)
			return;
		if (!policy_glob_compile(pattern, strlen(pattern), &s->m->arena, glob, &fault)) {
			s->m->out_of_memory = s->m->out_of_memory || fault == NULL;
			return;
		}
		changed.glob = glob;
		LOOSEN(s, index, &changed, "glob %s for %s", pattern, test->glob->pattern);
	}
}

/* One character less at the end where it binds: acme for acme/. */
static void
loosen_prefix(const struct site *s, uint32_t index)
{
	const struct policy_test *test = &s->constraint->tests[index];
	struct policy_test changed = *test;
	uint32_t length = test->text.length;

	while (length > 0 && ((unsigned char)test->text.string[--length] & 0xc0) == 0x80)
		;
	changed.text.length = length;
	if (length > 0)
		LOOSEN(s, index, &changed, "prefix \"%.*s\" for \"%.*s\"", (int)length,
		    test->text.string, (int)test->text.length, test->text.string);
}

static void
loosen_suffix(const struct site *s, uint32_t index)
{
	const struct policy_test *test = &s->constraint->tests[index];
	const unsigned char *text = (const unsigned char *)test->text.string;
	size_t width = utf8_width(text, test->text.length);
	struct policy_test changed = *test;

	if (width == 0 || width >= test->text.length)
		return;
	changed.text.string += width;
	changed.text.length -= (uint32_t)width;
	LOOSEN(s, index, &changed, "suffix \"%.*s\" for \"%.*s\"", (int)changed.text.length,
	    changed.text.string, (int)test->text.length, test->text.string);
}

static void mutate_tests(const struct site *s);

static void
loosen_each(const struct site *s, uint32_t index)
{
	const struct nest nest = {.outer = s->nest, .constraint = s->constraint, .test = index};
	struct site inner = *s;

	inner.nest = &nest;
	inner.constraint = s->constraint->tests[index].each;
	inner.schema =
	    s->schema != NULL && s->schema->type == SCHEMA_ARRAY ? s->schema->items : NULL;
	mutate_tests(&inner);
}

/* What an operator's mutants are beside the one without it; NULL: none. */
static void (*const loosen[POLICY_OPERATOR_COUNT])(const struct site *s, uint32_t index) = {
    [POLICY_OPERATOR_EQ] = loosen_in,
    [POLICY_OPERATOR_IN] = loosen_in,
    [POLICY_OPERATOR_GLOB] = loosen_glob,
    [POLICY_OPERATOR_PREFIX] = loosen_prefix,
    [POLICY_OPERATOR_SUFFIX] = loosen_suffix,
    [POLICY_OPERATOR_RANGE] = loosen_bounds,
    [POLICY_OPERATOR_LEN] = loosen_bounds,
    [POLICY_OPERATOR_EACH] = loosen_each,
};

/* Without the test. Where it is the only one its argument may be anything that the schema takes,
 * and a field of the payload is not looked at; of items that is the mutant without the EACH. */
static void
drop(const struct site *s, uint32_t index)
{
	const struct policy_test *test = &s->constraint->tests[index];
	const struct policy_constraint *changed = NULL;

	if (s->constraint->count == 1 && s->nest != NULL)
		return;
	if (s->constraint->count > 1)
		changed = rebuild(s, with_test(s->m, s->constraint, index, NULL));
	else if (s->schema != NULL)
		changed = mutate_open(s->m, s->constraint, s->schema,
		    s->constraint->optional || s->constraint->absent);
	mutate_replace(s->m, s->place, changed, test->line, "without %s",
	    policy_operator_name(test->operator));
}

static void
mutate_tests(const struct site *s)
{
	for (uint32_t i = 0; i < s->constraint->count; i++) {
		drop(s, i);
		if (loosen[s->constraint->tests[i].operator] != NULL)
			loosen[s->constraint->tests[i].operator](s, i);
	}
}

void
mutate_constraint(struct mutating *m, const struct mutant_place *place)
{
	const struct site site = {
	    .m = m, .place = place, .constraint = place->whole, .schema = place->schema};
	struct policy_constraint changed = *place->whole;

	mutate_tests(&site);
	changed.optional = !changed.optional;
	if (!changed.absent)
		mutate_replace(m, place, &changed, changed.line,
		    changed.optional ? "%s made optional" : "%s not optional", changed.name);
}
