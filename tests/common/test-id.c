#include "common/id.h"

#include <string.h>

#include "common/scope.h"
#include "tests/lib/check.h"

struct fixed {
	uint64_t ms;
	unsigned char random[10];
};

static uint64_t
fixed_ms(void *context)
{
	return ((struct fixed *)context)->ms;
}

static void
fixed_random(void *context, void *to, size_t length)
{
	assert_int_equal(length, 10);
	memcpy(to, ((struct fixed *)context)->random, length);
}

static void
id_at(char to[ID_MAX], struct fixed *fixed)
{
	struct clock clock = {.realtime_ms = fixed_ms, .random = fixed_random, .context = fixed};

	id_new(to, ID_RUN, &clock);
}

/* The example of the specification: 01ARZ3NDEKTSV4RRFFQ69G5FAV. */
static void
a_fixed_clock_gives_the_ulid_of_the_specification(void **state)
{
	struct fixed fixed = {
	    1469922850259, {0xd6, 0x76, 0x4c, 0x61, 0xef, 0xb9, 0x93, 0x02, 0xbd, 0x5b}};
	char id[ID_MAX];

	(void)state;
	id_at(id, &fixed);
	assert_string_equal(id, "rn_01ARZ3NDEKTSV4RRFFQ69G5FAV");
}

static void
the_first_and_the_last_ulid_use_all_bits(void **state)
{
	struct fixed zero = {0}, most = {(UINT64_C(1) << 48) - 1, {0}};
	char id[ID_MAX];

	(void)state;
	memset(most.random, 0xff, sizeof(most.random));
	id_at(id, &zero);
	assert_string_equal(id, "rn_00000000000000000000000000");
	id_at(id, &most);
	assert_string_equal(id, "rn_7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

static void
a_later_id_sorts_behind_an_earlier_one(void **state)
{
	struct fixed fixed = {0};
	char before[ID_MAX], after[ID_MAX];

	(void)state;
	memset(fixed.random, 0xff, sizeof(fixed.random));
	id_at(before, &fixed);
	for (unsigned bit = 0; bit < 48; bit++) {
		fixed = (struct fixed){.ms = UINT64_C(1) << bit};
		id_at(after, &fixed);
		assert_true(strcmp(before, after) < 0);
		memset(fixed.random, 0xff, sizeof(fixed.random));
		id_at(before, &fixed);
	}
}

static void
fresh_ids_are_valid_and_differ(void **state)
{
	char a[ID_MAX], b[ID_MAX];

	(void)state;
	id_new(a, ID_EVENT, &clock_system);
	id_new(b, ID_EVENT, &clock_system);
	assert_true(id_is_valid(a, ID_EVENT));
	assert_false(id_is_valid(a, ID_RUN));
	assert_string_not_equal(a, b);
}

static void
ids_outside_the_alphabet_are_refused(void **state)
{
	static const char *const bad[] = {"", "rn", "rn_", "rn_01ARZ3NDEKTSV4RRFFQ69G5FA",
	    "rn_01ARZ3NDEKTSV4RRFFQ69G5FAVV", "rn-01ARZ3NDEKTSV4RRFFQ69G5FAV",
	    "rn_01arz3ndektsv4rrffq69g5fav", "rn_01ARZ3NDEKTSV4RRFFQ69G5FAI",
	    "rn_01ARZ3NDEKTSV4RRFFQ69G5FAL", "rn_01ARZ3NDEKTSV4RRFFQ69G5FAO",
	    "rn_01ARZ3NDEKTSV4RRFFQ69G5FAU", "rn_81ARZ3NDEKTSV4RRFFQ69G5FAV",
	    "rn_01ARZ3NDEKTSV4RRFFQ69G5F/V", "rn_01ARZ3NDEKTSV4RRFFQ69G5FA\n"};

	(void)state;
	assert_true(id_is_valid("rn_01ARZ3NDEKTSV4RRFFQ69G5FAV", ID_RUN));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(id_is_valid(bad[i], ID_RUN));
}

static void
names_follow_the_agent_skills_rule(void **state)
{
	static const char *const good[] = {"a", "0", "code-review", "a-b-c",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 64 */};
	static const char *const bad[] = {"", "-", "-a", "a-", "a--b", "A", "a_b", "a b", "a.b",
	    "a/b", "\xc3\xbc", "a\n",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 65 */};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(id_name_is_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(id_name_is_valid(bad[i]));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_fixed_clock_gives_the_ulid_of_the_specification),
	    cmocka_unit_test(the_first_and_the_last_ulid_use_all_bits),
	    cmocka_unit_test(a_later_id_sorts_behind_an_earlier_one),
	    cmocka_unit_test(fresh_ids_are_valid_and_differ),
	    cmocka_unit_test(ids_outside_the_alphabet_are_refused),
	    cmocka_unit_test(names_follow_the_agent_skills_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
