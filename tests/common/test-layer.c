#include "common/layer.h"

#include <string.h>

#include "tests/lib/check.h"

static void
every_bit_has_a_row_of_its_own(void **state)
{
	(void)state;
	assert_true(LAYER_COUNT <= 64);
	for (unsigned i = 0; i < LAYER_COUNT; i++) {
		enum layer found = LAYER_COUNT;

		assert_non_null(layer_info(i));
		assert_non_null(layer_info(i)->name);
		assert_true(strlen(layer_info(i)->meaning) > 0);
		/* Finds itself: so no two have one name. */
		assert_true(layer_from_name(layer_info(i)->name, &found));
		assert_int_equal(found, i);
	}
	assert_null(layer_info(LAYER_COUNT));
}

static void
an_unknown_name_is_no_layer(void **state)
{
	enum layer found = LAYER_ROOT;

	(void)state;
	assert_false(layer_from_name("", &found));
	assert_false(layer_from_name("Seccomp", &found));
	assert_false(layer_from_name("seccomp ", &found));
	assert_int_equal(found, LAYER_ROOT);
}

static void
a_list_is_in_the_order_of_the_table(void **state)
{
	char text[64];

	(void)state;
	layer_list(text, sizeof(text), LAYER_BIT(SECCOMP) | LAYER_BIT(ROOT));
	assert_string_equal(text, "root, seccomp");
	layer_list(text, sizeof(text), 0);
	assert_string_equal(text, "");
	/* Bits above the table name nothing. */
	layer_list(text, sizeof(text), UINT64_C(1) << 63);
	assert_string_equal(text, "");
}

static void
a_list_is_cut_at_its_size(void **state)
{
	(void)state;
	for (size_t size = 1; size < 400; size++) {
		char text[400];

		memset(text, '#', sizeof(text));
		layer_list(text, size, UINT64_MAX);
		assert_true(strlen(text) < size);
		assert_true(size == sizeof(text) || text[size] == '#');
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_bit_has_a_row_of_its_own),
	    cmocka_unit_test(an_unknown_name_is_no_layer),
	    cmocka_unit_test(a_list_is_in_the_order_of_the_table),
	    cmocka_unit_test(a_list_is_cut_at_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
