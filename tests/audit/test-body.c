#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit/body.h"
#include "audit/record.h"
#include "tests/lib/fail_nth.h"

static enum err
decode(const void *bytes, size_t length, struct arena *arena, struct value *ret)
{
	arena_init(arena, BODY_ARENA_MAX);
	return body_decode(bytes, length, arena, ret, NULL);
}

static void
what_we_pack_is_decoded(void **state)
{
	static const char bytes[] = "\x87\xa1"
				    "a\xc0\xa1"
				    "b\xc3\xa1"
				    "c\xd0\x80\xa1"
				    "d\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00\xa1"
				    "e\xa2hi\xa1"
				    "f\xc4\x02\x00\x01\xa1"
				    "g\x92\x01\xcf\x7f\xff\xff\xff\xff\xff\xff\xff";
	struct arena arena;
	struct value value;

	(void)state;
	assert_int_equal(decode(bytes, sizeof(bytes) - 1, &arena, &value), ERR_OK);
	assert_int_equal(value.type, VALUE_MAP);
	assert_int_equal(value_get(&value, "a")->type, VALUE_NULL);
	assert_true(value_get(&value, "b")->boolean);
	assert_int_equal(value_get(&value, "c")->integer, -128);
	assert_true(value_get(&value, "d")->real > 0.49);
	assert_true(value_is_string(value_get(&value, "e"), "hi"));
	assert_int_equal(value_get(&value, "f")->type, VALUE_BYTES);
	assert_int_equal(value_get(&value, "g")->items[1].integer, INT64_MAX);
	arena_clear(&arena);
	assert_int_equal(decode("", 0, &arena, &value), ERR_OK);
	assert_int_equal(value.type, VALUE_NULL);
}

static void
what_we_never_pack_is_refused(void **state)
{
#define ROW(text)                      \
	{                              \
		text, sizeof(text) - 1 \
	}
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = {
	    ROW("\xc1"),                                 /* never used */
	    ROW("\xd4\x01\x00"),                         /* an extension */
	    ROW("\xc7\x00\x01"),                         /* another */
	    ROW("\x01\x01"),                             /* two objects */
	    ROW("\x92\x01"),                             /* too few */
	    ROW("\xdd\xff\xff\xff\xff"),                 /* four billion */
	    ROW("\xdf\xff\xff\xff\xff\x01"),             /* eight billion */
	    ROW("\xdb\xff\xff\xff\xff"),                 /* a long text */
	    ROW("\xda\xff"),                             /* half a length */
	    ROW("\x81\x01\x01"),                         /* a key that is a number */
	    ROW("\x82\xa1x\x01\xa1x\x02"),               /* a key twice */
	    ROW("\xa2\xc0\xaf"),                         /* overlong UTF-8 */
	    ROW("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), /* 2^64 - 1 */
	    ROW("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), /* not a number */
	    ROW("\xca\x7f\x80\x00\x00"),                 /* infinity */
	};
	struct arena arena;
	struct value value;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (decode(rows[i].bytes, rows[i].length, &arena, &value) != ERR_PROTOCOL)
			fail_msg("row %u was accepted", i);
		arena_clear(&arena);
	}
}

static void
depth_and_memory_have_limits(void **state)
{
	static unsigned char bytes[RECORD_BODY_MAX];
	struct arena arena;
	struct value value;

	(void)state;
	memset(bytes, 0x91, BODY_DEPTH_MAX);
	bytes[BODY_DEPTH_MAX - 1] = 0xc0;
	assert_int_equal(decode(bytes, BODY_DEPTH_MAX, &arena, &value), ERR_OK);
	arena_clear(&arena);
	bytes[BODY_DEPTH_MAX - 1] = 0x91;
	bytes[BODY_DEPTH_MAX] = 0xc0;
	assert_int_equal(decode(bytes, BODY_DEPTH_MAX + 1, &arena, &value), ERR_PROTOCOL);
	arena_clear(&arena);
	/* The most objects that a body can hold are within the arena. */
	memset(bytes, 0xc0, sizeof(bytes));
	memcpy(bytes, "\xdc\xef\xfd", 3);
	assert_int_equal(decode(bytes, sizeof(bytes), &arena, &value), ERR_OK);
	assert_int_equal(value.length, 0xeffd);
	arena_clear(&arena);
	arena_init(&arena, 4096);
	assert_int_equal(body_decode(bytes, sizeof(bytes), &arena, &value, NULL), ERR_LIMIT);
	arena_clear(&arena);
}

static bool
decode_or_notice(void *context)
{
	struct arena arena;
	struct value value;

	(void)context;
	(void)!decode("\x81\xa1x\x92\x01\x02", 6, &arena, &value);
	arena_clear(&arena);
	return true;
}

static void
running_out_of_memory_is_noticed(void **state)
{
	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, decode_or_notice, NULL) >= 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_we_pack_is_decoded),
	    cmocka_unit_test(what_we_never_pack_is_refused),
	    cmocka_unit_test(depth_and_memory_have_limits),
	    cmocka_unit_test(running_out_of_memory_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
