#include "common/value_build.h"

#include "common/json.h"
#include "tests/lib/check.h"

static void
build_puts_members_together_in_their_order(void **state)
{
	static const char *const words[] = {"x", "y", NULL};
	struct value_build build = {0};
	struct value_map map, inner;
	struct value_list list;
	struct value whole;
	struct arena arena;
	SCOPED_FREE char *text = NULL;

	(void)state;
	arena_init(&arena, 1 << 16);
	build.arena = &arena;
	map = value_map_new(&build, 6);
	inner = value_map_new(&build, 0);
	list = value_list_new(&build, 2);
	value_list_put(&build, &list, value_number(&build, 7));
	value_list_put(&build, &list, value_boolean(false));
	value_map_text(&build, &map, "b", "text");
	value_map_text(&build, &map, "none", NULL);
	value_map_number(&build, &map, "a", INT64_MAX);
	value_map_true(&build, &map, "t");
	value_map_put(&build, &map, "list", value_list_done(&list));
	value_map_put(&build, &map, "words", value_list_texts(&build, words));
	value_map_put(&build, &map, "empty", value_map_done(&inner));
	whole = value_map_done(&map);
	assert_false(build.failed);
	text = json_write(&whole, JSON_STYLE_COMPACT, NULL);
	assert_string_equal(text, "{\"b\":\"text\",\"a\":9223372036854775807,\"t\":true,"
				  "\"list\":[7,false],\"words\":[\"x\",\"y\"],\"empty\":{}}");
	arena_clear(&arena);
}

static void
build_latches_its_first_failure(void **state)
{
	struct value_build build = {0};
	struct value_map map;
	struct value_list list;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 16);
	build.arena = &arena;
	map = value_map_new(&build, 1);
	value_map_true(&build, &map, "one");
	assert_false(build.failed);
	value_map_true(&build, &map, "two");
	assert_true(build.failed);
	assert_int_equal(value_map_done(&map).length, 1);
	build.failed = false;
	value_number(&build, (uint64_t)INT64_MAX + 1);
	assert_true(build.failed);
	arena_clear(&arena);

	arena_init(&arena, 0);
	build.failed = false;
	list = value_list_new(&build, 1);
	assert_true(build.failed);
	value_list_put(&build, &list, value_boolean(true));
	assert_int_equal(value_list_done(&list).length, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(build_puts_members_together_in_their_order),
	    cmocka_unit_test(build_latches_its_first_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
