#include "common/arena.h"

#include <string.h>

#include "common/scope.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

static void
memory_is_zeroed_and_aligned_for_any_object(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 64 * 1024);
	for (size_t size = 1; size < 100; size++) {
		unsigned char *p = arena_alloc(&arena, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	arena_clear(&arena);
}

static void
the_limit_is_a_ceiling_whatever_the_sizes(void **state)
{
	static const size_t limits[] = {0, 1, 15, 16, 31, 32, 100, 4096, 5000, 100000};
	static const size_t sizes[] = {1, 16, 17, 100, 4095, 4096, 10000};

	(void)state;
	for (size_t l = 0; l < ARRAY_SIZE(limits); l++)
		for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
			struct arena arena;
			size_t given = 0;

			arena_init(&arena, limits[l]);
			while (arena_alloc(&arena, sizes[s]) != NULL) {
				given += sizes[s];
				assert_true(arena.used <= limits[l]);
			}
			assert_true(given <= limits[l]);
			assert_true(arena.used <= limits[l]);
			arena_clear(&arena);
		}
}

static void
an_arena_without_a_limit_gives_nothing(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_null(arena_alloc(&arena, 0));
	assert_null(arena_alloc(&arena, 1));
	assert_null(arena_copy(&arena, "", 0));
	arena_clear(&arena);
}

static void
sizes_that_overflow_are_refused(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, SIZE_MAX);
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 8));
	assert_null(arena_array(&arena, SIZE_MAX / 2, 3));
	assert_null(arena_array(&arena, SIZE_MAX, SIZE_MAX));
	assert_null(arena_copy(&arena, "", SIZE_MAX));
	assert_int_equal(arena.used, 0);
	arena_clear(&arena);
}

static void
allocations_do_not_overlap(void **state)
{
	unsigned char *p[200];
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024 * 1024);
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = arena_alloc(&arena, i * 7 % 300 + 1);
		assert_non_null(p[i]);
		memset(p[i], (int)i, i * 7 % 300 + 1);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		for (unsigned k = 0; k < i * 7 % 300 + 1; k++)
			assert_int_equal(p[i][k], i & 0xff);
	arena_clear(&arena);
}

static void
a_copy_is_terminated_and_an_empty_array_is_not_null(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	assert_string_equal(arena_copy(&arena, "hello", 4), "hell");
	assert_string_equal(arena_copy(&arena, NULL, 0), "");
	assert_non_null(arena_array(&arena, 0, 100));
	arena_clear(&arena);
}

static void
a_cleared_arena_serves_its_whole_limit_again(void **state)
{
	struct arena arena;
	size_t first = 0, second = 0;

	(void)state;
	arena_init(&arena, 20000);
	while (arena_alloc(&arena, 64) != NULL)
		first++;
	arena_clear(&arena);
	assert_int_equal(arena.used, 0);
	while (arena_alloc(&arena, 64) != NULL)
		second++;
	assert_int_equal(first, second);
	arena_clear(&arena);
	arena_clear(&arena);
}

static bool
fill(void *context)
{
	struct arena arena;
	bool ok = true;

	(void)context;
	arena_init(&arena, 1024 * 1024);
	for (int i = 0; ok && i < 10; i++)
		ok = arena_alloc(&arena, 5000) != NULL;
	/* Refused or not, the count is still a count of what is held. */
	ok = arena.used <= 10 * (5000 + 64);
	arena_clear(&arena);
	return ok;
}

static void
memory_that_is_out_is_a_refusal_and_no_leak(void **state)
{
	(void)state;
	assert_int_equal(fail_nth_until_ok(FAIL_MEMORY, 0, fill, NULL), 10);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memory_is_zeroed_and_aligned_for_any_object),
	    cmocka_unit_test(the_limit_is_a_ceiling_whatever_the_sizes),
	    cmocka_unit_test(an_arena_without_a_limit_gives_nothing),
	    cmocka_unit_test(sizes_that_overflow_are_refused),
	    cmocka_unit_test(allocations_do_not_overlap),
	    cmocka_unit_test(a_copy_is_terminated_and_an_empty_array_is_not_null),
	    cmocka_unit_test(a_cleared_arena_serves_its_whole_limit_again),
	    cmocka_unit_test(memory_that_is_out_is_a_refusal_and_no_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
