#include "common/value.h"

#include "common/arena.h"
#include "common/json.h"
#include "tests/lib/check.h"

/* Values are written as JSON here, because a table of C literals could not be read. */
static struct value
parse(struct arena *arena, const char *text)
{
	struct value value;

	assert_int_equal(json_parse(text, strlen(text), arena, &value, NULL), ERR_OK);
	return value;
}

static void
a_path_leads_to_one_member_or_nowhere(void **state)
{
	static const struct {
		const char *path, *found; /* NULL: nowhere */
	} rows[] = {
	    {"$.a.b", "1"},
	    {"$.list[0]", "10"},
	    {"$.list[2].x", "\"deep\""},
	    {"$.list[1]", "[20]"},
	    {"$.list[1][0]", "20"},
	    {"$.a.c", NULL},
	    {"$.a.b.c", NULL},
	    {"$.list[3]", NULL},
	    {"$.list[-1]", NULL},
	    {"$.list[]", NULL},
	    {"$.list[0", NULL},
	    {"$.list[0]x", NULL},
	    {"$.list[9999999999]", NULL},
	    {"$.list[18446744073709551616]", NULL},
	    {"$.list.0", NULL},
	    {"$.a[0]", NULL},
	    {"$..a", NULL},
	    {"$.", NULL},
	    {"$a", NULL},
	    {"a", NULL},
	    {"", NULL},
	    {".a", NULL},
	};
	struct arena arena;
	struct value root;

	(void)state;
	arena_init(&arena, 64 * 1024);
	root = parse(&arena, "{\"a\":{\"b\":1},\"list\":[10,[20],{\"x\":\"deep\"}]}");
	assert_ptr_equal(value_path(&root, "$"), &root);
	assert_null(value_path(NULL, "$"));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct value *found = value_path(&root, rows[i].path);

		if ((found != NULL) != (rows[i].found != NULL))
			fail_msg("%s", rows[i].path);
		if (found != NULL) {
			struct value want = parse(&arena, rows[i].found);

			assert_true(value_equal(found, &want));
		}
	}
	arena_clear(&arena);
}

static void
equality_is_deep_and_blind_to_order_and_to_integer_or_real(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
	    {"null", "null", true},
	    {"null", "false", false},
	    {"true", "true", true},
	    {"true", "false", false},
	    {"1", "1", true},
	    {"1", "2", false},
	    {"1", "1.0", true},
	    {"1", "1.5", false},
	    {"0", "-0.0", true},
	    {"1", "\"1\"", false},
	    {"1", "true", false},
	    {"0.1", "0.1", true},
	    {"0.1", "0.2", false},
	    /* 2^53 + 1 is no double: comparing as doubles would call these equal. */
	    {"9007199254740993", "9007199254740992.0", false},
	    {"9007199254740992", "9007199254740992.0", true},
	    {"9223372036854775807", "9223372036854775808.0", false},
	    {"-9223372036854775808", "-9223372036854775808.0", true},
	    {"1", "1e300", false},
	    {"\"a\"", "\"a\"", true},
	    {"\"a\"", "\"ab\"", false},
	    {"\"\"", "\"\"", true},
	    {"[]", "[]", true},
	    {"[]", "{}", false},
	    {"[1,2]", "[1,2]", true},
	    {"[1,2]", "[2,1]", false},
	    {"[1,2]", "[1]", false},
	    {"{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"a\":1}", true},
	    {"{\"a\":1}", "{\"a\":2}", false},
	    {"{\"a\":1}", "{\"b\":1}", false},
	    {"{\"a\":1}", "{\"a\":1,\"b\":1}", false},
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 64 * 1024);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct value a = parse(&arena, rows[i].a), b = parse(&arena, rows[i].b);

		if (value_equal(&a, &b) != rows[i].equal || value_equal(&b, &a) != rows[i].equal)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
	arena_clear(&arena);
}

static void
a_string_never_equals_bytes(void **state)
{
	struct value string = value_string("x"), bytes = string;

	(void)state;
	bytes.type = VALUE_BYTES;
	assert_false(value_equal(&string, &bytes));
	assert_true(value_equal(&bytes, &bytes));
}

static void
members_are_found_by_whole_names(void **state)
{
	struct arena arena;
	struct value map;

	(void)state;
	arena_init(&arena, 4096);
	map = parse(&arena, "{\"ab\":1,\"abc\":2,\"\":3}");
	assert_int_equal(value_get(&map, "abc")->integer, 2);
	assert_int_equal(value_get_n(&map, "abc", 2)->integer, 1);
	assert_int_equal(value_get(&map, "")->integer, 3);
	assert_null(value_get(&map, "a"));
	assert_null(value_get(NULL, "a"));
	assert_null(value_get(value_get(&map, "ab"), "a"));
	arena_clear(&arena);
}

static void
is_string_compares_the_whole_text(void **state)
{
	struct value text = value_string("deny"), number = {.type = VALUE_INT};

	(void)state;
	assert_true(value_is_string(&text, "deny"));
	assert_false(value_is_string(&text, "den"));
	assert_false(value_is_string(&text, "denyx"));
	assert_false(value_is_string(&number, ""));
	assert_false(value_is_string(NULL, ""));
}

static void
types_have_the_names_of_the_policy_language(void **state)
{
	(void)state;
	assert_string_equal(value_type_name(VALUE_REAL), "number");
	assert_string_equal(value_type_name(VALUE_MAP), "object");
	assert_string_equal(value_type_name((enum value_type)77), "unknown");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_path_leads_to_one_member_or_nowhere),
	    cmocka_unit_test(equality_is_deep_and_blind_to_order_and_to_integer_or_real),
	    cmocka_unit_test(a_string_never_equals_bytes),
	    cmocka_unit_test(members_are_found_by_whole_names),
	    cmocka_unit_test(is_string_compares_the_whole_text),
	    cmocka_unit_test(types_have_the_names_of_the_policy_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
