#include "common/event.h"

#include <string.h>

#include "common/scope.h"
#include "tests/lib/check.h"

#define EVENT_NUMBER(name, number, text, roles) number,
#define END_NUMBER(name, number, text, meaning) number,
static const unsigned events[] = {EVENT_TABLE(EVENT_NUMBER)};
static const unsigned ends[] = {END_TABLE(END_NUMBER)};

static void
every_kind_finds_itself_by_name_and_has_a_sender(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		assert_non_null(event_name(events[i]));
		assert_int_equal(event_from_name(event_name(events[i])), events[i]);
		assert_int_not_equal(event_roles(events[i]), 0);
	}
}

/* The CLI reads records; nothing that it could send becomes one. */
static void
the_cli_may_append_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		assert_int_equal(event_roles(events[i]) & WIRE_CLI, 0);
}

static void
a_kind_outside_the_table_has_neither_name_nor_sender(void **state)
{
	static const unsigned outside[] = {EVENT_NONE, 3, 9, 39, 1000, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
		assert_null(event_name(outside[i]));
		assert_int_equal(event_roles(outside[i]), 0);
	}
	assert_int_equal(event_from_name("run.exploded"), EVENT_NONE);
	assert_int_equal(event_from_name(""), EVENT_NONE);
}

static void
every_end_has_a_name_of_its_own_and_a_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		assert_true(strlen(end_info(ends[i])->meaning) > 0);
		for (size_t j = i + 1; j < ARRAY_SIZE(ends); j++)
			assert_string_not_equal(end_info(ends[i])->name, end_info(ends[j])->name);
	}
}

static void
an_unknown_end_is_called_unknown(void **state)
{
	(void)state;
	assert_string_equal(end_info(END_NONE)->name, "unknown");
	assert_string_equal(end_info(9999)->name, "unknown");
	assert_string_equal(end_info(UINT32_MAX)->name, "unknown");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_finds_itself_by_name_and_has_a_sender),
	    cmocka_unit_test(the_cli_may_append_nothing),
	    cmocka_unit_test(a_kind_outside_the_table_has_neither_name_nor_sender),
	    cmocka_unit_test(every_end_has_a_name_of_its_own_and_a_meaning),
	    cmocka_unit_test(an_unknown_end_is_called_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
