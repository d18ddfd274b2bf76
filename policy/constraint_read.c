/* Operators and their operands. A test that no value can pass is a problem: in every peer the
 * commonest failure is a rule that silently does not apply. */
#include <stdarg.h>
#include <stdio.h>

#include "policy/rule_read.h"

enum { WORDS_MAX = 256 };

/* A constraint being read. */
struct reading {
	const char *name;
	const struct policy_schema *schema; /* NULL: the value can be anything */
	unsigned types;                     /* types that every test so far can hold for */
	struct policy_test tests[POLICY_OPERATOR_COUNT];
	uint32_t count;
	bool optional, absent;
	char words[WORDS_MAX];
	size_t used;
};

enum { TYPES_ALL = (1 << SCHEMA_TYPE_COUNT) - 1 };

#define TYPE_BIT(name) (1U << SCHEMA_##name)

/* Appends to what people read as "allowed". */
static void PRINTF_LIKE(2, 3) say(struct reading *reading, const char *format, ...)
{
	size_t room = sizeof(reading->words) - reading->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(reading->words + reading->used, room, format, args);
	va_end(args);
	if (n > 0)
		reading->used += (size_t)n < room ? (size_t)n : room - 1;
}

/* Adds the test of key, whose operator holds for some values of these types only. */
static struct policy_test *
add_test(struct policy_reader *reader, const struct yaml_node *key, struct reading *reading,
    enum policy_operator operator, unsigned types)
{
	struct policy_test *test = &reading->tests[reading->count];

	if ((reading->types & types) == 0) {
		if (reading->schema != NULL)
			policy_read_problem(reader, key, NULL,
			    "\"%s\" can never match: the argument \"%s\" is %s", key->text,
			    reading->name, reading->schema->text);
		else
			policy_read_problem(reader, key, NULL,
			    "\"%s\" can never match together with the operators before it",
			    key->text);
	}
	reading->types &= types;
	reading->count++;
	if (reading->used > 0)
		say(reading, ", ");
	*test = (struct policy_test){.operator= operator, .line = key->place.line };
	return test;
}

static unsigned
type_of(const struct value *value)
{
	unsigned types = 0;

	for (unsigned i = 0; i < SCHEMA_TYPE_COUNT; i++)
		if (policy_schema_is_type((enum policy_schema_type)i, value))
			types |= 1U << i;
	return types;
}

static void
say_value(struct reading *reading, const struct yaml_node *item)
{
	const char *quote = policy_yaml_scalar(item) == YAML_TEXT ? "\"" : "";

	say(reading, "%s%s%s", quote, item->text, quote);
}

static void
read_values(struct policy_reader *reader, const struct yaml_node *key, struct reading *reading,
    enum policy_operator operator)
{
	uint32_t count = policy_read_count(key->value), n = 0;
	struct value *values = policy_read_alloc(reader, count, sizeof(*values));
	struct policy_misfit misfit;
	struct policy_test *test;
	unsigned types = 0;

	if (values == NULL)
		return;
	for (const struct yaml_node *item = policy_read_first(key->value); item != NULL;
	     item = item->next, n++) {
		values[n] = policy_read_scalar(reader, item);
		types |= type_of(&values[n]);
		if (reading->schema != NULL &&
		    !policy_schema_fits(reading->schema, &values[n], &misfit))
			policy_read_problem(reader, item, NULL,
			    "%s can never match: the argument \"%s\" is %s", item->text,
			    reading->name, reading->schema->text);
	}
	/* Each value was compared with the schema; types only tells operators apart. */
	test = add_test(reader, key, reading, operator, types |(reading->schema ? TYPES_ALL : 0));
	test->in.values = values;
	test->in.count = n;
	say(reading, operator== POLICY_OPERATOR_EQ ? "exactly " : "one of ");
	for (const struct yaml_node *item = policy_read_first(key->value); item != NULL;
	     item = item->next) {
		say_value(reading, item);
		say(reading, "%s", item->next != NULL && key->value->kind == YAML_LIST ? ", " : "");
	}
}

static void
read_eq(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	read_values(reader, key, into, POLICY_OPERATOR_EQ);
}

static void
read_in(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	read_values(reader, key, into, POLICY_OPERATOR_IN);
}

static void
read_glob(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct glob *glob = policy_read_alloc(reader, 1, sizeof(*glob));
	const char *fault = NULL;

	if (glob == NULL)
		return;
	if (!policy_glob_compile(
		key->value->text, key->value->length, reader->arena, glob, &fault)) {
		if (fault != NULL)
			policy_read_problem(reader, key->value, NULL, "%s", fault);
		reader->out_of_memory = reader->out_of_memory || fault == NULL;
		return;
	}
	add_test(reader, key, into, POLICY_OPERATOR_GLOB, TYPE_BIT(STRING))->glob = glob;
	say(into, "text like %s", key->value->text);
}

static void
read_prefix(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	add_test(reader, key, into, POLICY_OPERATOR_PREFIX, TYPE_BIT(STRING))->text =
	    policy_read_scalar(reader, key->value);
	say(into, "text that begins with \"%s\"", key->value->text);
}

static void
read_suffix(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	add_test(reader, key, into, POLICY_OPERATOR_SUFFIX, TYPE_BIT(STRING))->text =
	    policy_read_scalar(reader, key->value);
	say(into, "text that ends with \"%s\"", key->value->text);
}

static void
bound_min(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_bounds *bounds = into;

	bounds->has_min = true;
	bounds->min = policy_read_scalar(reader, key->value);
}

static void
bound_max(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_bounds *bounds = into;

	bounds->has_max = true;
	bounds->max = policy_read_scalar(reader, key->value);
}

enum { LEN_MAX = 1 << 30 };

static const struct policy_key range_rows[] = {
    {"min", POLICY_OPTIONAL, POLICY_TYPE_NUMBER, bound_min, "the least that passes", 0, 0},
    {"max", POLICY_OPTIONAL, POLICY_TYPE_NUMBER, bound_max, "the most that passes", 0, 0},
    {0},
};

static const struct policy_key len_rows[] = {
    {"min", POLICY_OPTIONAL, POLICY_TYPE_INTEGER, bound_min, "the least that passes", 0, LEN_MAX},
    {"max", POLICY_OPTIONAL, POLICY_TYPE_INTEGER, bound_max, "the most that passes", 0, LEN_MAX},
    {0},
};

/* What the schema bounds the same thing by; the widest where it does not. */
static struct policy_bounds
schema_bounds(const struct policy_schema *schema, enum policy_operator operator)
{
	struct policy_bounds bounds = {0};

	if (schema == NULL)
		return bounds;
	if (operator== POLICY_OPERATOR_RANGE)
		return (struct policy_bounds){
		    schema->has_minimum, schema->has_maximum, schema->minimum, schema->maximum};
	bounds.min = value_integer((int64_t)schema->min_length);
	bounds.max = value_integer((int64_t)schema->max_length);
	if (schema->type == SCHEMA_ARRAY)
		bounds.max.integer = (int64_t)schema->max_items;
	bounds.has_min = true;
	bounds.has_max = bounds.max.integer > 0;
	return bounds;
}

static bool
is_disjoint(const struct policy_bounds *a, const struct policy_bounds *b)
{
	return (a->has_min && b->has_max && policy_number_compare(&a->min, &b->max) > 0) ||
	       (a->has_max && b->has_min && policy_number_compare(&a->max, &b->min) < 0);
}

static void
read_bounds(struct policy_reader *reader, const struct yaml_node *key, struct reading *reading,
    enum policy_operator operator, unsigned types)
{
	bool range = operator== POLICY_OPERATOR_RANGE;
	struct policy_bounds bounds = {0}, outer;
	uint32_t before = reader->problems->count;

	policy_read_map(reader, key->value, key->text, range ? range_rows : len_rows, &bounds);
	if (reader->problems->count != before)
		return;
	outer = schema_bounds(reading->schema, operator);
	if (!bounds.has_min && !bounds.has_max)
		policy_read_problem(
		    reader, key->value, NULL, "\"%s\" needs min, max or both", key->text);
	else if (is_disjoint(&bounds, &bounds))
		policy_read_problem(reader, key->value, NULL,
		    "\"%s\" can never match: min is above max", key->text);
	else if ((reading->types & types) != 0 && is_disjoint(&bounds, &outer))
		policy_read_problem(reader, key->value, NULL,
		    "\"%s\" can never match: the argument \"%s\" is %s", key->text, reading->name,
		    reading->schema->text);
	add_test(reader, key, reading, operator, types)->bounds = bounds;
	say(reading, range ? "a number" : "a length");
	for (const struct yaml_node *bound = key->value->child; bound != NULL; bound = bound->next)
		say(reading, " %s %s", bound->text,
		    bound->value->kind == YAML_SCALAR ? bound->value->text : "");
}

static void
read_range(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	read_bounds(reader, key, into, POLICY_OPERATOR_RANGE, TYPE_BIT(INTEGER) | TYPE_BIT(NUMBER));
}

static void
read_len(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	read_bounds(reader, key, into, POLICY_OPERATOR_LEN, TYPE_BIT(STRING) | TYPE_BIT(ARRAY));
}

static void
read_type(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	unsigned types;

	for (unsigned i = 1; i < SCHEMA_TYPE_COUNT; i++) {
		if (strcmp(policy_schema_type_words[i - 1], key->value->text) != 0)
			continue;
		types = 1U << i | (i == SCHEMA_NUMBER ? TYPE_BIT(INTEGER) : 0);
		add_test(reader, key, into, POLICY_OPERATOR_TYPE, types)->type =
		    (enum policy_schema_type)i;
		say(into, "of type %s", key->value->text);
		return;
	}
	policy_read_unknown(reader, key->value, policy_schema_type_words,
	    "unknown type \"%s\"; expected string, integer, number, boolean, array or object",
	    key->value->text);
}

static void
read_absent(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	add_test(reader, key, reading, POLICY_OPERATOR_ABSENT, TYPES_ALL);
	reading->absent = true;
	say(reading, "nothing: leave it out");
}

static void
read_each(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;
	struct policy_constraint *each = policy_read_alloc(reader, 1, sizeof(*each));
	bool array = reading->schema != NULL && reading->schema->type == SCHEMA_ARRAY;
	char name[96];

	if (each == NULL)
		return;
	snprintf(name, sizeof(name), "%s[]", reading->name);
	policy_read_constraint(
	    reader, key->value, name, array ? reading->schema->items : NULL, each);
	add_test(reader, key, reading, POLICY_OPERATOR_EACH, TYPE_BIT(ARRAY))->each = each;
	say(reading, "a list, each item %s", each->allowed != NULL ? each->allowed : "");
}

bool
policy_read_path(struct policy_reader *reader, const struct yaml_node *node)
{
	static const char names[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	const char *at = node->text;
	bool sound = *at++ == '$' && *at != '\0';

	while (sound && *at != '\0') {
		bool index = *at == '[';
		size_t length = strspn(at + 1, index ? "0123456789" : names);

		sound = (index || *at == '.') && length > 0 && (!index || length < 9);
		at += 1 + length;
		if (index && sound)
			sound = *at++ == ']';
	}
	if (!sound)
		policy_read_problem(reader, node, NULL,
		    "\"%s\" is not a path into the trigger's payload; expected one like "
		    "$.pull_request.number or $.labels[0]",
		    node->text);
	return sound;
}

static void
read_equals_trigger(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	if (!policy_read_path(reader, key->value))
		return;
	add_test(reader, key, into, POLICY_OPERATOR_EQUALS_TRIGGER, TYPES_ALL)->path =
	    policy_read_copy(reader, key->value->text);
	say(into, "equal to %s of the trigger", key->value->text);
}

static void
read_optional(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	(void)reader;
	(void)key;
	reading->optional = true;
}

/* What is beyond an operand's type. */
#define OPERAND_eq
#define OPERAND_in
#define OPERAND_glob
#define OPERAND_prefix
#define OPERAND_suffix
#define OPERAND_range .min = 1, .rows = range_rows
#define OPERAND_len .min = 1, .rows = len_rows
#define OPERAND_type .words = policy_schema_type_words
#define OPERAND_absent
#define OPERAND_each .min = 1, .rows = policy_constraint_rows
#define OPERAND_equals_trigger .pattern = POLICY_PATTERN_PAYLOAD

#define OPERATOR_ROW(name, key, type, help) \
	{#key, POLICY_OPTIONAL, POLICY_TYPE_##type, read_##key, help, OPERAND_##key},
const struct policy_key policy_constraint_rows[] = {
    POLICY_OPERATORS(OPERATOR_ROW){"optional", POLICY_OPTIONAL, POLICY_TYPE_TRUE, read_optional,
	"passes when it is not there"},
    {0},
};

void
policy_read_constraint(struct policy_reader *reader, const struct yaml_node *map, const char *name,
    const struct policy_schema *schema, struct policy_constraint *ret)
{
	struct reading reading = {.name = name, .schema = schema, .types = TYPES_ALL};
	uint32_t before = reader->problems->count;
	struct policy_test *tests;
	char what[96];

	if (schema != NULL)
		reading.types =
		    1U << schema->type | (schema->type == SCHEMA_NUMBER ? TYPE_BIT(INTEGER) : 0);
	snprintf(what, sizeof(what), "the constraint on \"%s\"", name);
	policy_read_map(reader, map, what, policy_constraint_rows, &reading);
	if (reader->problems->count != before)
		return;
	if (reading.count == 0)
		policy_read_problem(reader, map, NULL,
		    "%s has no operator; expected one such as { type: string }", what);
	if (reading.absent && (reading.count > 1 || reading.optional))
		policy_read_problem(reader, map, NULL,
		    "%s can never match: what is absent has no other property", what);
	tests = policy_read_alloc(reader, reading.count, sizeof(*tests));
	if (tests != NULL)
		memcpy(tests, reading.tests, reading.count * sizeof(*tests));
	say(&reading, "%s", reading.optional ? " (optional)" : "");
	*ret = (struct policy_constraint){
	    .name = policy_read_copy(reader, name),
	    .allowed = policy_read_copy(reader, reading.words),
	    .line = map->place.line,
	    .optional = reading.optional,
	    .absent = reading.absent,
	    .tests = tests,
	    .count = tests != NULL ? reading.count : 0,
	};
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const struct policy_constraint *)a)->name,
	    ((const struct policy_constraint *)b)->name);
}

void
policy_constraints_sort(struct policy_constraint *items, uint32_t count)
{
	if (count > 1)
		qsort(items, count, sizeof(*items), compare_names);
}
