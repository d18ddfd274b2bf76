#include "common/codec.h"

#include <math.h>

#include "common/codec_scan.h"
#include "tests/common/bytes.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

enum { ARENA_BYTES = 1024 * 1024 };

static enum err
decode(const void *data, size_t length, struct arena *arena, struct value *ret)
{
	struct fault fault;

	arena_init(arena, ARENA_BYTES);
	return codec_decode(data, length, arena, ret, &fault);
}

static void
assert_decode(const void *data, size_t length, enum err expected)
{
	struct arena arena;
	struct value value;

	assert_int_equal(decode(data, length, &arena, &value), expected);
	arena_clear(&arena);
}

#define BYTES(text) text, sizeof(text) - 1

static void
what_is_encoded_decodes_to_the_same_and_encodes_to_the_same_bytes(void **state)
{
	uint64_t seed = 99;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct buffer first = {.limit = TEST_BYTES_MAX};
		struct buffer again = {.limit = TEST_BYTES_MAX};
		struct arena arena, arena_again;
		struct value value, value_again;

		test_random_object(&first, &seed, 3);
		assert_int_equal(decode(first.data, first.length, &arena, &value), ERR_OK);
		assert_true(codec_encode(&again, &value));
		assert_int_equal(again.length, first.length);
		assert_memory_equal(again.data, first.data, first.length);
		assert_int_equal(
		    decode(again.data, again.length, &arena_again, &value_again), ERR_OK);
		assert_true(value_equal(&value, &value_again));
		arena_clear(&arena);
		arena_clear(&arena_again);
		buffer_done(&first);
		buffer_done(&again);
	}
}

static void
integers_above_int64_are_refused_and_its_ends_are_kept(void **state)
{
	struct arena arena;
	struct value value;

	(void)state;
	assert_decode(BYTES("\xcf\x80\x00\x00\x00\x00\x00\x00\x00"), ERR_PROTOCOL);
	assert_int_equal(
	    decode(BYTES("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), &arena, &value), ERR_OK);
	assert_true(value.integer == INT64_MAX);
	arena_clear(&arena);
	assert_int_equal(
	    decode(BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), &arena, &value), ERR_OK);
	assert_true(value.integer == INT64_MIN);
	arena_clear(&arena);
}

static void
numbers_that_are_not_finite_are_refused(void **state)
{
	(void)state;
	assert_decode(BYTES("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"), ERR_PROTOCOL);
	assert_decode(BYTES("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), ERR_PROTOCOL);
	assert_decode(BYTES("\xca\x7f\x80\x00\x00"), ERR_PROTOCOL);
	assert_decode(BYTES("\xca\x3f\x80\x00\x00"), ERR_OK);
}

static void
a_key_that_comes_twice_is_refused_at_any_distance(void **state)
{
	(void)state;
	assert_decode(BYTES("\x82\xa1k\x01\xa1k\x02"), ERR_PROTOCOL);
	assert_decode(BYTES("\x83\xa1k\x01\xa1l\x02\xa1k\x01"), ERR_PROTOCOL);
	assert_decode(BYTES("\x81\xa1k\x82\xa1l\x01\xa1l\x01"), ERR_PROTOCOL);
	assert_decode(BYTES("\x82\xa1k\x01\xa2kk\x02"), ERR_OK);
	assert_decode(BYTES("\x82\xa2k\0\x01\xa1k\x02"), ERR_OK);
	assert_decode(BYTES("\x81\xa1k\x81\xa1k\x01"), ERR_OK);
}

static void
bytes_behind_the_object_are_refused(void **state)
{
	(void)state;
	assert_decode(BYTES("\xc0\xc0"), ERR_PROTOCOL);
	assert_decode(BYTES("\x92\xc0"), ERR_PROTOCOL);
	assert_decode(BYTES(""), ERR_PROTOCOL);
}

static void
a_full_arena_is_a_limit_error(void **state)
{
	struct arena arena;
	struct value value;
	struct fault fault;

	(void)state;
	arena_init(&arena, 64);
	assert_int_equal(codec_decode((const unsigned char *)"\x95\x01\x02\x03\x04\x05", 6, &arena,
			     &value, &fault),
	    ERR_LIMIT);
	arena_clear(&arena);
}

static void
the_arena_that_is_reserved_for_a_message_is_always_enough(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct buffer buffer = {.limit = TEST_BYTES_MAX};
		struct codec_scan scan = {.limits = &test_limits};
		struct arena arena;
		struct value value;
		struct fault fault;

		test_random_object(&buffer, &seed, 4);
		assert_int_equal(codec_scan(&scan, buffer.data, buffer.length, &fault), ERR_OK);
		arena_init(&arena, codec_decode_bytes(buffer.length, scan.items));
		assert_int_equal(
		    codec_decode(buffer.data, buffer.length, &arena, &value, &fault), ERR_OK);
		arena_clear(&arena);
		buffer_done(&buffer);
	}
}

static void
encoding_at_the_limit_leaves_the_buffer_as_it_was(void **state)
{
	const struct value item = value_string("0123456789");
	const struct value items[] = {item, item};
	const struct value list = {.type = VALUE_ARRAY, .length = 2, .items = items};
	struct buffer buffer = {.limit = 20};

	(void)state;
	assert_true(buffer_add(&buffer, "x", 1));
	assert_false(codec_encode(&buffer, &list));
	assert_int_equal(buffer.length, 1);
	assert_true(codec_encode(&buffer, &item));
	buffer_done(&buffer);
}

static bool
decodes_or_releases(void *context)
{
	static const unsigned char message[] = "\x92\x82\xa1k\x93\x01\x02\x03\xa1l\xa3xyz\xc0";
	struct buffer buffer = {.limit = 1024};
	struct arena arena;
	struct value value;
	struct fault fault;
	enum err r;
	bool sound;

	(void)context;
	arena_init(&arena, ARENA_BYTES);
	r = codec_decode(message, sizeof(message) - 1, &arena, &value, &fault);
	sound = r != ERR_OK || codec_encode(&buffer, &value);
	sound = sound || buffer.length == 0;
	arena_clear(&arena);
	buffer_done(&buffer);
	return sound;
}

static void
every_failed_allocation_is_noticed(void **state)
{
	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, decodes_or_releases, NULL) >= 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_encoded_decodes_to_the_same_and_encodes_to_the_same_bytes),
	    cmocka_unit_test(integers_above_int64_are_refused_and_its_ends_are_kept),
	    cmocka_unit_test(numbers_that_are_not_finite_are_refused),
	    cmocka_unit_test(a_key_that_comes_twice_is_refused_at_any_distance),
	    cmocka_unit_test(bytes_behind_the_object_are_refused),
	    cmocka_unit_test(a_full_arena_is_a_limit_error),
	    cmocka_unit_test(the_arena_that_is_reserved_for_a_message_is_always_enough),
	    cmocka_unit_test(encoding_at_the_limit_leaves_the_buffer_as_it_was),
	    cmocka_unit_test(every_failed_allocation_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
