#include "policy/schema.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "common/fault.h"

/* Both kinds of number must survive the conversion for comparisons to be exact. */
_Static_assert(LDBL_MANT_DIG >= 64, "a long double holds every int64_t");

int
policy_number_compare(const struct value *a, const struct value *b)
{
	long double x = a->type == VALUE_INT ? (long double)a->integer : (long double)a->real;
	long double y = b->type == VALUE_INT ? (long double)b->integer : (long double)b->real;

	return x < y ? -1 : x > y;
}

uint64_t
policy_value_length(const struct value *value)
{
	uint64_t count = 0;

	if (value->type == VALUE_ARRAY)
		return value->length;
	if (value->type != VALUE_STRING)
		return 0;
	for (uint32_t i = 0; i < value->length; i++)
		count += ((unsigned char)value->string[i] & 0xc0) != 0x80;
	return count;
}

#define TYPE_WORD(name, text) [SCHEMA_##name - 1] = #text,
const char *const policy_schema_type_words[SCHEMA_TYPE_COUNT] = {POLICY_SCHEMA_TYPES(TYPE_WORD)};

const char *
policy_schema_type_name(enum policy_schema_type type)
{
	return (unsigned)type - 1 < SCHEMA_TYPE_COUNT - 1 ? policy_schema_type_words[type - 1]
							  : NULL;
}

bool
policy_schema_is_type(enum policy_schema_type type, const struct value *value)
{
	static const enum value_type types[SCHEMA_TYPE_COUNT] = {
	    [SCHEMA_STRING] = VALUE_STRING,
	    [SCHEMA_INTEGER] = VALUE_INT,
	    [SCHEMA_NUMBER] = VALUE_REAL,
	    [SCHEMA_BOOLEAN] = VALUE_BOOL,
	    [SCHEMA_ARRAY] = VALUE_ARRAY,
	    [SCHEMA_OBJECT] = VALUE_MAP,
	};

	if (type == SCHEMA_NONE || (unsigned)type >= SCHEMA_TYPE_COUNT)
		return false;
	if (type == SCHEMA_NUMBER && value->type == VALUE_INT)
		return true;
	return value->type == types[type];
}

int
policy_name_compare(const char *name, size_t length, const char *other)
{
	size_t other_length = strlen(other);
	int order = memcmp(name, other, length < other_length ? length : other_length);

	return order != 0 ? order : (length > other_length) - (length < other_length);
}

const struct policy_property *
policy_schema_property(const struct policy_schema *schema, const char *name, size_t length)
{
	uint32_t low = 0, high = schema->property_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = policy_name_compare(name, length, schema->properties[middle].name);

		if (order == 0)
			return &schema->properties[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The way to the value under examination. Spelled out only when something does not fit. */
struct step {
	const struct step *above;
	const struct value *key; /* NULL: an item */
	uint32_t index;
};

static size_t
write_path(const struct step *step, char *to, size_t size)
{
	size_t used = step->above != NULL ? write_path(step->above, to, size) : 0;
	int n = 0;

	if (step->above == NULL)
		to[0] = '\0';
	else if (step->key == NULL)
		n = snprintf(to + used, size - used, "[%u]", step->index);
	else
		n = snprintf(to + used, size - used, "%s%.*s", used > 0 ? "." : "",
		    step->key->length < SCHEMA_PATH_MAX ? (int)step->key->length : SCHEMA_PATH_MAX,
		    step->key->string);
	return n > 0 && (size_t)n >= size - used ? size - 1 : used + (size_t)n;
}

static bool
misfit(const struct step *step, const char *allowed, struct policy_misfit *ret)
{
	char path[SCHEMA_PATH_MAX];

	text_copy_bytes(ret->path, sizeof(ret->path), path, write_path(step, path, sizeof(path)));
	ret->allowed = allowed;
	return false;
}

static bool fits(const struct policy_schema *schema, const struct value *value,
    const struct step *step, struct policy_misfit *ret);

static bool
string_fits(const struct policy_schema *schema, const struct value *value)
{
	uint64_t length = policy_value_length(value);

	return length >= schema->min_length &&
	       (schema->max_length == 0 || length <= schema->max_length);
}

static bool
number_fits(const struct policy_schema *schema, const struct value *value)
{
	return (!schema->has_minimum || policy_number_compare(value, &schema->minimum) >= 0) &&
	       (!schema->has_maximum || policy_number_compare(value, &schema->maximum) <= 0);
}

static bool
is_listed(const struct policy_schema *schema, const struct value *value)
{
	for (uint32_t i = 0; i < schema->value_count; i++)
		if (value_equal(&schema->values[i], value))
			return true;
	return schema->value_count == 0;
}

static bool
array_fits(const struct policy_schema *schema, const struct value *value, const struct step *step,
    struct policy_misfit *ret)
{
	if (schema->max_items > 0 && value->length > schema->max_items)
		return misfit(step, schema->text, ret);
	for (uint32_t i = 0; schema->items != NULL && i < value->length; i++) {
		struct step item = {.above = step, .index = i};

		if (!fits(schema->items, &value->items[i], &item, ret))
			return false;
	}
	return true;
}

static bool
object_fits(const struct policy_schema *schema, const struct value *value, const struct step *step,
    struct policy_misfit *ret)
{
	for (uint32_t i = 0; i < value->length; i++) {
		const struct value *key = &value->pairs[i].key;
		const struct policy_property *property =
		    policy_schema_property(schema, key->string, key->length);
		struct step member = {.above = step, .key = key};

		if (property == NULL)
			return misfit(&member, "no property that the schema does not name", ret);
		if (!fits(&property->schema, &value->pairs[i].value, &member, ret))
			return false;
	}
	for (uint32_t i = 0; i < schema->property_count; i++) {
		const struct policy_property *property = &schema->properties[i];

		if (property->required && value_get(value, property->name) == NULL) {
			struct value name = value_string(property->name);
			struct step member = {.above = step, .key = &name};

			return misfit(&member, property->schema.text, ret);
		}
	}
	return true;
}

/* Recursion ends where the schema does: SCHEMA_DEPTH_MAX. */
static bool
fits(const struct policy_schema *schema, const struct value *value, const struct step *step,
    struct policy_misfit *ret)
{
	if (!policy_schema_is_type(schema->type, value) || !is_listed(schema, value))
		return misfit(step, schema->text, ret);
	switch (schema->type) {
	case SCHEMA_STRING:
		return string_fits(schema, value) || misfit(step, schema->text, ret);
	case SCHEMA_INTEGER:
	case SCHEMA_NUMBER:
		return number_fits(schema, value) || misfit(step, schema->text, ret);
	case SCHEMA_ARRAY:
		return array_fits(schema, value, step, ret);
	case SCHEMA_OBJECT:
		return object_fits(schema, value, step, ret);
	case SCHEMA_BOOLEAN:
		return true;
	case SCHEMA_NONE:
	case SCHEMA_TYPE_COUNT:
		break;
	}
	return false;
}

bool
policy_schema_fits(
    const struct policy_schema *schema, const struct value *value, struct policy_misfit *ret)
{
	struct step root = {0};

	return fits(schema, value, &root, ret);
}
