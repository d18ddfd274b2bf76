#include "common/args.h"

#include <stdio.h>

#include "tests/lib/check.h"

struct seen {
	char text[256];
};

static void
add(struct seen *seen, const char *name, const char *value)
{
	size_t used = strlen(seen->text);

	snprintf(seen->text + used, sizeof(seen->text) - used, "%s=%s;", name, value);
}

static enum err
on_state(void *context, const char *value, struct fault *fault)
{
	(void)fault;
	add(context, "state", value);
	return ERR_OK;
}

static enum err
on_json(void *context, const char *value, struct fault *fault)
{
	(void)fault;
	add(context, "json", value);
	return ERR_OK;
}

static enum err
on_count(void *context, const char *value, struct fault *fault)
{
	if (value[0] < '0' || value[0] > '9')
		return fault_set(fault, ERR_PROTOCOL, "--count needs a number, not %s", value);
	add(context, "count", value);
	return ERR_OK;
}

static const struct args_option options[] = {
    {"state", 's', "DIR", "where the state lives", on_state},
    {"json", 0, NULL, "print JSON", on_json},
    {"count", 'n', "N", "how many", on_count},
    {0},
};

enum { WORDS_MAX = 8 };

/* Parses words (NULL-terminated, the program's name left out). */
static enum err
parse(const char *const words[], struct seen *seen, int *rest, struct fault *fault)
{
	char *argv[WORDS_MAX + 1] = {(char *)(uintptr_t) "praxa"};
	int argc = 1;

	*seen = (struct seen){0};
	for (; words[argc - 1] != NULL && argc < WORDS_MAX; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	return args_parse(options, argc, argv, seen, rest, fault);
}

static void
every_spelling_of_an_option_is_understood(void **state)
{
	static const struct {
		const char *words[WORDS_MAX], *seen;
		int rest;
	} rows[] = {
	    {{NULL}, "", 1},
	    {{"--state", "x", NULL}, "state=x;", 3},
	    {{"--state=x", NULL}, "state=x;", 2},
	    {{"--state=", NULL}, "state=;", 2},
	    {{"--state=a=b", NULL}, "state=a=b;", 2},
	    {{"-s", "x", "-n=3", NULL}, "state=x;count=3;", 4},
	    {{"--json", "run", "--state", NULL}, "json=;", 2},
	    {{"--json", "--", "--state", NULL}, "json=;", 3},
	    {{"-", NULL}, "", 1}, /* a lone dash is a word: stdin */
	    {{"--state", "--json", NULL}, "state=--json;", 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fault fault = {0};
		struct seen seen;
		int rest = 0;

		assert_int_equal(parse(rows[i].words, &seen, &rest, &fault), ERR_OK);
		assert_string_equal(seen.text, rows[i].seen);
		assert_int_equal(rest, rows[i].rest);
	}
}

static void
what_is_not_understood_is_said_with_a_way_out(void **state)
{
	static const struct {
		const char *words[WORDS_MAX], *message;
	} rows[] = {
	    {{"--sate", "x", NULL}, "unknown option --sate; did you mean --state?"},
	    {{"--frobnicate", NULL}, "unknown option --frobnicate; --help lists them"},
	    {{"-x", NULL}, "unknown option -x; --help lists them"},
	    {{"-sx", NULL}, "unknown option -sx; --help lists them"},
	    {{"--state", NULL}, "--state needs DIR"},
	    {{"--json=yes", NULL}, "--json takes no value"},
	    {{"--count", "many", NULL}, "--count needs a number, not many"},
	    {{"--stat", "x", NULL}, "unknown option --stat; did you mean --state?"},
	    {{"--=x", NULL}, "unknown option --=x; --help lists them"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fault fault = {0};
		struct seen seen;
		int rest = 77;

		assert_int_equal(parse(rows[i].words, &seen, &rest, &fault), ERR_PROTOCOL);
		assert_string_equal(fault.message, rows[i].message);
		assert_int_equal(rest, 77);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_spelling_of_an_option_is_understood),
	    cmocka_unit_test(what_is_not_understood_is_said_with_a_way_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
