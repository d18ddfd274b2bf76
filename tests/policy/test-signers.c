#include "policy/signers.h"

#include <stdio.h>
#include <time.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

/* Three keys that nobody has: their public halves are enough here. */
#define KEY_A "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define KEY_B "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
#define KEY_C "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh"

static enum err
parse(const char *text, struct policy_signers *ret, struct fault *fault)
{
	return policy_signers_parse(text, strlen(text), "signers", ret, fault);
}

static void
lines_are_read_as_ssh_keygen_documents_them(void **state)
{
	static const char text[] = "# who may sign\n"
				   "\n"
				   "alice@example.com,alice@home " KEY_A " Alice's laptop\n"
				   "\tbob@example.com\tnamespaces=\"git,praxa-*\",valid-after="
				   "\"20260101\",VALID-BEFORE=\"202701011230Z\" " KEY_B "\r\n"
				   "\"Carol B.\" " KEY_C;
	struct policy_signers signers = {0};
	struct fault fault;

	(void)state;
	assert_int_equal(parse(text, &signers, &fault), ERR_OK);
	assert_int_equal(signers.count, 3);
	assert_string_equal(signers.items[0].name, "alice@example.com,alice@home");
	assert_int_equal(signers.items[0].line, 3);
	assert_int_equal(signers.items[0].valid_after_s, 0);
	assert_int_equal(signers.items[0].valid_before_s, 0);
	assert_string_equal(
	    signers.items[0].fingerprint, "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA");
	assert_string_equal(signers.items[1].name, "bob@example.com");
	assert_int_equal(signers.items[1].valid_before_s, 1798806600);
	assert_string_equal(signers.items[2].name, "Carol B.");
	assert_int_equal(signers.items[2].line, 5);
	policy_signers_done(&signers);
}

static void
lines_for_other_namespaces_do_not_apply_and_need_not_be_ours(void **state)
{
	static const char text[] = "*@example.com cert-authority,namespaces=\"git\" " KEY_A "\n"
				   "bob namespaces=\"git,file\" " KEY_B "\n"
				   "dave namespaces=\"!praxa-policy,*\" ssh-dss AAAA\n"
				   "eve namespaces=\"praxa-[p]olicy\" " KEY_B "\n"
				   "carol namespaces=\"praxa-polic?\" " KEY_C "\n";
	struct policy_signers signers = {0};
	struct fault fault;

	(void)state;
	assert_int_equal(parse(text, &signers, &fault), ERR_OK);
	assert_int_equal(signers.count, 1);
	assert_string_equal(signers.items[0].name, "carol");
	policy_signers_done(&signers);
}

static void
a_line_that_could_silently_not_apply_does_not_load(void **state)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
	    {"alice", "expected PRINCIPAL"},
	    {"alice ssh-ed25519", "expected PRINCIPAL"},
	    {"alice namespaces=\"praxa-policy\"", "expected PRINCIPAL"},
	    {"\"alice " KEY_A, "quote has no end"},
	    {"alice namespaces=\"a b" KEY_A, "quote has no end"},
	    {"*@example.com " KEY_A, "is a pattern"},
	    {"!alice " KEY_A, "is a pattern"},
	    {"alice,,bob " KEY_A, "expected 1 to 8 principals"},
	    {"a,b,c,d,e,f,g,h,i " KEY_A, "expected 1 to 8 principals"},
	    {"alice cert-authority " KEY_A, "certificates are not accepted"},
	    {"alice cert-authority=\"x\" " KEY_A, "takes no value"},
	    {"alice verify-required " KEY_A, "unknown"},
	    {"alice namespaces " KEY_A, "not in quotes"},
	    {"alice namespaces=git " KEY_A, "not in quotes"},
	    {"alice namespaces=\"\" " KEY_A, "empty"},
	    {"alice namespaces=\"git\",namespaces=\"praxa-policy\" " KEY_A, "given twice"},
	    {"alice namespaces=\"a\"b=\"c\" " KEY_A, "expected a comma"},
	    {"alice valid-before=\"2026\" " KEY_A, "is no time"},
	    {"alice valid-before=\"20260231\" " KEY_A, "is no time"},
	    {"alice valid-before=\"20261301\" " KEY_A, "is no time"},
	    {"alice valid-after=\"202601010000 \" " KEY_A, "is no time"},
	    {"alice valid-after=\"20270101\",valid-before=\"20260101\" " KEY_A, "never valid"},
	    {"alice ssh-ed25519 AAAA", "no public key"},
	    {"alice ssh-ed25519 AAA", "no base64"},
	    {"alice ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
		"is a ssh-ed25519 key, not a ssh-rsa"},
	    {"alice ssh-dss AAAAB3NzaC1kc3M=", "is not accepted"},
	    {"al\xff"
	     "ice " KEY_A,
		"no text"},
	};
	struct policy_signers signers = {0};
	struct fault fault;
	char text[512];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(text, sizeof(text), "# one\n%s\n", rows[i].line);
		assert_int_equal(parse(text, &signers, &fault), ERR_POLICY);
		if (strncmp(fault.message, "signers:2: ", 11) != 0 ||
		    strstr(fault.message, rows[i].words) == NULL)
			fail_msg(
			    "%s: \"%s\" has no \"%s\"", rows[i].line, fault.message, rows[i].words);
	}
	assert_null(signers.items);
}

static void
expect_people(const char *text, const char *people)
{
	struct policy_signers signers = {0};
	struct fault fault;

	assert_int_equal(parse(text, &signers, &fault), ERR_OK);
	assert_int_equal(signers.count, strlen(people));
	for (uint32_t i = 0; i < signers.count; i++)
		for (uint32_t k = 0; k < i; k++)
			assert_int_equal(signers.items[i].person == signers.items[k].person,
			    people[i] == people[k]);
	policy_signers_done(&signers);
}

static void
whoever_shares_a_name_or_a_key_is_one_person(void **state)
{
	(void)state;
	expect_people("alice " KEY_A "\nbob " KEY_B "\ncarol " KEY_C "\n", "abc");
	expect_people("alice " KEY_A "\nALICE " KEY_B "\ncarol " KEY_C "\n", "aac");
	expect_people("alice " KEY_A "\nbob " KEY_A "\n", "aa");
	expect_people("alice,a " KEY_A "\nbob,b " KEY_B "\nb,a " KEY_C "\n", "aaa");
	expect_people("alice " KEY_A "\nbob " KEY_B "\nalice,bob namespaces=\"git\" " KEY_C, "ab");
}

static void
a_key_is_found_while_it_is_valid(void **state)
{
	static const char text[] =
	    "alice valid-after=\"20260101Z\",valid-before=\"20260201Z\" " KEY_A
	    "\nalice valid-after=\"20260301Z\" " KEY_A "\nbob " KEY_B "\n";
	static const struct {
		int64_t at;
		uint32_t line; /* 0: none */
		const char *words;
	} rows[] = {
	    {1767225599, 0, "the key of alice is not valid yet (line 2)"},
	    {1767225600, 1, NULL},
	    {1769904000, 1, NULL},
	    {1769904001, 0, "the key of alice is not valid yet (line 2)"},
	    {1772323200, 2, NULL},
	};
	struct policy_signers signers = {0};
	struct policy_bytes key;
	struct fault fault;

	(void)state;
	assert_int_equal(parse(text, &signers, &fault), ERR_OK);
	key = signers.items[0].key.blob;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct policy_signer *found =
		    policy_signers_find(&signers, key, rows[i].at, &fault);

		assert_int_equal(found != NULL ? found->line : 0, rows[i].line);
		if (rows[i].words != NULL)
			assert_string_equal(fault.message, rows[i].words);
	}
	assert_null(policy_signers_find(
	    &signers, (struct policy_bytes){(const unsigned char *)"x", 1}, 0, &fault));
	assert_non_null(strstr(fault.message, "not among the allowed signers"));
	policy_signers_done(&signers);
}

static void
a_time_without_z_is_local(void **state)
{
	static const char text[] = "alice valid-after=\"20260701\" " KEY_A "\n";
	struct policy_signers signers = {0};
	struct fault fault;

	(void)state;
	setenv("TZ", "XYZ-2", 1); /* two hours ahead of UTC */
	tzset();
	assert_int_equal(parse(text, &signers, &fault), ERR_OK);
	assert_int_equal(signers.items[0].valid_after_s, 1782864000 - 2 * 3600);
	policy_signers_done(&signers);
	setenv("TZ", "UTC", 1);
	tzset();
}

static void
too_many_signers_and_a_file_too_long_are_refused(void **state)
{
	enum { LINES = SIGNERS_MAX + 1, LINE = 128 };
	SCOPED_FREE char *text = calloc(LINES, LINE);
	struct policy_signers signers = {0};
	struct fault fault;
	size_t n = 0;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < LINES; i++)
		n += (size_t)snprintf(text + n, LINE, "p%d " KEY_A "\n", i);
	assert_int_equal(parse(text, &signers, &fault), ERR_POLICY);
	assert_non_null(strstr(fault.message, ":1025: more than 1024 signers"));
	assert_int_equal(
	    policy_signers_parse(text, SIGNERS_FILE_MAX + 1, "s", &signers, &fault), ERR_POLICY);
	assert_int_equal(policy_signers_open("/nonexistent/s", &signers, &fault), ERR_NOT_FOUND);
}

static bool
parse_once(void *context)
{
	struct policy_signers signers = {0};
	struct fault fault;
	enum err r = parse(context, &signers, &fault);

	if (r == ERR_OK)
		policy_signers_done(&signers);
	return r == ERR_OK || r == ERR_INTERNAL;
}

static void
every_allocation_may_fail(void **state)
{
	static char text[] = "alice,a namespaces=\"!git,praxa-*\" " KEY_A "\nbob " KEY_B "\n";

	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, parse_once, text) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_read_as_ssh_keygen_documents_them),
	    cmocka_unit_test(lines_for_other_namespaces_do_not_apply_and_need_not_be_ours),
	    cmocka_unit_test(a_line_that_could_silently_not_apply_does_not_load),
	    cmocka_unit_test(whoever_shares_a_name_or_a_key_is_one_person),
	    cmocka_unit_test(a_key_is_found_while_it_is_valid),
	    cmocka_unit_test(a_time_without_z_is_local),
	    cmocka_unit_test(too_many_signers_and_a_file_too_long_are_refused),
	    cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests_name("policy-signers", tests, NULL, NULL);
}
