#include "broker/method.h"

#include <stdio.h>

#include "common/text.h"

#define ANY BROKER_TYPE_ANY
#define STRING BROKER_TYPE_BIT(STRING)
#define MAP BROKER_TYPE_BIT(MAP)
#define ARRAY BROKER_TYPE_BIT(ARRAY)
#define INT BROKER_TYPE_BIT(INT)
#define NUMBER (BROKER_TYPE_BIT(INT) | BROKER_TYPE_BIT(REAL))

/* docs/protocol.md has a section for each row. */
static const struct broker_method rows[] = {
    {"run.input", broker_run_input, {{NULL, 0, false}}},
    {"run.log", broker_run_log, {{"level", STRING, true}, {"message", STRING, true}}},
    {"tool.list", broker_tool_list, {{NULL, 0, false}}},
    {"tool.call", broker_tool_call, {{"tool", STRING, true}, {"arguments", MAP, false}}},
    {"memory.get", broker_memory_get, {{"key", STRING, true}}},
    {"memory.put", broker_memory_put, {{"key", STRING, true}, {"value", ANY, true}}},
    {"memory.delete", broker_memory_delete, {{"key", STRING, true}}},
    {"memory.list", broker_memory_list,
	{{"prefix", STRING, true}, {"limit", INT, false}, {"after", STRING, false}}},
    {"decision.record", broker_decision_record,
	{{"reasoning", ARRAY, true}, {"alternatives", ARRAY, true}, {"confidence", NUMBER, true},
	    {"output", ANY, true}}},
};

const struct broker_method *
broker_method_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

const char *
broker_method_nearest(const char *name)
{
	const char *names[ARRAY_SIZE(rows) + 1] = {NULL};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		names[i] = rows[i].name;
	return text_nearest(name, names);
}

/* "integer or number", for people. */
static void
types_text(char *to, size_t size, unsigned types)
{
	size_t at = 0;

	to[0] = '\0';
	for (int type = VALUE_NULL; type <= VALUE_MAP; type++)
		if ((types & (1u << type)) != 0 && at < size)
			at += (size_t)snprintf(to + at, size - at, "%s%s", at > 0 ? " or " : "",
			    value_type_name((enum value_type)type));
}

static void
names_text(char *to, size_t size, const struct broker_param *params)
{
	size_t at = 0;

	to[0] = '\0';
	for (; params->name != NULL && at < size; params++)
		at +=
		    (size_t)snprintf(to + at, size - at, "%s%s", at > 0 ? ", " : "", params->name);
}

static enum err
check_known(const struct broker_method *method, const struct value *key, struct fault *fault)
{
	char allowed[FAULT_ALLOWED_MAX];

	for (const struct broker_param *param = method->params; param->name != NULL; param++)
		if (value_is_string(key, param->name))
			return ERR_OK;
	names_text(allowed, sizeof(allowed), method->params);
	fault_set(fault, ERR_PROTOCOL, "%s has no parameter \"%s\"", method->name, key->string);
	return fault_field(fault, key->string, allowed);
}

static enum err
check_param(const struct broker_method *method, const struct broker_param *param,
    const struct value *value, struct fault *fault)
{
	char allowed[FAULT_ALLOWED_MAX];

	if (value == NULL && !param->required)
		return ERR_OK;
	types_text(allowed, sizeof(allowed), param->types);
	if (value == NULL) {
		fault_set(fault, ERR_PROTOCOL, "%s needs the parameter \"%s\"", method->name,
		    param->name);
		return fault_field(fault, param->name, allowed);
	}
	if ((param->types & (1u << value->type)) == 0) {
		fault_set(fault, ERR_PROTOCOL, "%s: \"%s\" is of type %s", method->name,
		    param->name, value_type_name(value->type));
		return fault_field(fault, param->name, allowed);
	}
	/* Names and keys are C strings from here on; a NUL would let two readers see two names. */
	if (param->types == STRING && strlen(value->string) != value->length) {
		fault_set(
		    fault, ERR_PROTOCOL, "%s: \"%s\" contains NUL", method->name, param->name);
		return fault_field(fault, param->name, "text without NUL");
	}
	return ERR_OK;
}

enum err
broker_method_check(
    const struct broker_method *method, const struct value *params, struct fault *fault)
{
	for (uint32_t i = 0; i < params->length; i++) {
		enum err r = check_known(method, &params->pairs[i].key, fault);

		if (r != ERR_OK)
			return r;
	}
	for (const struct broker_param *param = method->params; param->name != NULL; param++) {
		enum err r = check_param(method, param, value_get(params, param->name), fault);

		if (r != ERR_OK)
			return r;
	}
	return ERR_OK;
}
