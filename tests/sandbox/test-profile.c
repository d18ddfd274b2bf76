#include "sandbox/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

#define HEAD "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"syscalls\": ["
#define TAIL "]}"
#define READ "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"reason\": \"files\"}"
#define RULE(members) HEAD "{\"names\": [\"read\"], \"reason\": \"r\", " members "}" TAIL
#define ALLOW "\"action\": \"SCMP_ACT_ALLOW\""

static enum err
parse(const char *text, struct fault *fault)
{
	struct profile *profile = NULL;
	enum err r = profile_parse(text, strlen(text), "case", &profile, fault);

	assert_true((r == ERR_OK) == (profile != NULL));
	profile_free(&profile);
	return r;
}

static void
what_is_wrong_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"", "JSON"},
	    {"[]", "an object is expected"},
	    {"{\"defaultAction\": \"SCMP_ACT_ERRNO\"}", "\"syscalls\""},
	    {"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": []}", "no list"},
	    {"{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": []}", "\"defaultAction\""},
	    {"{\"syscalls\": []}", "\"defaultAction\""},
	    {"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 4096, \"syscalls\": []}",
		"\"defaultErrnoRet\""},
	    {HEAD TAIL " ", NULL},
	    {HEAD READ "," READ TAIL, "rule 2: another rule already answers \"read\""},
	    {HEAD "1" TAIL, "rule 1: an object"},
	    {HEAD "{}" TAIL, "needs a \"reason\""},
	    {HEAD "{\"names\": [\"read\"], " ALLOW "}" TAIL, "needs a \"reason\""},
	    {HEAD "{\"names\": [\"read\"], " ALLOW ", \"reason\": \"\"}" TAIL,
		"needs a \"reason\""},
	    {HEAD "{\"names\": [\"reed\"], " ALLOW ", \"reason\": \"r\"}" TAIL,
		"rule 1: libseccomp knows no system call \"reed\""},
	    {HEAD "{\"names\": [], " ALLOW ", \"reason\": \"r\"}" TAIL, "needs \"names\""},
	    {HEAD "{\"names\": [1], " ALLOW ", \"reason\": \"r\"}" TAIL, "names of system calls"},
	    {RULE("\"action\": \"SCMP_ACT_TRACE\""), "\"action\" must be"},
	    {RULE("\"actoin\": 1"), "unknown member \"actoin\""},
	    {RULE(ALLOW ", \"errnoRet\": -1"), "\"errnoRet\""},
	    {RULE(ALLOW ", \"args\": {}"), "\"args\""},
	    {RULE(ALLOW ", \"args\": [{\"index\": 6, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}]"),
		"\"index\""},
	    {RULE(ALLOW ", \"args\": [{\"index\": 0, \"op\": \"SCMP_CMP_EQ\"}]"), "\"value\""},
	    {RULE(ALLOW ", \"args\": [{\"index\": 0, \"value\": 0, \"op\": \"SCMP_CMP_IS\"}]"),
		"unknown operator \"SCMP_CMP_IS\""},
	    {RULE(ALLOW ", \"args\": [{\"index\": 0, \"value\": 0}]"), "unknown operator"},
	    {RULE(ALLOW ", \"args\": [{\"index\": 0, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"},"
			"{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_NE\"}]"),
		"argument 0 is compared twice"},
	    {HEAD "{\"names\": [\"read\"], \"names\": [], \"reason\": \"r\"}" TAIL, "JSON"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fault fault = {0};
		enum err r = parse(cases[i].text, &fault);

		if (cases[i].words == NULL) {
			assert_int_equal(r, ERR_OK);
			continue;
		}
		assert_int_equal(r, ERR_POLICY);
		if (strstr(fault.message, cases[i].words) == NULL ||
		    strstr(fault.message, "case.json") == NULL)
			fail_msg("\"%s\" says \"%s\", not \"%s\"", cases[i].text, fault.message,
			    cases[i].words);
	}
}

static void
a_name_is_plain_or_refused(void **state)
{
	static const char *const names[] = {"", ".", "../base", "base.json", "Base", "a/b",
	    "base\n", "0123456789012345678901234567890123456789012345678901234567890123"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct profile *profile = NULL;

		assert_int_equal(profile_load(AT_FDCWD, names[i], &profile, NULL), ERR_POLICY);
		assert_null(profile);
	}
}

static void
a_missing_file_is_named(void **state)
{
	struct profile *profile = NULL;
	struct fault fault = {0};

	(void)state;
	assert_int_equal(profile_load(AT_FDCWD, "nowhere", &profile, &fault), ERR_POLICY);
	assert_non_null(strstr(fault.message, "nowhere.json"));
}

static void
a_call_is_counted_once(void **state)
{
	struct profile *profile = NULL;
	static const char text[] =
	    HEAD "{\"names\": [\"ioctl\"], " ALLOW ", \"reason\": \"r\","
		 " \"args\": [{\"index\": 1, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]},"
		 "{\"names\": [\"ioctl\"], " ALLOW ", \"reason\": \"r\","
		 " \"args\": [{\"index\": 1, \"value\": 2, \"op\": \"SCMP_CMP_EQ\"}]}," READ TAIL;

	(void)state;
	assert_int_equal(profile_parse(text, strlen(text), "case", &profile, NULL), ERR_OK);
	assert_int_equal(profile->allowed, 2);
	assert_string_equal(profile->name, "case");
	profile_free(&profile);
}

static bool
parse_sample(void *context)
{
	struct profile *profile = NULL;
	struct fault fault = {0};
	enum err r =
	    profile_parse(HEAD READ TAIL, strlen(HEAD READ TAIL), "case", &profile, &fault);

	(void)context;
	profile_free(&profile);
	return r == ERR_OK || fault.code == r;
}

static void
every_failing_allocation_and_read_is_noticed(void **state)
{
	int before = check_open_fds();

	(void)state;
	fail_nth_until_ok(FAIL_MEMORY | FAIL_IO, EIO, parse_sample, NULL);
	assert_int_equal(check_open_fds(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_wrong_is_refused_with_its_place),
	    cmocka_unit_test(a_name_is_plain_or_refused),
	    cmocka_unit_test(a_missing_file_is_named),
	    cmocka_unit_test(a_call_is_counted_once),
	    cmocka_unit_test(every_failing_allocation_and_read_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
