/* The layout: examples that a reader can judge, and chance. */
#include "policy/format.h"

#include <stdio.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"
#include "tests/policy/random_policy.h"

/* Random policies: PRAXA_POLICY_PAIRS says how many. */
enum { POLICIES_DEFAULT = 400, NOISY_MAX = 16384 };

/* The file laid out anew, heap memory of the caller's. */
static char *
format(const char *text)
{
	const struct policy_file file = {.name = "t", .text = text, .length = strlen(text)};
	struct policy_problems problems;
	char *formatted = NULL;
	size_t length = 0;

	if (policy_format(&file, &formatted, &length, &problems) != ERR_OK)
		fail_msg("%s\n%s", fixture_problems(&problems), text);
	assert_int_equal(length, strlen(formatted));
	return formatted;
}

struct example {
	const char *claim, *from, *to;
};

#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct example examples[] = {
    {"spaces", "a:   1  \nb :  [x,  {c: d}]\ne: {}\nf: [  ]\n",
	"a: 1\nb: [ x, { c: d } ]\ne: {}\nf: []\n"},
    {"two spaces a level", "a:\n    b:\n        c: 1\nd:\n- e\n- f: 1\n  g: 2\n",
	"a:\n  b:\n    c: 1\nd:\n  - e\n  - f: 1\n    g: 2\n"},
    {"blank lines: one stays, none at an end", "\n\na: 1\n\n\n\nb:\n\n  c: 1\n\n  d: 2\n\n\n",
	"a: 1\n\nb:\n  c: 1\n\n  d: 2\n"},
    {"what fits stays on its line", "a: [ " LONG ", " LONG ", ccccccccc ]\n",
	"a: [ " LONG ", " LONG ", ccccccccc ]\n"},
    {"what does not gets a line each", "a: [ " LONG ", " LONG ", { b: cccccccccc } ]\n",
	"a:\n  - " LONG "\n  - " LONG "\n  - { b: cccccccccc }\n"},
    {"brackets over several lines are joined", "a: [ b,\n     c ]\nd: { e: f,\n  g: h }\n",
	"a: [ b, c ]\nd: { e: f, g: h }\n"},
    {"a block stays one", "a:\n  - b\n", "a:\n  - b\n"},
    {"quotes stay", "a: \"1\"\n'b': 'it''s'\n", "a: \"1\"\n'b': 'it''s'\n"},
    {"a comment behind stays behind", "a: 1 # x\nb:    # y\n  c: 2         # z\n",
	"a: 1  # x\nb:  # y\n  c: 2  # z\n"},
    {"a comment above moves with what follows", "a:\n      # x\n    b: 1\n  # y\nc: 2\n",
	"a:\n  # x\n  b: 1\n# y\nc: 2\n"},
    {"a comment at the end of a block stays in it", "a:\n    b: 1\n    # x\n\n# y\nc: 2\n",
	"a:\n  b: 1\n  # x\n\n# y\nc: 2\n"},
    {"a comment within brackets opens them", "a: [ b, # x\n  c\n  # y\n  ]\n",
	"a:\n  - b  # x\n  - c\n  # y\n"},
    {"a comment between a key and its value goes above", "a: # x\n  [ b ]\n", "# x\na: [ b ]\n"},
    {"a comment behind a bracket", "a: [ b,\n  c ] # x\nd: 1\n", "a: [ b, c ]  # x\nd: 1\n"},
    {"a comment behind a dash", "a:\n  - # x\n    b: 1\n  - c\n", "a:\n  # x\n  - b: 1\n  - c\n"},
    {"only # that begins a comment does", "a: \"# x\"\nb: c#d # e\n", "a: \"# x\"\nb: c#d  # e\n"},
    {"lists in lists", "a:\n- - b\n  - c\n-\n  - d\n", "a:\n  - - b\n    - c\n  - - d\n"},
    {"markers of the document go", "---\na: 1\n...\n", "a: 1\n"},
    {"characters, not bytes",
	"a: [ \"äääääääääääääääääääääääääääääääääääääääääääää\", " LONG " ]\n",
	"a: [ \"äääääääääääääääääääääääääääääääääääääääääääää\", " LONG " ]\n"},
};

static void
format_is_what_the_style_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		char *once = format(examples[i].from), *twice = format(once);

		if (strcmp(once, examples[i].to) != 0)
			fail_msg("%s:\n%s", examples[i].claim, once);
		assert_string_equal(twice, once);
		free(once);
		free(twice);
	}
}

static void
format_of_the_samples_stays_as_it_is(void **state)
{
	static const char *const names[] = {
	    "good/decide.policy.yaml", "good/full.policy.yaml", "good/review.policy.yaml"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *text = fixture_read(names[i]);
		char *once = format(text), *twice = format(once);

		assert_string_equal(twice, once);
		free(text);
		free(once);
		free(twice);
	}
}

static void
format_refuses_what_is_not_yaml_of_ours(void **state)
{
	static const char *const bad[] = {
	    "a: &b 1\n", "a: [\n", "a: 1\na: 2\n", "\ta: 1\n", "a:\n", "- # b\n", "", "# a\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct policy_file file = {
		    .name = "t", .text = bad[i], .length = strlen(bad[i])};
		struct policy_problems problems;
		char *text = NULL;
		size_t length;

		assert_int_equal(policy_format(&file, &text, &length, &problems), ERR_POLICY);
		assert_true(problems.count > 0 && text == NULL);
	}
}

struct noise {
	char *out;
	size_t used;
};

static void PRINTF_LIKE(2, 3) say(struct noise *noise, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	noise->used +=
	    (size_t)vsnprintf(noise->out + noise->used, NOISY_MAX - noise->used, format, args);
	va_end(args);
	assert_true(noise->used < NOISY_MAX);
}

/* Another layout of the same: spaces, blank lines and comments where there may be some. */
static char *
noisy(struct random *random, const char *text)
{
	static const char *const spaces[] = {"   ", "\n          ", " # in\n          "};
	struct noise noise = {.out = malloc(NOISY_MAX)};
	char before = '\n';

	assert_non_null(noise.out);
	for (; *text != '\0'; before = *text++) {
		uint32_t draw = random_draw(random, 12);
		bool bracket = *text == ',' || (*text == '[' && before == ' ');

		if (*text == '\n' && draw == 0)
			say(&noise, " # behind %u", random_draw(random, 100));
		say(&noise, "%c", *text);
		if (*text == '\n' && draw == 1)
			say(&noise, "\n");
		if (*text == '\n' && draw == 2)
			say(&noise, "%*s# own %u\n", (int)random_draw(random, 8), "",
			    random_draw(random, 100));
		if (bracket && draw < ARRAY_SIZE(spaces))
			say(&noise, "%s", spaces[draw]);
	}
	return noise.out;
}

static void
format_is_the_same_again_whatever_the_layout_was(void **state)
{
	const char *wanted = getenv("PRAXA_POLICY_PAIRS"), *from = getenv("PRAXA_POLICY_SEED");
	unsigned long count = wanted != NULL ? strtoul(wanted, NULL, 10) : POLICIES_DEFAULT;
	unsigned long first = from != NULL ? strtoul(from, NULL, 10) : 0;

	(void)state;
	for (unsigned long i = first; i < first + count; i++) {
		struct random random = {.state = i * UINT64_C(0x2545f4914f6cdd1d)};
		char *text = NULL, *other, *once, *twice;
		struct policy *policy = random_policy(&random, &text);

		/* policy_format itself compares what it read with what it wrote. */
		other = noisy(&random, text);
		once = format(other);
		twice = format(once);
		if (strcmp(once, twice) != 0)
			fail_msg("policy %lu:\n%s--- once\n%s--- twice\n%s", i, other, once, twice);
		policy_free(&policy);
		free(text);
		free(other);
		free(once);
		free(twice);
	}
}

static bool
format_once(void *context)
{
	static const char text[] = "a: [ b, # x\n c ]\nd:\n- e: 1\n";
	const struct policy_file file = {.name = "t", .text = text, .length = sizeof(text) - 1};
	struct policy_problems problems;
	char *formatted = NULL;
	size_t length;
	enum err r = policy_format(&file, &formatted, &length, &problems);

	(void)context;
	free(formatted);
	return r == ERR_OK || r == ERR_INTERNAL || (r == ERR_POLICY && problems.count > 0);
}

static void
format_survives_every_failed_allocation(void **state)
{
	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, format_once, NULL) > 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(format_is_what_the_style_says),
	    cmocka_unit_test(format_of_the_samples_stays_as_it_is),
	    cmocka_unit_test(format_refuses_what_is_not_yaml_of_ours),
	    cmocka_unit_test(format_is_the_same_again_whatever_the_layout_was),
	    cmocka_unit_test(format_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
