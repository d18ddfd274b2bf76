#include "common/value.h"

#include <string.h>

const char *
value_type_name(enum value_type type)
{
	static const char *const names[] = {
	    [VALUE_NULL] = "null",
	    [VALUE_BOOL] = "boolean",
	    [VALUE_INT] = "integer",
	    [VALUE_REAL] = "number",
	    [VALUE_STRING] = "string",
	    [VALUE_BYTES] = "bytes",
	    [VALUE_ARRAY] = "array",
	    [VALUE_MAP] = "object",
	};

	return (unsigned)type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

const struct value *
value_get_n(const struct value *map, const char *name, size_t length)
{
	if (map == NULL || map->type != VALUE_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->length; i++) {
		const struct value *key = &map->pairs[i].key;

		if (key->length == length && memcmp(key->string, name, length) == 0)
			return &map->pairs[i].value;
	}
	return NULL;
}

const struct value *
value_get(const struct value *map, const char *name)
{
	return value_get_n(map, name, strlen(name));
}

/* One [index] step at *path, which it moves behind the bracket. */
static const struct value *
step_index(const struct value *at, const char **path)
{
	const char *p = *path + 1;
	uint32_t index = 0;
	int digits = 0;

	for (; *p >= '0' && *p <= '9' && digits < 9; p++, digits++)
		index = index * 10 + (uint32_t)(*p - '0');
	if (digits == 0 || *p != ']' || at->type != VALUE_ARRAY || index >= at->length)
		return NULL;
	*path = p + 1;
	return &at->items[index];
}

const struct value *
value_path(const struct value *root, const char *path)
{
	const struct value *at = root;

	if (at == NULL || *path++ != '$')
		return NULL;
	while (at != NULL && *path != '\0') {
		if (*path == '[') {
			at = step_index(at, &path);
		} else if (*path == '.') {
			size_t length = strcspn(++path, ".[");

			at = length > 0 ? value_get_n(at, path, length) : NULL;
			path += length;
		} else {
			return NULL;
		}
	}
	return at;
}

bool
value_is_string(const struct value *value, const char *text)
{
	return value != NULL && value->type == VALUE_STRING && value->length == strlen(text) &&
	       memcmp(value->string, text, value->length) == 0;
}

static bool
number_equal(const struct value *a, const struct value *b)
{
	if (a->type == VALUE_INT && b->type == VALUE_INT)
		return a->integer == b->integer;
	if (a->type == VALUE_REAL && b->type == VALUE_REAL)
		return a->real >= b->real && a->real <= b->real;
	if (a->type == VALUE_REAL) {
		const struct value *swap = a;

		a = b;
		b = swap;
	}
	/* Compared as integers: a double holds no int64_t above 2^53 exactly. */
	return b->real >= -9223372036854775808.0 && b->real < 9223372036854775808.0 &&
	       (int64_t)b->real == a->integer && (double)(int64_t)b->real >= b->real &&
	       (double)(int64_t)b->real <= b->real;
}

static bool
map_equal(const struct value *a, const struct value *b)
{
	for (uint32_t i = 0; i < a->length; i++) {
		const struct value *key = &a->pairs[i].key;
		const struct value *other = value_get_n(b, key->string, key->length);

		if (other == NULL || !value_equal(&a->pairs[i].value, other))
			return false;
	}
	return true;
}

bool
value_equal(const struct value *a, const struct value *b)
{
	bool numbers = (a->type == VALUE_INT || a->type == VALUE_REAL) &&
		       (b->type == VALUE_INT || b->type == VALUE_REAL);

	if (numbers)
		return number_equal(a, b);
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_STRING:
	case VALUE_BYTES:
		return a->length == b->length &&
		       (a->length == 0 || memcmp(a->string, b->string, a->length) == 0);
	case VALUE_ARRAY:
		if (a->length != b->length)
			return false;
		for (uint32_t i = 0; i < a->length; i++)
			if (!value_equal(&a->items[i], &b->items[i]))
				return false;
		return true;
	case VALUE_MAP:
		return a->length == b->length && map_equal(a, b);
	case VALUE_INT:
	case VALUE_REAL:
		break;
	}
	return false;
}

struct value
value_string(const char *text)
{
	return (struct value){
	    .type = VALUE_STRING, .length = (uint32_t)strlen(text), .string = text};
}

struct value
value_integer(int64_t number)
{
	return (struct value){.type = VALUE_INT, .integer = number};
}

struct value
value_boolean(bool boolean)
{
	return (struct value){.type = VALUE_BOOL, .boolean = boolean};
}

struct value_pair
value_member(const char *name, struct value value)
{
	return (struct value_pair){.key = value_string(name), .value = value};
}
