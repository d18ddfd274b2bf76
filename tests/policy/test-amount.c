/* Amounts are exact: what is written is what is read, and is written again so. */
#include "policy/amount.h"

#include "common/scope.h"
#include "tests/lib/check.h"

static void
amounts_are_written_in_their_largest_exact_unit(void **state)
{
	static const struct {
		enum policy_unit unit;
		uint64_t amount;
		const char *text;
	} rows[] = {
	    {POLICY_UNIT_COUNT, 0, "0"},
	    {POLICY_UNIT_COUNT, 1024, "1024"},
	    {POLICY_UNIT_BYTES, 1024, "1KiB"},
	    {POLICY_UNIT_BYTES, 1025, "1025B"},
	    {POLICY_UNIT_BYTES, UINT64_C(3) << 30, "3GiB"},
	    {POLICY_UNIT_DURATION, 1, "1ns"},
	    {POLICY_UNIT_DURATION, UINT64_C(90000000000), "90s"},
	    {POLICY_UNIT_DURATION, UINT64_C(7200000000000), "2h"},
	    {POLICY_UNIT_MILLIONTHS, 0, "0.00"},
	    {POLICY_UNIT_MILLIONTHS, 500000, "0.50"},
	    {POLICY_UNIT_MILLIONTHS, 1, "0.000001"},
	    {POLICY_UNIT_MILLIONTHS, 25000000, "25.00"},
	    {POLICY_UNIT_MILLIONTHS, 1234500, "1.2345"},
	    {POLICY_UNIT_MILLIONTHS, UINT64_MAX, "18446744073709.551615"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[POLICY_AMOUNT_MAX];

		policy_amount_text(text, rows[i].unit, rows[i].amount);
		assert_string_equal(text, rows[i].text);
	}
}

static void
amounts_are_read_exactly_or_not_at_all(void **state)
{
	static const struct {
		const char *text;
		uint64_t millionths;
	} good[] = {{"0", 0}, {"0.5", 500000}, {"0.50", 500000}, {"25", 25000000}, {"0.000001", 1},
	    {"007.1", 7100000}, {"18446744073709.551615", UINT64_MAX}};
	static const char *const bad[] = {"", ".", ".5", "1.", "-1", "+1", "1e3", "0.0000001", "1 ",
	    " 1", "1.2.3", "0x1", "18446744073709.551616", "99999999999999999999", "1,5", "1.5 "};
	uint64_t amount = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(policy_amount_parse(good[i].text, &amount));
		assert_int_equal(amount, good[i].millionths);
	}
	amount = 7;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(policy_amount_parse(bad[i], &amount));
	assert_int_equal(amount, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(amounts_are_written_in_their_largest_exact_unit),
	    cmocka_unit_test(amounts_are_read_exactly_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
