/* Which log is meant. */
#include <stdio.h>
#include <string.h>

#include "cli/log_place.h"
#include "cli/stack.h"
#include "tests/lib/check.h"

static void
a_log_that_is_named_is_taken_as_it_is(void **state)
{
	char path[64];

	(void)state;
	assert_string_equal(log_place("/l", "/s", "ws_a", path, sizeof(path)), "/l");
	assert_string_equal(log_place("/s/audit/ws_a", NULL, NULL, path, 1), "/s/audit/ws_a");
}

static void
state_and_workspace_lead_to_it(void **state)
{
	char path[64];

	(void)state;
	assert_string_equal(log_place(NULL, "/s", "ws_a", path, sizeof(path)), "/s/audit/ws_a");
	assert_string_equal(log_place(NULL, "/s", NULL, path, sizeof(path)), "/s/audit/ws_local");
	assert_null(log_place(NULL, "/s", "ws_a", path, sizeof("/s/audit/ws_a") - 1));
}

static void
nothing_said_is_where_praxa_run_puts_it(void **state)
{
	char path[PATHS_MAX + 64], folder[PATHS_MAX], expected[PATHS_MAX + 64];

	(void)state;
	setenv("HOME", "/home/somebody", 1);
	assert_int_equal(stack_default_state(folder, sizeof(folder), NULL), ERR_OK);
	snprintf(expected, sizeof(expected), "%s/audit/ws_b", folder);
	assert_string_equal(log_place(NULL, NULL, "ws_b", path, sizeof(path)), expected);
	if (geteuid() != 0) {
		unsetenv("HOME");
		unsetenv("XDG_STATE_HOME");
		assert_null(log_place(NULL, NULL, "ws_b", path, sizeof(path)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_log_that_is_named_is_taken_as_it_is),
	    cmocka_unit_test(state_and_workspace_lead_to_it),
	    cmocka_unit_test(nothing_said_is_where_praxa_run_puts_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
