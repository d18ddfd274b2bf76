#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "supervisor/options.h"

static enum err
parse(struct supervisor_options *options, struct fault *fault, const char *const *words)
{
	char *argv[32] = {(char *)(uintptr_t) "praxad"};
	int argc = 1;

	for (; *words != NULL; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	*options = (struct supervisor_options){0};
	return options_parse(argc, argv, options, fault);
}

#define PARSE(options, fault, ...) parse(options, fault, (const char *const[]){__VA_ARGS__, NULL})
#define WHOLE                                                                                   \
	"--workspace", "ws_a", "--policy", "p", "--audit", "a", "--broker", "b", "--init", "i", \
	    "--profiles", "d"

static void
everything_needed_must_be_given(void **state)
{
	struct supervisor_options options;
	struct fault fault;

	(void)state;
	assert_int_equal(PARSE(&options, &fault, WHOLE), ERR_OK);
	assert_int_equal(options.policy_count, 1);
	assert_int_equal(PARSE(&options, &fault, "--workspace", "ws_a"), ERR_PROTOCOL);
	assert_non_null(strstr(fault.message, "--policy is missing"));
}

static void
a_workspace_name_is_strict(void **state)
{
	static const char *const bad[] = {"", "a", "ws_", "ws_A", "ws_a--b", "ws_-a", "ws_a/b"};
	struct supervisor_options options;
	struct fault fault;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(PARSE(&options, &fault, "--workspace", bad[i]), ERR_PROTOCOL);
}

static void
a_mistyped_option_gets_a_suggestion(void **state)
{
	struct supervisor_options options;
	struct fault fault;

	(void)state;
	assert_int_equal(PARSE(&options, &fault, "--polcy", "x"), ERR_PROTOCOL);
	assert_non_null(strstr(fault.message, "did you mean --policy"));
}

static void
warm_cells_are_a_small_number(void **state)
{
	static const char *const bad[] = {"", "9", "-1", "1x", "10", "many"};
	struct supervisor_options options;
	struct fault fault;

	(void)state;
	assert_int_equal(PARSE(&options, &fault, WHOLE), ERR_OK);
	assert_int_equal(options.warm, 0);
	assert_int_equal(PARSE(&options, &fault, WHOLE, "--warm", "8"), ERR_OK);
	assert_int_equal(options.warm, 8);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(PARSE(&options, &fault, WHOLE, "--warm", bad[i]), ERR_PROTOCOL);
}

static void
who_asks_for_signatures_says_where_accepted_revisions_are_kept(void **state)
{
	struct supervisor_options options;
	struct fault fault;

	(void)state;
	assert_int_equal(PARSE(&options, &fault, WHOLE, "--allowed-signers", "s"), ERR_PROTOCOL);
	assert_non_null(strstr(fault.message, "--state is missing"));
	assert_int_equal(
	    PARSE(&options, &fault, WHOLE, "--allowed-signers", "s", "--state", "d"), ERR_OK);
	assert_string_equal(options.allowed_signers, "s");
	assert_string_equal(options.state, "d");
}

static void
a_resource_is_a_name_and_a_directory_that_opens(void **state)
{
	struct supervisor_options options;
	struct fault fault;

	(void)state;
	assert_int_equal(PARSE(&options, &fault, WHOLE, "--resource", "repo=/tmp"), ERR_OK);
	assert_int_equal(options.resources.count, 1);
	assert_string_equal(options.resources.items[0].name, "repo");
	skill_resources_done(&options.resources);
	assert_int_equal(PARSE(&options, &fault, "--resource", "repo"), ERR_PROTOCOL);
	assert_int_equal(PARSE(&options, &fault, "--resource", "=x"), ERR_PROTOCOL);
	assert_int_equal(PARSE(&options, &fault, "--resource", "r=/nonexistent"), ERR_PROTOCOL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everything_needed_must_be_given),
	    cmocka_unit_test(a_workspace_name_is_strict),
	    cmocka_unit_test(a_mistyped_option_gets_a_suggestion),
	    cmocka_unit_test(warm_cells_are_a_small_number),
	    cmocka_unit_test(who_asks_for_signatures_says_where_accepted_revisions_are_kept),
	    cmocka_unit_test(a_resource_is_a_name_and_a_directory_that_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
