/* The subset of JSON Schema that a manifest writes its arguments in. A keyword that means nothing
 * for the property's type is a problem: it would be a bound that bounds nothing. */
#include <stdarg.h>
#include <stdio.h>

#include "policy/rule_read.h"

enum { PROPERTIES_MAX = 64, WORDS_MAX = 256, LENGTH_MAX = 1 << 30 };

/* A schema being read. */
struct reading {
	struct policy_schema schema;
	unsigned depth;
	const struct yaml_node *properties, *required, *items; /* keys, read last */
	const struct yaml_node *numeric, *stringy;             /* the last keyword of a kind */
	const struct yaml_node *listy;
	const struct yaml_node *listed; /* enum */
};

static void read_schema(struct policy_reader *reader, const struct yaml_node *map, const char *what,
    unsigned depth, struct policy_schema *ret);

static void
read_type(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	for (unsigned i = 1; i < SCHEMA_TYPE_COUNT; i++)
		if (strcmp(policy_schema_type_words[i - 1], key->value->text) == 0)
			reading->schema.type = (enum policy_schema_type)i;
	if (reading->schema.type == SCHEMA_NONE)
		policy_read_unknown(reader, key->value, policy_schema_type_words,
		    "unknown type \"%s\"; expected string, integer, number, boolean, array or "
		    "object",
		    key->value->text);
}

static void
read_min_length(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	(void)reader;
	reading->schema.min_length = key->value->number;
	reading->stringy = key;
}

static void
read_max_length(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	(void)reader;
	reading->schema.max_length = key->value->number;
	reading->stringy = key;
}

static void
read_minimum(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	reading->schema.has_minimum = true;
	reading->schema.minimum = policy_read_scalar(reader, key->value);
	reading->numeric = key;
}

static void
read_maximum(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	reading->schema.has_maximum = true;
	reading->schema.maximum = policy_read_scalar(reader, key->value);
	reading->numeric = key;
}

static void
read_enum(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;
	struct value *values = policy_read_alloc(reader, key->value->count, sizeof(*values));
	uint32_t n = 0;

	if (values == NULL)
		return;
	for (const struct yaml_node *item = key->value->child; item != NULL; item = item->next)
		values[n++] = policy_read_scalar(reader, item);
	reading->schema.values = values;
	reading->schema.value_count = n;
	reading->listed = key;
}

static void
read_items(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;
	struct policy_schema *items = policy_read_alloc(reader, 1, sizeof(*items));

	reading->items = key;
	reading->listy = key;
	if (items == NULL)
		return;
	read_schema(reader, key->value, "items", reading->depth + 1, items);
	reading->schema.items = items;
}

static void
read_max_items(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	(void)reader;
	reading->schema.max_items = key->value->number;
	reading->listy = key;
}

static void
read_properties(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	(void)reader;
	reading->properties = key;
}

static void
read_required(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	(void)reader;
	reading->required = key;
}

static const struct policy_key schema_item = {.type = POLICY_TYPE_MAP, .rows = policy_schema_rows};

const struct policy_key policy_schema_rows[] = {
    {"type", POLICY_REQUIRED, POLICY_TYPE_TEXT, read_type,
	"string, integer, number, boolean, array or object", .words = policy_schema_type_words},
    {"minLength", POLICY_OPTIONAL, POLICY_TYPE_INTEGER, read_min_length,
	"fewest characters of a string", 0, LENGTH_MAX},
    {"maxLength", POLICY_OPTIONAL, POLICY_TYPE_INTEGER, read_max_length,
	"most characters of a string", 1, LENGTH_MAX},
    {"minimum", POLICY_OPTIONAL, POLICY_TYPE_NUMBER, read_minimum, "least number"},
    {"maximum", POLICY_OPTIONAL, POLICY_TYPE_NUMBER, read_maximum, "greatest number"},
    {"enum", POLICY_OPTIONAL, POLICY_TYPE_SCALARS, read_enum, "the only values", 1, 256},
    {"items", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_items, "what an array holds",
	.rows = policy_schema_rows},
    {"maxItems", POLICY_OPTIONAL, POLICY_TYPE_INTEGER, read_max_items, "most items of an array", 1,
	LENGTH_MAX},
    {"required", POLICY_OPTIONAL, POLICY_TYPE_TEXTS, read_required, "properties that must be there",
	0, PROPERTIES_MAX},
    {"properties", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_properties, "what an object holds", 0,
	PROPERTIES_MAX, .item = &schema_item, .pattern = POLICY_PATTERN_ARGUMENT},
    {0},
};

/* The arguments of a tool: type object is implied. */
const struct policy_key policy_arguments_rows[] = {
    {"required", POLICY_OPTIONAL, POLICY_TYPE_TEXTS, read_required, "arguments that must be there",
	0, PROPERTIES_MAX},
    {"properties", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_properties, "what a call may pass", 0,
	PROPERTIES_MAX, .item = &schema_item, .pattern = POLICY_PATTERN_ARGUMENT},
    {0},
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(
	    ((const struct policy_property *)a)->name, ((const struct policy_property *)b)->name);
}

static void
set_properties(struct policy_reader *reader, struct reading *reading)
{
	const struct yaml_node *map =
	    reading->properties != NULL ? reading->properties->value : NULL;
	struct policy_property *properties;
	uint32_t n = 0;

	if (map == NULL || map->count == 0)
		return;
	if (map->count > PROPERTIES_MAX) {
		policy_read_problem(
		    reader, map, NULL, "%u properties; at most %d", map->count, PROPERTIES_MAX);
		return;
	}
	properties = policy_read_alloc(reader, map->count, sizeof(*properties));
	if (properties == NULL)
		return;
	for (const struct yaml_node *key = map->child; key != NULL; key = key->next) {
		if (!policy_read_text(reader, key))
			continue;
		if (!policy_name_is_valid(key->text, false))
			policy_read_problem(reader, key, NULL,
			    "\"%s\" is no name of an argument; expected letters, digits, _ and -, "
			    "at most 64",
			    key->text);
		properties[n].name = policy_read_copy(reader, key->text);
		read_schema(
		    reader, key->value, key->text, reading->depth + 1, &properties[n++].schema);
	}
	qsort(properties, n, sizeof(*properties), compare_names);
	reading->schema.properties = properties;
	reading->schema.property_count = n;
}

static void
set_required(struct policy_reader *reader, struct reading *reading)
{
	const char *names[PROPERTIES_MAX + 1] = {NULL};
	const struct yaml_node *item =
	    reading->required != NULL ? reading->required->value->child : NULL;

	for (uint32_t i = 0; i < reading->schema.property_count; i++)
		names[i] = reading->schema.properties[i].name;
	for (; item != NULL; item = item->next) {
		const struct policy_property *property =
		    policy_schema_property(&reading->schema, item->text, item->length);

		if (property == NULL)
			policy_read_unknown(reader, item, names,
			    "\"%s\" is required, but is not among the properties", item->text);
		else
			((struct policy_property *)(uintptr_t)property)->required = true;
	}
}

/* Reports key, if any, when the schema's type is none of types. */
static void
expect_type(struct policy_reader *reader, const struct yaml_node *key,
    const struct policy_schema *schema, unsigned types, const char *what)
{
	if (key != NULL && schema->type != SCHEMA_NONE && (types >> schema->type & 1) == 0)
		policy_read_problem(reader, key, NULL,
		    "\"%s\" has no effect: this is of type %s, not %s", key->text,
		    policy_schema_type_name(schema->type), what);
}

static void
check_keywords(struct policy_reader *reader, const struct reading *reading)
{
	const struct policy_schema *schema = &reading->schema;
	struct policy_schema bare = *schema;
	const struct yaml_node *item =
	    reading->listed != NULL ? reading->listed->value->child : NULL;
	struct policy_misfit misfit;

	expect_type(reader, reading->stringy, schema, 1U << SCHEMA_STRING, "string");
	expect_type(
	    reader, reading->numeric, schema, 1U << SCHEMA_INTEGER | 1U << SCHEMA_NUMBER, "number");
	expect_type(reader, reading->listy, schema, 1U << SCHEMA_ARRAY, "array");
	expect_type(reader, reading->properties, schema, 1U << SCHEMA_OBJECT, "object");
	expect_type(reader, reading->required, schema, 1U << SCHEMA_OBJECT, "object");
	if (reading->numeric != NULL && schema->has_minimum && schema->has_maximum &&
	    policy_number_compare(&schema->minimum, &schema->maximum) > 0)
		policy_read_problem(
		    reader, reading->numeric, NULL, "nothing fits: minimum is above maximum");
	if (reading->stringy != NULL && schema->max_length > 0 &&
	    schema->min_length > schema->max_length)
		policy_read_problem(
		    reader, reading->stringy, NULL, "nothing fits: minLength is above maxLength");
	bare.value_count = 0;
	for (uint32_t i = 0; item != NULL; item = item->next, i++)
		if (schema->type != SCHEMA_NONE &&
		    !policy_schema_fits(&bare, &schema->values[i], &misfit))
			policy_read_problem(reader, item, NULL,
			    "%s is among the values, but does not fit the rest of the schema",
			    item->text);
}

/* Text that is put together piece by piece, cut at its size. */
struct words {
	char text[WORDS_MAX];
	size_t used;
};

static void PRINTF_LIKE(2, 3) say(struct words *words, const char *format, ...)
{
	size_t room = sizeof(words->text) - words->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(words->text + words->used, room, format, args);
	va_end(args);
	if (n > 0)
		words->used += (size_t)n < room ? (size_t)n : room - 1;
}

static void
say_value(struct words *words, const struct value *value)
{
	if (value->type == VALUE_STRING)
		say(words, "\"%.*s\"", (int)value->length, value->string);
	else if (value->type == VALUE_BOOL)
		say(words, "%s", value->boolean ? "true" : "false");
	else if (value->type == VALUE_INT)
		say(words, "%lld", (long long)value->integer);
	else
		say(words, "%.15g", value->real);
}

static void
say_length(struct words *words, uint64_t min, uint64_t max, const char *what)
{
	if (min > 0 && max > 0)
		say(words, " of %llu to %llu %s", (unsigned long long)min, (unsigned long long)max,
		    what);
	else if (min > 0)
		say(words, " of at least %llu %s", (unsigned long long)min, what);
	else if (max > 0)
		say(words, " of at most %llu %s", (unsigned long long)max, what);
}

/* What the schema accepts, for people. */
static const char *
describe(struct policy_reader *reader, const struct policy_schema *schema)
{
	const char *name = policy_schema_type_name(schema->type);
	struct words words = {0};

	if (name == NULL)
		return "a value";
	say(&words, "%s %s", strchr("aio", name[0]) != NULL ? "an" : "a", name);
	if (schema->has_minimum) {
		say(&words, " from ");
		say_value(&words, &schema->minimum);
	}
	if (schema->has_maximum) {
		say(&words, schema->has_minimum ? " to " : " up to ");
		say_value(&words, &schema->maximum);
	}
	say_length(&words, schema->min_length, schema->max_length, "characters");
	say_length(&words, 0, schema->max_items, "items");
	for (uint32_t i = 0; i < schema->value_count; i++) {
		say(&words, i == 0 ? ", one of: " : ", ");
		say_value(&words, &schema->values[i]);
	}
	return policy_read_copy(reader, words.text);
}

static void
finish(struct policy_reader *reader, struct reading *reading, struct policy_schema *ret)
{
	set_properties(reader, reading);
	set_required(reader, reading);
	check_keywords(reader, reading);
	reading->schema.text = describe(reader, &reading->schema);
	*ret = reading->schema;
}

static void
read_schema(struct policy_reader *reader, const struct yaml_node *map, const char *what,
    unsigned depth, struct policy_schema *ret)
{
	struct reading reading = {.depth = depth};

	if (depth > SCHEMA_DEPTH_MAX) {
		policy_read_problem(
		    reader, map, NULL, "the schema is nested deeper than %d", SCHEMA_DEPTH_MAX);
		return;
	}
	policy_read_map(reader, map, what, policy_schema_rows, &reading);
	finish(reader, &reading, ret);
}

void
policy_read_schema(
    struct policy_reader *reader, const struct yaml_node *map, struct policy_schema *ret)
{
	struct reading reading = {.schema = {.type = SCHEMA_OBJECT}, .depth = 1};

	policy_read_map(reader, map, "arguments", policy_arguments_rows, &reading);
	finish(reader, &reading, ret);
}
