/* A value by construction, one type after the other: what is finite is tried, numbers at the ends
 * of their intervals and beside them, texts by automata, lists item by item, objects member by
 * member. */
#include <math.h> /* isfinite */

#include "policy/analyse_value.h"
#include "policy/constraint.h"

/* Whether every literal holds for a scalar. A literal on lists or objects fails for any scalar. */
static bool
scalar_holds(const struct value_question *q, const struct value *value)
{
	for (uint32_t i = 0; i < q->count; i++) {
		const struct atom *atom = q->literals[i].atom;
		bool holds;

		if (atom->kind == ATOM_EQUAL)
			continue;
		holds = atom->kind == ATOM_TEST && policy_test_holds(atom->test, value, NULL);
		if (holds == q->literals[i].negated)
			return false;
	}
	return true;
}

bool
analyse_value_is_excluded(const struct value_question *q, const struct value *value)
{
	for (uint32_t i = 0; i < q->excluded_count; i++)
		if (value_equal(&q->excluded[i], value))
			return true;
	return false;
}

static enum analyse_answer
try(const struct value_question *q, struct value value, struct value *ret)
{
	if ((q->kinds & ANALYSE_KIND(value.type)) == 0 || !scalar_holds(q, &value) ||
	    analyse_value_is_excluded(q, &value))
		return ANALYSE_NONE;
	*ret = value;
	return ANALYSE_FOUND;
}

static struct value
real(double number)
{
	return (struct value){.type = VALUE_REAL, .real = number};
}

/* The double next to number, further from zero or nearer to it: without libm, for the sake of those
 * who link this. */
static double
neighbour(double number, bool outwards)
{
	uint64_t bits;

	if (!(number > 0 || number < 0))
		return outwards ? __DBL_DENORM_MIN__ : -__DBL_DENORM_MIN__;
	memcpy(&bits, &number, sizeof(bits));
	bits = outwards ? bits + 1 : bits - 1;
	memcpy(&number, &bits, sizeof(bits));
	return number;
}

/* The same number as the other type writes it, and what stands next to it: every interval between
 * two ends has an end's neighbour in it, if it has anything. */
static enum analyse_answer
try_around(const struct value_question *q, const struct value *end, struct value *ret)
{
	double number = end->type == VALUE_INT ? (double)end->integer : end->real;
	enum analyse_answer answer = ANALYSE_NONE;
	const double reals[] = {number, number + 0.5, number - 0.5, number + 1, number - 1,
	    neighbour(number, true), neighbour(number, false)};

	for (int step = -1; answer == ANALYSE_NONE && step <= 1; step++) {
		int64_t near = end->integer;

		if (end->type == VALUE_REAL) {
			if (!(number >= -9223372036854775808.0 && number < 9223372036854775808.0))
				break;
			near = (int64_t)number;
		}
		if (!__builtin_add_overflow(near, step, &near))
			answer = try(q, value_integer(near), ret);
	}
	for (unsigned i = 0; answer == ANALYSE_NONE && i < ARRAY_SIZE(reals); i++)
		if (isfinite(reals[i]))
			answer = try(q, real(reals[i]), ret);
	return answer;
}

static enum analyse_answer
try_bounds(const struct value_question *q, const struct policy_bounds *bounds, struct value *ret)
{
	enum analyse_answer answer = ANALYSE_NONE;

	if (bounds->has_min)
		answer = try_around(q, &bounds->min, ret);
	if (answer == ANALYSE_NONE && bounds->has_max)
		answer = try_around(q, &bounds->max, ret);
	return answer;
}

static enum analyse_answer
find_number(const struct value_question *q, struct value *ret)
{
	static const struct value ends[] = {{.type = VALUE_INT, .integer = 0},
	    {.type = VALUE_INT, .integer = INT64_MAX}, {.type = VALUE_INT, .integer = INT64_MIN}};
	enum analyse_answer answer = ANALYSE_NONE;

	for (unsigned i = 0; answer == ANALYSE_NONE && i < ARRAY_SIZE(ends); i++)
		answer = try_around(q, &ends[i], ret);
	for (uint32_t i = 0; answer == ANALYSE_NONE && i < q->count; i++) {
		const struct policy_test *test = q->literals[i].atom->test;

		if (q->literals[i].atom->kind != ATOM_TEST)
			continue;
		if (test->operator== POLICY_OPERATOR_RANGE)
			answer = try_bounds(q, &test->bounds, ret);
		for (uint32_t j = 0;
		     answer == ANALYSE_NONE && analyse_value_is_list(test) && j < test->in.count;
		     j++)
			if (test->in.values[j].type == VALUE_INT ||
			    test->in.values[j].type == VALUE_REAL)
				answer = try_around(q, &test->in.values[j], ret);
	}
	for (uint32_t i = 0; answer == ANALYSE_NONE && i < q->excluded_count; i++)
		if (q->excluded[i].type == VALUE_INT || q->excluded[i].type == VALUE_REAL)
			answer = try_around(q, &q->excluded[i], ret);
	return answer;
}

bool
analyse_value_is_list(const struct policy_test *test)
{
	return test->operator== POLICY_OPERATOR_EQ || test->operator== POLICY_OPERATOR_IN;
}

/* The values of a list that must hold are all there are. */
static enum analyse_answer
find_listed(const struct value_question *q, const struct policy_test *list, struct value *ret)
{
	enum analyse_answer answer = ANALYSE_NONE;

	for (uint32_t i = 0; answer == ANALYSE_NONE && i < list->in.count; i++) {
		const struct value *value = &list->in.values[i];

		answer = try(q, *value, ret);
		if (answer == ANALYSE_NONE && value->type == VALUE_INT)
			answer = try(q, real((double)value->integer), ret);
		if (answer == ANALYSE_NONE && value->type == VALUE_REAL &&
		    value->real > -9007199254740992.0 && value->real < 9007199254740992.0)
			answer = try(q, value_integer((int64_t)value->real), ret);
	}
	return answer;
}

static enum analyse_answer
find_simple(const struct value_question *q, struct value *ret)
{
	static const struct value values[] = {{.type = VALUE_BOOL, .boolean = true},
	    {.type = VALUE_BOOL, .boolean = false}, {.type = VALUE_NULL}};
	enum analyse_answer answer = ANALYSE_NONE;

	for (unsigned i = 0; answer == ANALYSE_NONE && i < ARRAY_SIZE(values); i++)
		answer = try(q, values[i], ret);
	return answer;
}

enum analyse_answer
analyse_value_find(struct analysis *a, const struct literal *literals, uint32_t count,
    unsigned kinds, const struct value *excluded, uint32_t excluded_count, struct value *ret)
{
	const struct value_question q = {.a = a,
	    .literals = literals,
	    .count = count,
	    .kinds = kinds,
	    .excluded = excluded,
	    .excluded_count = excluded_count};
	static enum analyse_answer (*const finders[])(
	    const struct value_question *q, struct value *ret) = {analyse_value_text, find_number,
	    find_simple, analyse_value_array, analyse_value_object};
	static const unsigned kinds_of[] = {ANALYSE_KIND(VALUE_STRING),
	    ANALYSE_KIND(VALUE_INT) | ANALYSE_KIND(VALUE_REAL),
	    ANALYSE_KIND(VALUE_BOOL) | ANALYSE_KIND(VALUE_NULL), ANALYSE_KIND(VALUE_ARRAY),
	    ANALYSE_KIND(VALUE_MAP)};
	bool unknown = false;

	a->work -= (int64_t)count + 1;
	if (a->work < 0 || a->out_of_memory)
		return ANALYSE_UNKNOWN;
	for (uint32_t i = 0; i < count; i++)
		if (literals[i].atom->kind == ATOM_TEST && !literals[i].negated &&
		    analyse_value_is_list(literals[i].atom->test))
			return find_listed(&q, literals[i].atom->test, ret);
	for (unsigned i = 0; i < ARRAY_SIZE(finders); i++) {
		enum analyse_answer answer =
		    (kinds & kinds_of[i]) != 0 ? finders[i](&q, ret) : ANALYSE_NONE;

		if (answer == ANALYSE_FOUND)
			return answer;
		unknown = unknown || answer == ANALYSE_UNKNOWN;
	}
	return unknown ? ANALYSE_UNKNOWN : ANALYSE_NONE;
}
