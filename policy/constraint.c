#include "policy/constraint.h"

#include "common/utf8.h"

static bool
test_in(const struct policy_test *test, const struct value *value, const struct value *input)
{
	(void)input;
	for (uint32_t i = 0; i < test->in.count; i++)
		if (value_equal(&test->in.values[i], value))
			return true;
	return false;
}

static bool
test_glob(const struct policy_test *test, const struct value *value, const struct value *input)
{
	(void)input;
	return value->type == VALUE_STRING &&
	       policy_glob_match(test->glob, value->string, value->length);
}

static bool
test_prefix(const struct policy_test *test, const struct value *value, const struct value *input)
{
	(void)input;
	return value->type == VALUE_STRING && value->length >= test->text.length &&
	       memcmp(value->string, test->text.string, test->text.length) == 0;
}

static bool
test_suffix(const struct policy_test *test, const struct value *value, const struct value *input)
{
	(void)input;
	return value->type == VALUE_STRING && value->length >= test->text.length &&
	       memcmp(value->string + value->length - test->text.length, test->text.string,
		   test->text.length) == 0;
}

static bool
within(const struct policy_bounds *bounds, const struct value *number)
{
	return (!bounds->has_min || policy_number_compare(number, &bounds->min) >= 0) &&
	       (!bounds->has_max || policy_number_compare(number, &bounds->max) <= 0);
}

static bool
test_range(const struct policy_test *test, const struct value *value, const struct value *input)
{
	(void)input;
	return policy_schema_is_type(SCHEMA_NUMBER, value) && within(&test->bounds, value);
}

static bool
test_len(const struct policy_test *test, const struct value *value, const struct value *input)
{
	struct value length = {.type = VALUE_INT, .integer = (int64_t)policy_value_length(value)};

	(void)input;
	return (value->type == VALUE_STRING || value->type == VALUE_ARRAY) &&
	       within(&test->bounds, &length);
}

static bool
test_type(const struct policy_test *test, const struct value *value, const struct value *input)
{
	(void)input;
	return policy_schema_is_type(test->type, value);
}

/* Reached only with a value, and absent: true wants none. */
static bool
test_absent(const struct policy_test *test, const struct value *value, const struct value *input)
{
	(void)test;
	(void)value;
	(void)input;
	return false;
}

static bool
test_each(const struct policy_test *test, const struct value *value, const struct value *input)
{
	if (value->type != VALUE_ARRAY)
		return false;
	for (uint32_t i = 0; i < value->length; i++)
		if (!policy_constraint_holds(test->each, &value->items[i], input))
			return false;
	return true;
}

static bool
test_trigger(const struct policy_test *test, const struct value *value, const struct value *input)
{
	const struct value *field = value_path(input, test->path);

	return field != NULL && value_equal(field, value);
}

/* One row an operator; EQ is IN with one value. */
static bool (*const tests[POLICY_OPERATOR_COUNT])(
    const struct policy_test *test, const struct value *value, const struct value *input) = {
    [POLICY_OPERATOR_EQ] = test_in,
    [POLICY_OPERATOR_IN] = test_in,
    [POLICY_OPERATOR_GLOB] = test_glob,
    [POLICY_OPERATOR_PREFIX] = test_prefix,
    [POLICY_OPERATOR_SUFFIX] = test_suffix,
    [POLICY_OPERATOR_RANGE] = test_range,
    [POLICY_OPERATOR_LEN] = test_len,
    [POLICY_OPERATOR_TYPE] = test_type,
    [POLICY_OPERATOR_ABSENT] = test_absent,
    [POLICY_OPERATOR_EACH] = test_each,
    [POLICY_OPERATOR_EQUALS_TRIGGER] = test_trigger,
};

bool
policy_test_holds(
    const struct policy_test *test, const struct value *value, const struct value *input)
{
	return tests[test->operator](test, value, input);
}

const char *policy_operator_name(enum policy_operator operator)
{
#define OPERATOR_NAME(name, key, type, help) [POLICY_OPERATOR_##name] = #key,
	static const char *const names[POLICY_OPERATOR_COUNT] = {POLICY_OPERATORS(OPERATOR_NAME)};

	return (unsigned)operator<POLICY_OPERATOR_COUNT ? names[operator] : "unknown";
}

bool
policy_constraint_holds(const struct policy_constraint *constraint, const struct value *value,
    const struct value *input)
{
	if (value == NULL)
		return constraint->optional || constraint->absent;
	for (uint32_t i = 0; i < constraint->count; i++)
		if (!policy_test_holds(&constraint->tests[i], value, input))
			return false;
	/* A constraint without a test does not load; one in zeroed memory allows nothing. */
	return constraint->count > 0;
}

const struct policy_constraint *
policy_constraint_find(
    const struct policy_constraints *constraints, const char *name, size_t length)
{
	uint32_t low = 0, high = constraints->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = policy_name_compare(name, length, constraints->items[middle].name);

		if (order == 0)
			return &constraints->items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* True for text that a reader sees as it is, and that does not look like a step in a path. */
static bool
is_segment(const char *text, size_t length)
{
	const unsigned char *t = (const unsigned char *)text;

	if (length == 0 || (length == 1 && text[0] == '.') ||
	    (length == 2 && text[0] == '.' && text[1] == '.'))
		return false;
	for (size_t i = 0; i < length;) {
		size_t width = utf8_width(t + i, length - i);

		if (width == 0 || t[i] < 0x20 || t[i] == 0x7f || t[i] == '/' ||
		    (width > 1 && utf8_is_invisible(t + i, width)))
			return false;
		i += width;
	}
	return true;
}

bool
policy_key_is_valid(const char *key, size_t length)
{
	size_t start = 0;

	if (length > POLICY_KEY_MAX)
		return false;
	for (size_t i = 0; i <= length; i++) {
		if (i < length && key[i] != '/')
			continue;
		if (!is_segment(key + start, i - start))
			return false;
		start = i + 1;
	}
	return true;
}

/* What a piece stands for in this run; false: nothing usable. */
static bool
resolve(const struct policy_piece *piece, const struct policy_request *request, struct value *ret)
{
	const struct value *field;

	if (!piece->variable) {
		*ret = (struct value){
		    .type = VALUE_STRING, .length = piece->length, .string = piece->text};
		return true;
	}
	if (strcmp(piece->text, "workspace") == 0) {
		*ret = value_string(request->workspace);
		return is_segment(ret->string, ret->length);
	}
	field = value_get_n(request->input, piece->text, piece->length);
	if (field == NULL || field->type != VALUE_STRING ||
	    !is_segment(field->string, field->length))
		return false;
	*ret = *field;
	return true;
}

enum policy_meeting
policy_pattern_meets(const struct policy_pattern *pattern, const char *key, size_t length,
    const struct policy_request *request, const char **ret_variable)
{
	size_t at = 0;

	for (uint32_t i = 0; i < pattern->piece_count; i++) {
		const struct policy_piece *piece = &pattern->pieces[i];
		struct value text;

		if (!resolve(piece, request, &text)) {
			*ret_variable = piece->text;
			return POLICY_NO_VALUE;
		}
		if (length - at < text.length || memcmp(key + at, text.string, text.length) != 0)
			return POLICY_APART;
		at += text.length;
	}
	if (!pattern->has_glob)
		return at == length ? POLICY_MEETS : POLICY_APART;
	return policy_glob_match(&pattern->glob, key + at, length - at) ? POLICY_MEETS
									: POLICY_APART;
}

size_t
policy_pattern_follows(const struct policy_pattern *pattern, const char *key, size_t length,
    const struct policy_request *request)
{
	size_t at = 0;

	for (uint32_t i = 0; i < pattern->piece_count; i++) {
		struct value text;
		size_t same = 0;

		if (!resolve(&pattern->pieces[i], request, &text))
			break;
		while (same < text.length && at < length && key[at] == text.string[same]) {
			same++;
			at++;
		}
		if (same < text.length)
			break;
	}
	return at;
}
