#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/run_options.h"

static enum err
parse(bool up, struct run_options *options, struct fault *fault, const char *const *words)
{
	char *argv[96] = {(char *)(uintptr_t)(up ? "up" : "run")};
	int argc = 1;

	for (; *words != NULL; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	*options = (struct run_options){0};
	return run_options_parse(argc, argv, up, options, fault);
}

#define RUN(options, fault, ...) \
	parse(false, options, fault, (const char *const[]){__VA_ARGS__, NULL})
#define UP(options, fault, ...) \
	parse(true, options, fault, (const char *const[]){__VA_ARGS__, NULL})

static void
options_may_stand_on_both_sides_of_the_policy(void **state)
{
	struct run_options options;
	struct fault fault;

	(void)state;
	assert_int_equal(
	    RUN(&options, &fault, "--event", "a", "p.yaml", "--state", "/tmp/s", "-j"), ERR_OK);
	assert_string_equal(options.policies[0], "p.yaml");
	assert_string_equal(options.event, "a");
	assert_string_equal(options.state, "/tmp/s");
	assert_true(options.json);
}

static void
run_takes_exactly_one_policy_and_up_takes_many(void **state)
{
	struct run_options options;
	struct fault fault;

	(void)state;
	assert_int_equal(RUN(&options, &fault, "-s", "/s"), ERR_PROTOCOL);
	assert_int_equal(RUN(&options, &fault, "a", "b"), ERR_PROTOCOL);
	assert_non_null(strstr(fault.message, "\"b\""));
	assert_int_equal(UP(&options, &fault, "-s", "/s", "a", "b"), ERR_OK);
	assert_int_equal(options.policy_count, 2);
	assert_int_equal(UP(&options, &fault, "a", "--input", "{}"), ERR_PROTOCOL);
}

static void
a_wrong_option_says_what_was_meant(void **state)
{
	struct run_options options;
	struct fault fault;

	(void)state;
	assert_int_equal(RUN(&options, &fault, "p", "--resorce", "a=b"), ERR_PROTOCOL);
	assert_non_null(strstr(fault.message, "--resource"));
	assert_int_equal(RUN(&options, &fault, "p", "--workspace", "demo"), ERR_PROTOCOL);
	assert_int_equal(RUN(&options, &fault, "p", "--event"), ERR_PROTOCOL);
}

static enum err
input(const char *what, char **text, size_t *length)
{
	struct run_options options = {.input = what};
	struct fault fault;

	return run_options_input(&options, text, length, &fault);
}

static void
input_comes_from_the_word_or_a_file_and_has_a_limit(void **state)
{
	char path[] = "/tmp/praxa-input-XXXXXX", word[64];
	char *text = NULL, *large = calloc(1, RUN_INPUT_MAX + 2);
	size_t length;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && large != NULL);
	assert_int_equal(input(NULL, &text, &length), ERR_OK);
	assert_string_equal(text, "{}");
	free(text);
	assert_int_equal(input("{\"a\":1}", &text, &length), ERR_OK);
	assert_int_equal(length, 7);
	free(text);
	assert_int_equal(write(fd, "{}\n", 3), 3);
	snprintf(word, sizeof(word), "@%s", path);
	assert_int_equal(input(word, &text, &length), ERR_OK);
	assert_int_equal(length, 3);
	free(text);
	assert_int_equal(input("@/nonexistent", &text, &length), ERR_NOT_FOUND);
	memset(large, ' ', RUN_INPUT_MAX + 1);
	text = NULL;
	assert_int_equal(input(large, &text, &length), ERR_LIMIT);
	free(text);
	free(large);
	close(fd);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(options_may_stand_on_both_sides_of_the_policy),
	    cmocka_unit_test(run_takes_exactly_one_policy_and_up_takes_many),
	    cmocka_unit_test(a_wrong_option_says_what_was_meant),
	    cmocka_unit_test(input_comes_from_the_word_or_a_file_and_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
