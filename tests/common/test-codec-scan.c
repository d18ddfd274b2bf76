#include "common/codec_scan.h"

#include <msgpack.h>

#include "tests/common/bytes.h"
#include "tests/lib/check.h"

/* Scans the first length bytes at once. */
static enum err
scan_all(const void *data, size_t length, struct codec_scan *scan)
{
	struct fault fault;

	*scan = (struct codec_scan){.limits = &test_limits};
	return codec_scan(scan, data, length, &fault);
}

static void
assert_refused(const void *data, size_t length)
{
	struct codec_scan scan;

	assert_int_equal(scan_all(data, length, &scan), ERR_PROTOCOL);
}

static void
assert_whole(const void *data, size_t length)
{
	struct codec_scan scan;

	assert_int_equal(scan_all(data, length, &scan), ERR_OK);
	assert_true(scan.done);
	assert_int_equal(scan.at, length);
}

static void
assert_waits(const void *data, size_t length)
{
	struct codec_scan scan;

	assert_int_equal(scan_all(data, length, &scan), ERR_OK);
	assert_false(scan.done);
}

#define BYTES(text) text, sizeof(text) - 1

static void
scan_agrees_with_msgpack_c_on_random_objects(void **state)
{
	uint64_t seed = 42;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct buffer buffer = {.limit = TEST_BYTES_MAX};
		msgpack_unpacked unpacked;
		struct codec_scan scan;
		size_t end = 0;

		test_random_object(&buffer, &seed, 3);
		assert_true(buffer_add(&buffer, "\x93\x01", 2));
		msgpack_unpacked_init(&unpacked);
		assert_int_equal(
		    msgpack_unpack_next(&unpacked, (const char *)buffer.data, buffer.length, &end),
		    MSGPACK_UNPACK_SUCCESS);
		assert_int_equal(scan_all(buffer.data, buffer.length, &scan), ERR_OK);
		assert_true(scan.done);
		assert_int_equal(scan.at, end);
		msgpack_unpacked_destroy(&unpacked);
		buffer_done(&buffer);
	}
}

static void
scan_waits_at_every_truncation_and_ends_where_the_whole_does(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < 50; i++) {
		struct buffer buffer = {.limit = TEST_BYTES_MAX};
		struct codec_scan scan = {.limits = &test_limits};
		struct fault fault;

		test_random_object(&buffer, &seed, 2);
		for (size_t length = 0; length < buffer.length; length++) {
			assert_int_equal(codec_scan(&scan, buffer.data, length, &fault), ERR_OK);
			assert_false(scan.done);
			assert_true(scan.at <= length);
			assert_waits(buffer.data, length);
		}
		assert_int_equal(codec_scan(&scan, buffer.data, buffer.length, &fault), ERR_OK);
		assert_true(scan.done);
		assert_int_equal(scan.at, buffer.length);
		buffer_done(&buffer);
	}
}

static void
scan_takes_every_form_of_a_length(void **state)
{
	(void)state;
	assert_whole(BYTES("\xd9\x01x"));
	assert_whole(BYTES("\xda\x00\x01x"));
	assert_whole(BYTES("\xdb\x00\x00\x00\x01x"));
	assert_whole(BYTES("\xc4\x01\xff"));
	assert_whole(BYTES("\xc5\x00\x01\xff"));
	assert_whole(BYTES("\xc6\x00\x00\x00\x01\xff"));
	assert_whole(BYTES("\xdc\x00\x01\xc0"));
	assert_whole(BYTES("\xdd\x00\x00\x00\x01\xc0"));
	assert_whole(BYTES("\xde\x00\x01\xa1k\xc0"));
	assert_whole(BYTES("\xdf\x00\x00\x00\x01\xa1k\xc0"));
	assert_whole(BYTES("\x90"));
	assert_whole(BYTES("\x80"));
	assert_whole(BYTES("\xca\x00\x00\x00\x00"));
	assert_whole(BYTES("\xd3\x00\x00\x00\x00\x00\x00\x00\x00"));
}

static void
ext_types_and_the_reserved_byte_are_refused(void **state)
{
	static const unsigned char bytes[] = {0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8};

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		assert_refused(&bytes[i], 1);
}

static void
a_key_that_is_no_string_is_refused_at_its_first_byte(void **state)
{
	(void)state;
	assert_refused(BYTES("\x81\x01"));
	assert_refused(BYTES("\x81\xc0"));
	assert_refused(BYTES("\x82\xa1k\xc0\x90"));
	assert_waits(BYTES("\x82\xa1k\xc0\xa1"));
	assert_whole(BYTES("\x82\xa1k\x01\xa1l\x02"));
}

static void
text_that_is_not_utf8_is_refused(void **state)
{
	(void)state;
	assert_refused(BYTES("\xa1\xff"));
	assert_refused(BYTES("\xa2\xc0\x80"));     /* overlong NUL */
	assert_refused(BYTES("\xa3\xed\xa0\x80")); /* surrogate */
	assert_refused(BYTES("\x81\xa1\xff"));
	assert_whole(BYTES("\xc4\x01\xff"));
}

static void
counts_and_lengths_are_refused_before_their_bytes_come(void **state)
{
	(void)state;
	/* Each is a header alone: nothing of what it announces was sent. */
	assert_refused(BYTES("\xdb\xff\xff\xff\xff"));
	assert_refused(BYTES("\xdb\x00\x0c\x00\x01"));
	assert_waits(BYTES("\xdb\x00\x0c\x00\x00"));
	assert_refused(BYTES("\xc6\xff\xff\xff\xff"));
	assert_refused(BYTES("\xdd\xff\xff\xff\xff"));
	assert_refused(BYTES("\xdc\x80\x01"));
	assert_waits(BYTES("\xdc\x80\x00"));
	assert_refused(BYTES("\xdf\xff\xff\xff\xff"));
	assert_refused(BYTES("\xde\x10\x01"));
	assert_waits(BYTES("\xde\x10\x00"));
	assert_refused(BYTES("\x81\xda\x01\x01"));
	assert_waits(BYTES("\x81\xda\x01\x00"));
	/* Three arrays of 32768 announce more than 65536 values together. */
	assert_refused(BYTES("\x93\xdc\x80\x00\xdc\x7f\xff\xdc\x80\x00"));
}

static void
depth_is_refused_one_level_above_the_limit(void **state)
{
	unsigned char nested[TEST_DEPTH_MAX + 1];

	(void)state;
	memset(nested, 0x91, sizeof(nested));
	assert_waits(nested, TEST_DEPTH_MAX);
	assert_refused(nested, TEST_DEPTH_MAX + 1);
	nested[TEST_DEPTH_MAX] = 0xc0;
	assert_whole(nested, TEST_DEPTH_MAX + 1);
}

static void
a_message_above_its_limit_is_refused_by_its_header(void **state)
{
	struct buffer buffer = {.limit = 2 * TEST_BYTES_MAX};
	static const unsigned char header[] = {0xc6, 0x00, 0x0c, 0x00, 0x00};
	struct codec_scan scan;

	(void)state;
	assert_true(buffer_add(&buffer, "\x92", 1));
	assert_true(buffer_add(&buffer, header, sizeof(header)));
	assert_non_null(buffer_reserve(&buffer, TEST_STRING_MAX));
	memset(buffer.data + buffer.length, 0, TEST_STRING_MAX);
	buffer.length += TEST_STRING_MAX;
	assert_int_equal(scan_all(buffer.data, buffer.length, &scan), ERR_OK);
	assert_true(buffer_add(&buffer, header, sizeof(header)));
	assert_int_equal(scan_all(buffer.data, buffer.length, &scan), ERR_PROTOCOL);
	buffer_done(&buffer);
}

static void
without_limits_nothing_passes(void **state)
{
	static const struct codec_limits none;
	struct codec_scan scan = {.limits = &none};
	struct fault fault;

	(void)state;
	assert_int_equal(codec_scan(&scan, (const unsigned char *)"\xc0", 1, &fault), ERR_PROTOCOL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_limits_nothing_passes),
	    cmocka_unit_test(scan_agrees_with_msgpack_c_on_random_objects),
	    cmocka_unit_test(scan_waits_at_every_truncation_and_ends_where_the_whole_does),
	    cmocka_unit_test(scan_takes_every_form_of_a_length),
	    cmocka_unit_test(ext_types_and_the_reserved_byte_are_refused),
	    cmocka_unit_test(a_key_that_is_no_string_is_refused_at_its_first_byte),
	    cmocka_unit_test(text_that_is_not_utf8_is_refused),
	    cmocka_unit_test(counts_and_lengths_are_refused_before_their_bytes_come),
	    cmocka_unit_test(depth_is_refused_one_level_above_the_limit),
	    cmocka_unit_test(a_message_above_its_limit_is_refused_by_its_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
