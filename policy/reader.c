#include "policy/reader.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/text.h"

enum { MESSAGE_MAX = 512 };

#define TYPE_TEXT(name, text) [POLICY_TYPE_##name] = text,
static const char *const type_texts[POLICY_TYPE_COUNT] = {POLICY_TYPES(TYPE_TEXT)};

void
policy_read_problem(struct policy_reader *reader, const struct yaml_node *node,
    const char *suggestion, const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	policy_problem_add(reader->problems, reader->file, node->place,
	    suggestion != NULL ? suggestion : "", "%s", message);
}

void
policy_read_unknown(struct policy_reader *reader, const struct yaml_node *node,
    const char *const *candidates, const char *format, ...)
{
	const char *near = node->kind == YAML_SCALAR ? text_nearest(node->text, candidates) : NULL;
	char message[MESSAGE_MAX], suggestion[96] = "";
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (near != NULL)
		snprintf(suggestion, sizeof(suggestion), "did you mean \"%s\"?", near);
	policy_problem_add(reader->problems, reader->file, node->place, suggestion, "%s", message);
}

void *
policy_read_alloc(struct policy_reader *reader, size_t count, size_t size)
{
	void *at = arena_array(reader->arena, count, size);

	reader->out_of_memory = reader->out_of_memory || at == NULL;
	return at;
}

const char *
policy_read_copy(struct policy_reader *reader, const char *text)
{
	const char *copy = arena_copy(reader->arena, text, strlen(text));

	reader->out_of_memory = reader->out_of_memory || copy == NULL;
	return copy != NULL ? copy : "";
}

const char *
policy_read_format(struct policy_reader *reader, const char *format, ...)
{
	char text[MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return policy_read_copy(reader, text);
}

bool
policy_read_text(struct policy_reader *reader, const struct yaml_node *node)
{
	char suggestion[96];
	enum yaml_scalar scalar;

	if (node->kind != YAML_SCALAR) {
		policy_read_problem(
		    reader, node, NULL, "%s; expected text", policy_yaml_kind_name(node));
		return false;
	}
	scalar = policy_yaml_scalar(node);
	if (scalar == YAML_TEXT && node->length > 0)
		return true;
	if (node->length == 0) {
		policy_read_problem(reader, node, NULL, "an empty value; expected text");
		return false;
	}
	snprintf(
	    suggestion, sizeof(suggestion), "write \"%s\" in quotes if it is text", node->text);
	policy_read_problem(reader, node, suggestion,
	    scalar == YAML_AMBIGUOUS ? "%s means different things to different YAML readers; "
				       "expected text"
				     : "%s is not text to a YAML reader; expected text",
	    node->text);
	return false;
}

/* Every check below answers true, or adds a problem that begins with the key's name. */
static bool
wrong_type(struct policy_reader *reader, const struct yaml_node *value, const char *name,
    enum policy_type type)
{
	policy_read_problem(reader, value, NULL, "%s is %s; expected %s", name,
	    policy_yaml_kind_name(value), type_texts[type]);
	return false;
}

static enum policy_unit
unit_of(enum policy_type type)
{
	return type == POLICY_TYPE_BYTES                                   ? POLICY_UNIT_BYTES
	       : type == POLICY_TYPE_DURATION                              ? POLICY_UNIT_DURATION
	       : type == POLICY_TYPE_MONEY || type == POLICY_TYPE_FRACTION ? POLICY_UNIT_MILLIONTHS
									   : POLICY_UNIT_COUNT;
}

const char *
policy_quantity_text(char to[POLICY_AMOUNT_MAX], enum policy_type type, uint64_t number)
{
	policy_amount_text(to, unit_of(type), number);
	return to;
}

static bool
within(struct policy_reader *reader, const struct yaml_node *value, const char *name,
    const struct policy_key *row)
{
	char min[POLICY_AMOUNT_MAX], max[POLICY_AMOUNT_MAX];

	if ((row->min == 0 && row->max == 0) ||
	    (value->number >= row->min && value->number <= row->max))
		return true;
	policy_quantity_text(min, row->type, row->min);
	policy_quantity_text(max, row->type, row->max);
	if (row->min == row->max)
		policy_read_problem(
		    reader, value, NULL, "%s is %s; expected %s", name, value->text, min);
	else
		policy_read_problem(reader, value, NULL, "%s %s is out of range; expected %s to %s",
		    name, value->text, min, max);
	return false;
}

static bool
check_quantity(struct policy_reader *reader, struct yaml_node *value, const char *name,
    const struct policy_key *row)
{
	bool bytes = row->type == POLICY_TYPE_BYTES;
	bool digits;

	if (value->kind != YAML_SCALAR || value->length == 0)
		return wrong_type(reader, value, name, row->type);
	if (bytes ? text_bytes(value->text, &value->number)
		  : text_duration(value->text, &value->number))
		return within(reader, value, name, row);
	digits = strspn(value->text, "0123456789") == value->length;
	policy_read_problem(reader, value, NULL, "%s %s%s; expected %s (units: %s)", name,
	    value->text, digits ? " has no unit" : " is not understood", type_texts[row->type],
	    bytes ? "B KiB MiB GiB" : "ms s m h d");
	return false;
}

static bool
check_integer(struct policy_reader *reader, struct yaml_node *value, const char *name,
    const struct policy_key *row)
{
	long long number;

	if (value->kind != YAML_SCALAR || policy_yaml_scalar(value) != YAML_INTEGER)
		return wrong_type(reader, value, name, row->type);
	number = strtoll(value->text, NULL, 10);
	value->number = number < 0 ? UINT64_MAX : (uint64_t)number;
	return within(reader, value, name, row);
}

/* Money and fractions: exact decimals, never a floating-point number. */
static bool
check_decimal(struct policy_reader *reader, struct yaml_node *value, const char *name,
    const struct policy_key *row)
{
	enum yaml_scalar scalar =
	    value->kind == YAML_SCALAR ? policy_yaml_scalar(value) : YAML_TEXT;

	if (scalar != YAML_INTEGER && scalar != YAML_NUMBER)
		return wrong_type(reader, value, name, row->type);
	if (policy_amount_parse(value->text, &value->number))
		return within(reader, value, name, row);
	policy_read_problem(reader, value, NULL, "%s %s is not understood; expected %s", name,
	    value->text, "digits, and at most six behind the point");
	return false;
}

static bool
check_text(struct policy_reader *reader, struct yaml_node *value, const char *name,
    const struct policy_key *row)
{
	if (value->kind != YAML_SCALAR)
		return wrong_type(reader, value, name, row->type);
	return policy_read_text(reader, value);
}

static bool
check_scalar(struct policy_reader *reader, struct yaml_node *value, const char *name,
    const struct policy_key *row)
{
	static const bool accepted[POLICY_TYPE_COUNT][YAML_AMBIGUOUS] = {
	    [POLICY_TYPE_TRUE] = {[YAML_BOOLEAN] = true},
	    [POLICY_TYPE_NUMBER] = {[YAML_INTEGER] = true, [YAML_NUMBER] = true},
	    [POLICY_TYPE_SCALAR] = {[YAML_TEXT] = true,
		[YAML_BOOLEAN] = true,
		[YAML_INTEGER] = true,
		[YAML_NUMBER] = true},
	};
	enum yaml_scalar scalar;

	if (value->kind != YAML_SCALAR)
		return wrong_type(reader, value, name, row->type);
	scalar = policy_yaml_scalar(value);
	if (row->type == POLICY_TYPE_SCALAR && scalar == YAML_AMBIGUOUS)
		return policy_read_text(reader, value);
	if (scalar == YAML_AMBIGUOUS || !accepted[row->type][scalar] ||
	    (row->type == POLICY_TYPE_TRUE && strcmp(value->text, "true") != 0))
		return wrong_type(reader, value, name, row->type);
	return true;
}

static bool
check_list(struct policy_reader *reader, struct yaml_node *value, const char *name,
    const struct policy_key *row)
{
	static const struct policy_key item_rows[POLICY_TYPE_COUNT] = {
	    [POLICY_TYPE_TEXTS] = {.type = POLICY_TYPE_TEXT},
	    [POLICY_TYPE_TEXT_OR_TEXTS] = {.type = POLICY_TYPE_TEXT},
	    [POLICY_TYPE_SCALARS] = {.type = POLICY_TYPE_SCALAR},
	};
	bool sound = true;

	if (value->kind == YAML_SCALAR && row->type == POLICY_TYPE_TEXT_OR_TEXTS)
		return policy_read_text(reader, value);
	if (value->kind != YAML_LIST)
		return wrong_type(reader, value, name, row->type);
	value->number = value->count;
	if (row->max > 0 && (value->count < row->min || value->count > row->max)) {
		policy_read_problem(reader, value, NULL, "%s has %u items; expected %llu to %llu",
		    name, value->count, (unsigned long long)row->min, (unsigned long long)row->max);
		return false;
	}
	if (row->type == POLICY_TYPE_LIST)
		return true;
	for (struct yaml_node *item = value->child; item != NULL; item = item->next)
		sound = policy_read_value(reader, item, name, &item_rows[row->type]) && sound;
	return sound;
}

static bool
check_map(struct policy_reader *reader, struct yaml_node *value, const char *name,
    const struct policy_key *row)
{
	return value->kind == YAML_MAP || wrong_type(reader, value, name, row->type);
}

static bool
check_text_or_map(struct policy_reader *reader, struct yaml_node *value, const char *name,
    const struct policy_key *row)
{
	if (value->kind == YAML_LIST)
		return wrong_type(reader, value, name, row->type);
	return value->kind == YAML_MAP || policy_read_text(reader, value);
}

/* What it may be is read's to say. */
static bool
check_any(struct policy_reader *reader, struct yaml_node *value, const char *name,
    const struct policy_key *row)
{
	(void)reader;
	(void)value;
	(void)name;
	(void)row;
	return true;
}

typedef bool (*check_function)(struct policy_reader *reader, struct yaml_node *value,
    const char *name, const struct policy_key *row);

static const check_function checks[POLICY_TYPE_COUNT] = {
    [POLICY_TYPE_TEXT] = check_text,
    [POLICY_TYPE_INTEGER] = check_integer,
    [POLICY_TYPE_BYTES] = check_quantity,
    [POLICY_TYPE_DURATION] = check_quantity,
    [POLICY_TYPE_MONEY] = check_decimal,
    [POLICY_TYPE_FRACTION] = check_decimal,
    [POLICY_TYPE_TRUE] = check_scalar,
    [POLICY_TYPE_SCALAR] = check_scalar,
    [POLICY_TYPE_NUMBER] = check_scalar,
    [POLICY_TYPE_TEXTS] = check_list,
    [POLICY_TYPE_TEXT_OR_TEXTS] = check_list,
    [POLICY_TYPE_SCALARS] = check_list,
    [POLICY_TYPE_ANY] = check_any,
    [POLICY_TYPE_LIST] = check_list,
    [POLICY_TYPE_MAP] = check_map,
    [POLICY_TYPE_TEXT_OR_MAP] = check_text_or_map,
};

bool
policy_read_value(struct policy_reader *reader, struct yaml_node *value, const char *name,
    const struct policy_key *row)
{
	return checks[row->type](reader, value, name, row);
}

bool
policy_read_is_map(struct policy_reader *reader, const struct yaml_node *map, const char *name)
{
	return map->kind == YAML_MAP || wrong_type(reader, map, name, POLICY_TYPE_MAP);
}

static void
unknown_key(struct policy_reader *reader, const struct yaml_node *key, const char *what,
    const struct policy_key *rows)
{
	const char *names[POLICY_ROWS_MAX + 1] = {NULL};
	char list[256] = "";
	size_t used = 0;

	for (unsigned i = 0; rows[i].name != NULL && i < POLICY_ROWS_MAX; i++) {
		int n = snprintf(
		    list + used, sizeof(list) - used, "%s%s", i > 0 ? " " : "", rows[i].name);

		names[i] = rows[i].name;
		if (n > 0 && (size_t)n < sizeof(list) - used)
			used += (size_t)n;
	}
	policy_read_unknown(reader, key, names, "unknown key \"%s\" in %s; expected one of: %s",
	    key->text, what, list);
}

static const struct policy_key *
find_row(const struct policy_key *rows, const char *name)
{
	for (; rows->name != NULL; rows++)
		if (strcmp(rows->name, name) == 0)
			return rows;
	return NULL;
}

static void
require_keys(struct policy_reader *reader, const struct yaml_node *map, const char *what,
    const struct policy_key *rows)
{
	for (; rows->name != NULL; rows++) {
		if (rows->need == POLICY_REQUIRED && policy_yaml_find(map, rows->name) == NULL)
			policy_read_problem(
			    reader, map, NULL, "%s lacks \"%s\": %s", what, rows->name, rows->help);
	}
}

void *
policy_within_same(void *into)
{
	return into;
}

/* A key whose value has its row's type. */
static void
read_key(struct policy_reader *reader, const struct yaml_node *key, const struct policy_key *row,
    void *into)
{
	if (row->within != NULL)
		policy_read_map(reader, key->value, row->what != NULL ? row->what : row->name,
		    row->rows, row->within(into));
	if (row->read != NULL)
		row->read(reader, key, into);
}

void
policy_read_map(struct policy_reader *reader, const struct yaml_node *map, const char *what,
    const struct policy_key *rows, void *into)
{
	if (!policy_read_is_map(reader, map, what))
		return;
	for (const struct yaml_node *key = map->child; key != NULL; key = key->next) {
		const struct policy_key *row = find_row(rows, key->text);

		if (row == NULL)
			unknown_key(reader, key, what, rows);
		else if (policy_read_value(reader, key->value, row->name, row))
			read_key(reader, key, row, into);
	}
	require_keys(reader, map, what, rows);
}

const struct yaml_node *
policy_read_first(const struct yaml_node *value)
{
	return value->kind == YAML_LIST ? value->child : value;
}

uint32_t
policy_read_count(const struct yaml_node *value)
{
	return value->kind == YAML_LIST ? value->count : 1;
}

struct value
policy_read_scalar(struct policy_reader *reader, const struct yaml_node *node)
{
	switch (policy_yaml_scalar(node)) {
	case YAML_BOOLEAN:
		return (struct value){
		    .type = VALUE_BOOL, .boolean = strcmp(node->text, "true") == 0};
	case YAML_INTEGER:
		return value_integer(strtoll(node->text, NULL, 10));
	case YAML_NUMBER:
		return (struct value){.type = VALUE_REAL, .real = strtod(node->text, NULL)};
	case YAML_TEXT:
	case YAML_NULL:
	case YAML_AMBIGUOUS:
		break;
	}
	return value_string(policy_read_copy(reader, node->text));
}
