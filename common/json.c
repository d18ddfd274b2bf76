#include "common/json.h"

#include <jansson.h>

static enum err convert(
    const json_t *json, struct arena *arena, int depth, struct value *ret, struct fault *fault);

static enum err
arena_full(struct fault *fault)
{
	return fault_set(fault, ERR_LIMIT, "the JSON value needs more memory than is allowed");
}

static enum err
convert_string(
    const char *text, size_t length, struct arena *arena, struct value *ret, struct fault *fault)
{
	const char *copy = arena_copy(arena, text, length);

	if (copy == NULL)
		return arena_full(fault);
	*ret = (struct value){.type = VALUE_STRING, .length = (uint32_t)length, .string = copy};
	return ERR_OK;
}

static enum err
convert_array(
    const json_t *json, struct arena *arena, int depth, struct value *ret, struct fault *fault)
{
	size_t count = json_array_size(json);
	struct value *items = arena_array(arena, count, sizeof(*items));

	if (items == NULL)
		return arena_full(fault);
	for (size_t i = 0; i < count; i++) {
		enum err r = convert(json_array_get(json, i), arena, depth + 1, &items[i], fault);

		if (r != ERR_OK)
			return r;
	}
	*ret = (struct value){.type = VALUE_ARRAY, .length = (uint32_t)count, .items = items};
	return ERR_OK;
}

static enum err
convert_map(json_t *json, struct arena *arena, int depth, struct value *ret, struct fault *fault)
{
	size_t count = json_object_size(json), i = 0;
	struct value_pair *pairs = arena_array(arena, count, sizeof(*pairs));
	const char *key;
	json_t *member;

	if (pairs == NULL)
		return arena_full(fault);
	json_object_foreach(json, key, member)
	{
		enum err r = convert_string(key, strlen(key), arena, &pairs[i].key, fault);

		if (r == ERR_OK)
			r = convert(member, arena, depth + 1, &pairs[i].value, fault);
		if (r != ERR_OK)
			return r;
		i++;
	}
	*ret = (struct value){.type = VALUE_MAP, .length = (uint32_t)count, .pairs = pairs};
	return ERR_OK;
}

static enum err
convert(const json_t *json, struct arena *arena, int depth, struct value *ret, struct fault *fault)
{
	if (depth > VALUE_DEPTH_MAX)
		return fault_set(
		    fault, ERR_LIMIT, "JSON is nested deeper than %d", VALUE_DEPTH_MAX);
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return convert_map((json_t *)(uintptr_t)json, arena, depth, ret, fault);
	case JSON_ARRAY:
		return convert_array(json, arena, depth, ret, fault);
	case JSON_STRING:
		return convert_string(
		    json_string_value(json), json_string_length(json), arena, ret, fault);
	case JSON_INTEGER:
		*ret = value_integer(json_integer_value(json));
		return ERR_OK;
	case JSON_REAL:
		*ret = (struct value){.type = VALUE_REAL, .real = json_real_value(json)};
		return ERR_OK;
	case JSON_TRUE:
	case JSON_FALSE:
		*ret = value_boolean(json_is_true(json));
		return ERR_OK;
	case JSON_NULL:
		break;
	}
	*ret = (struct value){.type = VALUE_NULL};
	return ERR_OK;
}

enum err
json_parse(
    const char *text, size_t length, struct arena *arena, struct value *ret, struct fault *fault)
{
	json_error_t error;
	json_t *json;
	enum err r;

	if (length == 0) /* jansson would call it a wrong argument, on line -1 */
		return fault_set(fault, ERR_PROTOCOL, "JSON, line 1, column 0: there is nothing");
	json = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (json == NULL)
		return fault_set(fault, ERR_PROTOCOL, "JSON, line %d, column %d: %s", error.line,
		    error.column, error.text);
	r = convert(json, arena, 1, ret, fault);
	json_decref(json);
	return r;
}
