#include "common/json.h"

#include <math.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

static enum err
parse(struct arena *arena, const char *text, struct value *ret, struct fault *fault)
{
	return json_parse(text, strlen(text), arena, ret, fault);
}

static void
what_two_readers_could_read_differently_is_refused(void **state)
{
	static const char *const bad[] = {
	    "{\"a\":1,\"a\":2}",       /* a duplicate */
	    "{\"a\":1,\"\\u0061\":2}", /* the same key in two spellings */
	    "[{\"x\":{\"a\":1,\"a\":1}}]",
	    "\"\\u0000\"", /* a NUL in a string */
	    "{\"a\\u0000b\":1}",
	    "9223372036854775808", /* outside int64_t */
	    "-9223372036854775809",
	    "1e400", /* no finite double */
	    "NaN",
	    "Infinity",
	    "\"\xff\"", /* not UTF-8 */
	    "\"\xc0\xaf\"",
	    "\"\xed\xa0\x80\"",
	    "\"\\ud800\"", /* half a surrogate pair */
	    "01",
	    "+1",
	    ".5",
	    "1.",
	    "'a'",
	    "{a:1}",
	    "[1,]",
	    "{\"a\":1,}",
	    "[1] 2", /* something behind it */
	    "// no\n1",
	    "tru",
	    "\"\n\"",
	    "",
	    " ",
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 64 * 1024);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fault fault = {0};
		struct value value;

		if (parse(&arena, bad[i], &value, &fault) != ERR_PROTOCOL)
			fail_msg("row %zu: %s", i, bad[i]);
		assert_int_equal(fault.code, ERR_PROTOCOL);
		assert_memory_equal(fault.message, "JSON, line ", 11);
	}
	arena_clear(&arena);
}

static void
a_fault_names_line_and_column(void **state)
{
	struct fault fault;
	struct arena arena;
	struct value value;

	(void)state;
	arena_init(&arena, 4096);
	assert_int_equal(parse(&arena, "{\n \"a\": nope\n}", &value, &fault), ERR_PROTOCOL);
	assert_non_null(strstr(fault.message, "line 2, column 10"));
	arena_clear(&arena);
}

static void
each_type_arrives_as_itself(void **state)
{
	struct arena arena;
	struct value value;

	(void)state;
	arena_init(&arena, 64 * 1024);
	assert_int_equal(parse(&arena,
			     "{\"n\":null,\"t\":true,\"i\":-9223372036854775808,\"r\":1e3,"
			     "\"s\":\"\\u00fc\\n\",\"a\":[1,[]],\"o\":{}}",
			     &value, NULL),
	    ERR_OK);
	assert_int_equal(value.length, 7);
	assert_int_equal(value_get(&value, "n")->type, VALUE_NULL);
	assert_true(value_get(&value, "t")->boolean);
	assert_true(value_get(&value, "i")->integer == INT64_MIN);
	assert_int_equal(value_get(&value, "r")->type, VALUE_REAL);
	assert_string_equal(value_get(&value, "s")->string, "\xc3\xbc\n");
	assert_int_equal(value_get(&value, "s")->length, 3);
	assert_int_equal(value_get(&value, "a")->length, 2);
	assert_int_equal(value_get(&value, "o")->type, VALUE_MAP);
	arena_clear(&arena);
}

/* depth brackets around nothing */
static void
nested(char *to, unsigned depth)
{
	memset(to, '[', depth);
	memset(to + depth, ']', depth);
	to[2 * depth] = '\0';
}

static void
depth_ends_at_its_maximum(void **state)
{
	char text[2 * 4000 + 1];
	struct fault fault;
	struct arena arena;
	struct value value;

	(void)state;
	arena_init(&arena, 64 * 1024);
	nested(text, VALUE_DEPTH_MAX);
	assert_int_equal(parse(&arena, text, &value, NULL), ERR_OK);
	nested(text, VALUE_DEPTH_MAX + 1);
	assert_int_equal(parse(&arena, text, &value, &fault), ERR_LIMIT);
	nested(text, 4000);
	assert_int_not_equal(parse(&arena, text, &value, &fault), ERR_OK);
	arena_clear(&arena);
}

static void
a_value_larger_than_the_arena_is_a_limit(void **state)
{
	const char *text = "[\"0123456789\",{\"key\":[1,2,3]},\"x\"]";

	(void)state;
	for (size_t limit = 0; limit < 4096; limit += 16) {
		struct arena arena;
		struct value value;
		enum err r;

		arena_init(&arena, limit);
		r = parse(&arena, text, &value, NULL);
		assert_true(r == ERR_OK || r == ERR_LIMIT);
		assert_true(limit > 0 || r == ERR_LIMIT);
		arena_clear(&arena);
	}
}

static void
writing_and_reading_give_the_same_text(void **state)
{
	static const char *const texts[] = {
	    "null",
	    "true",
	    "-9223372036854775808",
	    "0.7",
	    "0.1",
	    "0.30000000000000004",
	    "1e+300",
	    "5e-324",
	    "1.7976931348623157e+308",
	    "\"\"",
	    "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\\u007f\"",
	    "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x99\x82\"",
	    "[]",
	    "{}",
	    "[1,[2,[3]],{}]",
	    "{\"z\":1,\"a\":{\"y\":null,\"b\":[]},\"\":0}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		SCOPED_FREE char *text = NULL;
		struct arena arena;
		struct value value;
		size_t length = 0;

		arena_init(&arena, 64 * 1024);
		assert_int_equal(parse(&arena, texts[i], &value, NULL), ERR_OK);
		text = json_write(&value, JSON_STYLE_COMPACT, &length);
		assert_string_equal(text, texts[i]);
		assert_int_equal(length, strlen(text));
		arena_clear(&arena);
	}
}

static void
a_real_stays_a_real(void **state)
{
	struct value one = {.type = VALUE_REAL, .real = 1.0};
	SCOPED_FREE char *text = json_write(&one, JSON_STYLE_COMPACT, NULL);

	(void)state;
	assert_string_equal(text, "1.0");
}

/* JSON has no word for it, and null would be another value. */
static void
a_number_that_is_not_finite_cannot_be_written(void **state)
{
	struct value value = {.type = VALUE_REAL, .real = (double)NAN};

	(void)state;
	assert_null(json_write(&value, JSON_STYLE_COMPACT, NULL));
	value.real = (double)INFINITY;
	assert_null(json_write(&value, JSON_STYLE_COMPACT, NULL));
}

static void
bytes_become_base64_and_nul_in_text_is_escaped(void **state)
{
	struct value items[] = {{.type = VALUE_BYTES, .length = 3, .string = "\x00\xff\x10"},
	    {.type = VALUE_BYTES, .length = 0, .string = NULL},
	    {.type = VALUE_STRING, .length = 3, .string = "a\0b"}};
	struct value list = {.type = VALUE_ARRAY, .length = 3, .items = items};
	SCOPED_FREE char *text = json_write(&list, JSON_STYLE_COMPACT, NULL);

	(void)state;
	assert_string_equal(text, "[\"AP8Q\",\"\",\"a\\u0000b\"]");
}

static void
keys_that_differ_behind_a_nul_stay_two_keys(void **state)
{
	struct value_pair pairs[] = {
	    {{.type = VALUE_STRING, .length = 3, .string = "a\0b"}, {.type = VALUE_NULL}},
	    {{.type = VALUE_STRING, .length = 3, .string = "a\0c"}, {.type = VALUE_NULL}}};
	struct value map = {.type = VALUE_MAP, .length = 2, .pairs = pairs};
	SCOPED_FREE char *text = json_write(&map, JSON_STYLE_COMPACT, NULL);

	(void)state;
	assert_string_equal(text, "{\"a\\u0000b\":null,\"a\\u0000c\":null}");
}

static void
pretty_text_is_indented_by_two(void **state)
{
	SCOPED_FREE char *text = NULL;
	struct arena arena;
	struct value value;

	(void)state;
	arena_init(&arena, 4096);
	assert_int_equal(parse(&arena, "{\"a\":[1,{}],\"b\":[]}", &value, NULL), ERR_OK);
	text = json_write(&value, JSON_STYLE_PRETTY, NULL);
	assert_string_equal(text, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
	arena_clear(&arena);
}

static bool
parse_and_write(void *context)
{
	struct fault fault = {0};
	struct arena arena;
	struct value value;
	char *text = NULL;
	enum err r;

	(void)context;
	arena_init(&arena, 1024 * 1024);
	r = parse(&arena, "{\"a\":[1,2.5,\"x\"],\"b\":{\"c\":null}}", &value, &fault);
	if (r == ERR_OK)
		text = json_write(&value, JSON_STYLE_PRETTY, NULL);
	else if (r != ERR_LIMIT)
		return false;
	free(text);
	arena_clear(&arena);
	return true;
}

static void
memory_that_is_out_is_noticed_everywhere(void **state)
{
	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, parse_and_write, NULL) >= 2);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_two_readers_could_read_differently_is_refused),
	    cmocka_unit_test(a_fault_names_line_and_column),
	    cmocka_unit_test(each_type_arrives_as_itself),
	    cmocka_unit_test(depth_ends_at_its_maximum),
	    cmocka_unit_test(a_value_larger_than_the_arena_is_a_limit),
	    cmocka_unit_test(writing_and_reading_give_the_same_text),
	    cmocka_unit_test(a_real_stays_a_real),
	    cmocka_unit_test(a_number_that_is_not_finite_cannot_be_written),
	    cmocka_unit_test(bytes_become_base64_and_nul_in_text_is_escaped),
	    cmocka_unit_test(keys_that_differ_behind_a_nul_stay_two_keys),
	    cmocka_unit_test(pretty_text_is_indented_by_two),
	    cmocka_unit_test(memory_that_is_out_is_noticed_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
