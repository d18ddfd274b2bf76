#include "common/fault.h"

#include <ctype.h>

#include "tests/lib/check.h"

struct table_row {
	const char *enumerator, *name;
	int number, http, jsonrpc, exit_code, retry;
	const char *text;
};

#define ROW(name, wire, number, http, jsonrpc, exit_code, retry, text) \
	{#name, wire, number, http, jsonrpc, exit_code, retry, text},
static const struct table_row table[] = {ERR_TABLE(ROW)};

static void
numbers_names_codes_and_exits_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		for (size_t j = i + 1; j < ARRAY_SIZE(table); j++) {
			assert_int_not_equal(table[i].number, table[j].number);
			assert_string_not_equal(table[i].name, table[j].name);
			assert_int_not_equal(table[i].jsonrpc, table[j].jsonrpc);
			assert_int_not_equal(table[i].exit_code, table[j].exit_code);
		}
}

static void
jsonrpc_codes_stand_outside_the_reserved_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_false(table[i].jsonrpc >= -32768 && table[i].jsonrpc <= -32000);
}

/* 1 is every shell's "failed", 2 is usage, 126 and up mean that a program did not run or was
 * killed: none of them may be mistaken for a typed error. */
static void
exit_codes_collide_with_no_convention_of_the_shell(void **state)
{
	(void)state;
	assert_int_equal(table[0].exit_code, 0);
	for (size_t i = 1; i < ARRAY_SIZE(table); i++)
		assert_in_range(table[i].exit_code, 3, 125);
}

static void
every_row_is_a_client_or_server_error_with_a_name_and_a_text(void **state)
{
	(void)state;
	for (size_t i = 1; i < ARRAY_SIZE(table); i++) {
		size_t length = strlen(table[i].name);

		assert_in_range(table[i].http, 400, 599);
		assert_true(length > 5 && strcmp(table[i].name + length - 5, "Error") == 0);
		assert_true(isupper((unsigned char)table[i].name[0]));
		assert_true(strlen(table[i].text) > 0);
		assert_in_range(table[i].retry, 0, 1);
	}
}

static void
name_and_number_find_each_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct err_info *info = err_info((enum err)table[i].number);

		assert_string_equal(info->name, table[i].name);
		assert_int_equal(info->http, table[i].http);
		assert_int_equal(info->jsonrpc, table[i].jsonrpc);
		assert_int_equal(info->exit_code, table[i].exit_code);
		assert_int_equal(err_from_name(table[i].name), table[i].number);
	}
}

static void
an_unknown_number_or_name_is_an_internal_error(void **state)
{
	(void)state;
	assert_string_equal(err_name((enum err)9999), "InternalError");
	assert_string_equal(err_name((enum err) - 1), "InternalError");
	assert_int_equal(err_from_name("NoSuchError"), ERR_INTERNAL);
	assert_int_equal(err_from_name(""), ERR_INTERNAL);
}

static void
set_clears_what_an_older_fault_said(void **state)
{
	struct fault fault;

	(void)state;
	fault_set(&fault, ERR_LIMIT, "old");
	fault_at(&fault, "tools.allow", 7);
	fault_field(&fault, "path", "a, b");
	assert_int_equal(fault_set(&fault, ERR_POLICY, "line %d", 3), ERR_POLICY);
	assert_string_equal(fault.message, "line 3");
	assert_string_equal(fault.rule, "");
	assert_string_equal(fault.field, "");
	assert_string_equal(fault.allowed, "");
	assert_int_equal(fault.line, 0);
}

static void
rule_and_field_are_added_and_keep_the_code(void **state)
{
	struct fault fault;

	(void)state;
	fault_set(&fault, ERR_TOOL_ARGUMENT, "no");
	assert_int_equal(fault_at(&fault, "tools.git.allow", 12), ERR_TOOL_ARGUMENT);
	assert_int_equal(fault_field(&fault, "$.path", "one of: a"), ERR_TOOL_ARGUMENT);
	assert_int_equal(fault_at(&fault, NULL, 13), ERR_TOOL_ARGUMENT);
	assert_int_equal(fault_field(&fault, NULL, NULL), ERR_TOOL_ARGUMENT);
	assert_string_equal(fault.rule, "tools.git.allow");
	assert_int_equal(fault.line, 13);
	assert_string_equal(fault.field, "$.path");
	assert_string_equal(fault.allowed, "one of: a");
}

static void
a_caller_may_do_without_a_fault(void **state)
{
	(void)state;
	assert_int_equal(fault_set(NULL, ERR_LIMIT, "x"), ERR_LIMIT);
	assert_int_equal(fault_at(NULL, "r", 1), ERR_INTERNAL);
	assert_int_equal(fault_field(NULL, "f", NULL), ERR_INTERNAL);
}

static void
a_long_message_is_cut_and_terminated(void **state)
{
	char longer[2 * FAULT_MESSAGE_MAX];
	struct fault fault;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	fault_set(&fault, ERR_LIMIT, "%s", longer);
	assert_int_equal(strlen(fault.message), FAULT_MESSAGE_MAX - 1);
	fault_at(&fault, longer, 1);
	assert_int_equal(strlen(fault.rule), FAULT_RULE_MAX - 1);
}

static void
hostile_text_cannot_forge_a_line_or_drive_a_terminal(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
	    {"plain text", "plain text"}, {"a\nb\r\tc", "a?b??c"}, {"\x1b[31mred", "?[31mred"},
	    {"\x7f", "?"}, {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"}, {"\xff\xfe", "??"},
	    {"\xc3", "?"}, {"\xc0\xaf", "??"}, /* overlong slash */
	    {"\xed\xa0\x80", "???"},           /* surrogate */
	    {"a\xe2\x80\xae"
	     "b",
		"a?b"}, /* right-to-left override, CVE-2021-42574 */
	    {"a\xe2\x80\x8b"
	     "b",
		"a?b"}, /* zero width space */
	    {"\xc2\x9b"
	     "31m",
		"?31m"},           /* C1 control sequence introducer */
	    {"\xe2\x80\xa8", "?"}, /* line separator */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char to[64];

		text_copy(to, sizeof(to), rows[i].from);
		assert_string_equal(to, rows[i].to);
	}
}

static void
text_copy_never_splits_a_character(void **state)
{
	char to[6];

	(void)state;
	text_copy(to, sizeof(to), "aaaa\xc3\xbc");
	assert_string_equal(to, "aaaa");
	text_copy(to, sizeof(to), "aaa\xc3\xbc");
	assert_string_equal(to, "aaa\xc3\xbc");
	text_copy(to, 1, "abc");
	assert_string_equal(to, "");
}

static void
text_copy_bytes_stops_at_its_length_and_at_nul(void **state)
{
	char to[16];

	(void)state;
	text_copy_bytes(to, sizeof(to), "abcdef", 3);
	assert_string_equal(to, "abc");
	text_copy_bytes(to, sizeof(to), "ab\0cd", 5);
	assert_string_equal(to, "ab");
	text_copy_bytes(to, sizeof(to), "a\xc3\xbc", 2);
	assert_string_equal(to, "a?");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_names_codes_and_exits_are_unique),
	    cmocka_unit_test(jsonrpc_codes_stand_outside_the_reserved_range),
	    cmocka_unit_test(exit_codes_collide_with_no_convention_of_the_shell),
	    cmocka_unit_test(every_row_is_a_client_or_server_error_with_a_name_and_a_text),
	    cmocka_unit_test(name_and_number_find_each_other),
	    cmocka_unit_test(an_unknown_number_or_name_is_an_internal_error),
	    cmocka_unit_test(set_clears_what_an_older_fault_said),
	    cmocka_unit_test(rule_and_field_are_added_and_keep_the_code),
	    cmocka_unit_test(a_caller_may_do_without_a_fault),
	    cmocka_unit_test(a_long_message_is_cut_and_terminated),
	    cmocka_unit_test(hostile_text_cannot_forge_a_line_or_drive_a_terminal),
	    cmocka_unit_test(text_copy_never_splits_a_character),
	    cmocka_unit_test(text_copy_bytes_stops_at_its_length_and_at_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
