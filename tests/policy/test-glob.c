/* The glob matcher against the definition, written as naively as the definition is. */
#include "common/scope.h"
#include "policy/glob.h"
#include "tests/lib/check.h"
#include "tests/policy/naive_glob.h"

enum { PATTERN_LENGTH = 5, TEXT_LENGTH = 5 };

/* The word of number in an alphabet: every number is another word, 0 is the empty one. */
static size_t
spell(char *to, unsigned number, const char *alphabet)
{
	unsigned size = (unsigned)strlen(alphabet);
	size_t length = 0;

	for (; number > 0; number = (number - 1) / size)
		to[length++] = alphabet[(number - 1) % size];
	to[length] = '\0';
	return length;
}

static unsigned
count_words(unsigned size, unsigned length)
{
	unsigned count = 0, power = 1;

	for (unsigned i = 0; i <= length; i++, power *= size)
		count += power;
	return count;
}

static void
glob_agrees_with_its_definition_on_all_short_words(void **state)
{
	unsigned patterns = count_words(4, PATTERN_LENGTH), texts = count_words(3, TEXT_LENGTH);
	unsigned compiled = 0;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 24);
	for (unsigned i = 1; i < patterns; i++) {
		char pattern[PATTERN_LENGTH + 1], text[TEXT_LENGTH + 1];
		size_t length = spell(pattern, i, "ab/*");
		const char *fault = NULL;
		struct glob glob;

		if (!policy_glob_compile(pattern, length, &arena, &glob, &fault)) {
			assert_non_null(strstr(pattern, "***"));
			continue;
		}
		compiled++;
		for (unsigned j = 0; j < texts; j++) {
			size_t n = spell(text, j, "ab/");
			bool want = naive_glob(pattern, text, n);

			if (policy_glob_match(&glob, text, n) != want)
				fail_msg("\"%s\" and \"%s\": expected %d", pattern, text, want);
		}
		arena_clear(&arena);
	}
	assert_true(compiled > 1000);
	arena_clear(&arena);
}

static bool
matches(const char *pattern, const char *text)
{
	const char *fault = NULL;
	struct arena arena;
	struct glob glob;
	bool match;

	arena_init(&arena, 1 << 20);
	assert_true(policy_glob_compile(pattern, strlen(pattern), &arena, &glob, &fault));
	match = policy_glob_match(&glob, text, strlen(text));
	arena_clear(&arena);
	return match;
}

static void
glob_star_stays_inside_a_segment_and_two_cross(void **state)
{
	(void)state;
	assert_true(matches("acme/*", "acme/pay"));
	assert_false(matches("acme/*", "acme/pay/x"));
	assert_true(matches("acme/**", "acme/pay/x"));
	assert_true(matches("acme/**", "acme/"));
	assert_false(matches("acme/**", "acme"));
	assert_true(matches("**/x", "a/b/x"));
	assert_false(matches("**/x", "x"));
	assert_true(matches("*.c", ".c"));
	assert_true(matches("gr\xc3\xbc*", "gr\xc3\xbc\xc3\x9f"));
	assert_false(matches("*", "a/b"));
	assert_true(matches("*", ""));
}

static void
glob_of_the_greatest_length_uses_every_word(void **state)
{
	char pattern[GLOB_LENGTH_MAX + 1], text[GLOB_LENGTH_MAX + 1];

	(void)state;
	for (int i = 0; i < GLOB_LENGTH_MAX; i++)
		pattern[i] = text[i] = (char)('a' + i % 26);
	pattern[GLOB_LENGTH_MAX] = text[GLOB_LENGTH_MAX] = '\0';
	assert_true(matches(pattern, text));
	text[GLOB_LENGTH_MAX - 1] = '!';
	assert_false(matches(pattern, text));
	for (int place = 63; place < GLOB_LENGTH_MAX - 1; place += 64) {
		pattern[place] = pattern[place + 1] = '*';
		assert_false(matches(pattern, text));
	}
	text[GLOB_LENGTH_MAX - 1] = pattern[GLOB_LENGTH_MAX - 1];
	assert_true(matches(pattern, text));
}

/* 2^20 characters against 128 stars: a matcher that backtracks never comes back. */
static void
glob_reads_a_hostile_text_once(void **state)
{
	enum { LENGTH = 1 << 20 };
	char pattern[GLOB_LENGTH_MAX];
	SCOPED_FREE char *text = malloc(LENGTH);
	const char *fault = NULL;
	struct arena arena;
	struct glob glob;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', LENGTH);
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	pattern[sizeof(pattern) - 1] = 'b';
	arena_init(&arena, 1 << 20);
	assert_true(policy_glob_compile(pattern, sizeof(pattern), &arena, &glob, &fault));
	assert_false(policy_glob_match(&glob, text, LENGTH));
	text[LENGTH - 1] = 'b';
	assert_true(policy_glob_match(&glob, text, LENGTH));
	arena_clear(&arena);
}

static void
glob_in_zeroed_memory_matches_nothing(void **state)
{
	static const struct glob zeroed;

	(void)state;
	assert_false(policy_glob_match(&zeroed, "", 0));
}

static void
glob_says_what_is_wrong_with_a_pattern(void **state)
{
	static const char *const bad[] = {"", "a***", "a?", "[ab]", "{a}", "a\\*"};
	const char *fault = NULL;
	struct arena arena;
	struct glob glob;
	char longest[GLOB_LENGTH_MAX + 1];

	(void)state;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		fault = NULL;
		assert_false(policy_glob_compile(bad[i], strlen(bad[i]), &arena, &glob, &fault));
		assert_non_null(fault);
	}
	memset(longest, 'a', sizeof(longest));
	assert_false(policy_glob_compile(longest, sizeof(longest), &arena, &glob, &fault));
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(glob_agrees_with_its_definition_on_all_short_words),
	    cmocka_unit_test(glob_star_stays_inside_a_segment_and_two_cross),
	    cmocka_unit_test(glob_of_the_greatest_length_uses_every_word),
	    cmocka_unit_test(glob_reads_a_hostile_text_once),
	    cmocka_unit_test(glob_in_zeroed_memory_matches_nothing),
	    cmocka_unit_test(glob_says_what_is_wrong_with_a_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
