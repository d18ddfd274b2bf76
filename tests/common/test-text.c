#include "common/text.h"

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

static void
hex_and_unhex_are_inverse(void **state)
{
	unsigned char bytes[256], back[256];
	char text[2 * sizeof(bytes) + 1];

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	text_hex(text, bytes, sizeof(bytes));
	assert_memory_equal(text, "000102", 6);
	assert_string_equal(text + 2 * 253, "fdfeff");
	assert_true(text_unhex(text, back, sizeof(back)));
	assert_memory_equal(bytes, back, sizeof(bytes));
}

static void
unhex_wants_exactly_its_digits(void **state)
{
	unsigned char out[2];

	(void)state;
	assert_true(text_unhex("aBCd", out, 2));
	assert_memory_equal(out, "\xab\xcd", 2);
	assert_true(text_unhex("", out, 0));
	assert_false(text_unhex("abc", out, 2));
	assert_false(text_unhex("abcde", out, 2));
	assert_false(text_unhex("abcg", out, 2));
	assert_false(text_unhex("", out, 1));
	assert_false(text_unhex(" abc", out, 2));
	assert_false(text_unhex("0x12", out, 2));
}

/* RFC 4648 section 10 */
static const struct {
	const char *plain, *coded;
} vectors[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

static void
base64_follows_the_vectors_of_rfc_4648(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		SCOPED_FREE char *coded = text_base64(vectors[i].plain, strlen(vectors[i].plain));
		char back[16];
		long n;

		assert_string_equal(coded, vectors[i].coded);
		n = text_unbase64(coded, strlen(coded), back, sizeof(back));
		assert_int_equal(n, strlen(vectors[i].plain));
		assert_memory_equal(back, vectors[i].plain, (size_t)n);
	}
}

static void
base64_accepts_one_text_for_one_value(void **state)
{
	static const char *const bad[] = {"Zg", "Zg=", "Zg===", "Zh==" /* a bit behind the end */,
	    "Zm9=", "=", "====", "A===", "Zg==Zg==", "Zm9v\n", "Zm8-", "Zm8_", " Zm9", "Z=m9"};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(text_unbase64(bad[i], strlen(bad[i]), out, sizeof(out)), -1);
	assert_int_equal(text_unbase64("Zm\0v", 4, out, sizeof(out)), -1);
}

static void
unbase64_never_writes_behind_max(void **state)
{
	char out[4] = {'-', '-', '-', '-'};

	(void)state;
	assert_int_equal(text_unbase64("Zm9v", 4, out, 2), -1);
	assert_int_equal(text_unbase64("Zm9v", 4, out, 3), 3);
	assert_int_equal(text_unbase64("Zm9vYg==", 8, out, 3), -1);
	assert_int_equal(out[3], '-');
}

static void
base64_reports_memory_that_is_out(void **state)
{
	(void)state;
	fail_nth_arm(FAIL_MEMORY, 1, 0);
	assert_null(text_base64("x", 1));
	assert_true(fail_nth_disarm());
}

static void
time_is_rfc_3339_in_utc_with_milliseconds(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} rows[] = {{0, "1970-01-01T00:00:00.000Z"}, {999, "1970-01-01T00:00:00.999Z"},
	    {1709164799999, "2024-02-28T23:59:59.999Z"},
	    {1709164800000, "2024-02-29T00:00:00.000Z"},
	    {1795525228123, "2026-11-24T13:00:28.123Z"},
	    {253402300799999, "9999-12-31T23:59:59.999Z"}};
	char text[TEXT_TIME_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		text_time(text, rows[i].ms);
		assert_string_equal(text, rows[i].text);
	}
	text_time(text, UINT64_MAX);
	assert_true(strlen(text) < sizeof(text));
}

static void
quantities_need_a_whole_number_and_a_unit(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t bytes;
	} rows[] = {{"0B", true, 0}, {"1B", true, 1}, {"64KiB", true, 65536},
	    {"64MiB", true, 67108864}, {"2GiB", true, UINT64_C(2147483648)},
	    {"18446744073709551615B", true, UINT64_MAX}, {"18446744073709551616B", false, 0},
	    {"17179869183GiB", true, UINT64_C(18446744072635809792)}, {"17179869184GiB", false, 0},
	    {"", false, 0}, {"B", false, 0}, {"64", false, 0}, {"64M", false, 0},
	    {"64mib", false, 0}, {"64 MiB", false, 0}, {" 64MiB", false, 0}, {"-1B", false, 0},
	    {"+1B", false, 0}, {"1.5GiB", false, 0}, {"0x10B", false, 0}, {"64MiBx", false, 0},
	    {"64MiB ", false, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t bytes = 0;

		if (text_bytes(rows[i].text, &bytes) != rows[i].ok)
			fail_msg("\"%s\"", rows[i].text);
		if (rows[i].ok)
			assert_int_equal(bytes, rows[i].bytes);
	}
}

static void
durations_are_in_nanoseconds(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} rows[] = {{"250ms", 250000000}, {"1s", 1000000000}, {"10m", UINT64_C(600000000000)},
	    {"2h", UINT64_C(7200000000000)}, {"1d", UINT64_C(86400000000000)}};
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(text_duration(rows[i].text, &ns));
		assert_int_equal(ns, rows[i].ns);
	}
	assert_false(text_duration("10M", &ns));
	assert_false(text_duration("213504d", &ns)); /* more than 2^64 ns */
	assert_false(text_duration("10", &ns));
}

static void
nearest_suggests_only_what_is_near(void **state)
{
	static const char *const words[] = {"tools", "trigger", "memory", "sandbox", "go", NULL};
	static const char *const none[] = {NULL};
	char longer[200];

	(void)state;
	assert_string_equal(text_nearest("tool", words), "tools");
	assert_string_equal(text_nearest("triger", words), "trigger");
	assert_string_equal(text_nearest("memroy", words), "memory");
	assert_string_equal(text_nearest("tools", words), "tools");
	assert_null(text_nearest("network", words));
	assert_null(text_nearest("", words));
	assert_null(text_nearest("x", words));
	assert_null(text_nearest("tool", none));
	memset(longer, 't', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_null(text_nearest(longer, words));
}

static void
nearest_prefers_the_nearer_and_then_the_first(void **state)
{
	static const char *const words[] = {"reads", "read", "rea", NULL};
	static const char *const ties[] = {"abcx", "abcy", NULL};

	(void)state;
	assert_string_equal(text_nearest("read", words), "read");
	assert_string_equal(text_nearest("abcz", ties), "abcx");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hex_and_unhex_are_inverse),
	    cmocka_unit_test(unhex_wants_exactly_its_digits),
	    cmocka_unit_test(base64_follows_the_vectors_of_rfc_4648),
	    cmocka_unit_test(base64_accepts_one_text_for_one_value),
	    cmocka_unit_test(unbase64_never_writes_behind_max),
	    cmocka_unit_test(base64_reports_memory_that_is_out),
	    cmocka_unit_test(time_is_rfc_3339_in_utc_with_milliseconds),
	    cmocka_unit_test(quantities_need_a_whole_number_and_a_unit),
	    cmocka_unit_test(durations_are_in_nanoseconds),
	    cmocka_unit_test(nearest_suggests_only_what_is_near),
	    cmocka_unit_test(nearest_prefers_the_nearer_and_then_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
