#include "sandbox/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>

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
	enum err r = profile_parse(text, strlen(text), "case", 0, &profile, fault);

	assert_true((r == ERR_OK) == (profile != NULL));
	profile_free(&profile);
	return r;
}

static const struct {
	const char *text, *words;
} wrong[] = {
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
    {HEAD "{\"names\": [\"read\"], " ALLOW ", \"reason\": \"\"}" TAIL, "needs a \"reason\""},
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
    {RULE(ALLOW ", \"includes\": []"), "an object is expected"},
    {RULE(ALLOW ", \"includes\": {}"), "\"includes\" needs \"arches\""},
    {RULE(ALLOW ", \"includes\": {\"caps\": []}"), "unknown member \"caps\""},
    {RULE(ALLOW ", \"includes\": {\"arches\": []}"), "needs \"arches\""},
    {RULE(ALLOW ", \"includes\": {\"arches\": [\"mips\"]}"), "amd64 and arm64"},
    {RULE(ALLOW ", \"includes\": {\"arches\": [\"amd64\", 1]}"), "amd64 and arm64"},
    {HEAD "{\"names\": [\"read\"], \"names\": [], \"reason\": \"r\"}" TAIL, "JSON"},
};

static void
what_is_wrong_is_refused_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct fault fault = {0};
		enum err r = parse(wrong[i].text, &fault);

		if (wrong[i].words == NULL) {
			assert_int_equal(r, ERR_OK);
			continue;
		}
		assert_int_equal(r, ERR_POLICY);
		if (strstr(fault.message, wrong[i].words) == NULL ||
		    strstr(fault.message, "case.json") == NULL)
			fail_msg("\"%s\" says \"%s\", not \"%s\"", wrong[i].text, fault.message,
			    wrong[i].words);
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
	assert_int_equal(profile_parse(text, strlen(text), "case", 0, &profile, NULL), ERR_OK);
	assert_int_equal(profile->allowed, 2);
	assert_string_equal(profile->name, "case");
	profile_free(&profile);
}

/* Two rules, of which each architecture has one, compiled for both by this one. */
static void
a_rule_can_be_for_one_architecture(void **state)
{
	static const char text[] =
	    HEAD "{\"names\": [\"unlink\", \"read\"], " ALLOW ", \"reason\": \"old\","
		 " \"includes\": {\"arches\": [\"amd64\"]}},"
		 "{\"names\": [\"unlinkat\", \"read\"], " ALLOW ", \"reason\": \"new\","
		 " \"includes\": {\"arches\": [\"arm64\"]}}" TAIL;
	static const char *const reasons[] = {"old", "new"};
	static const int reads[] = {0, 63};

	(void)state;
	for (unsigned i = 0; profile_archs[i] != 0; i++) {
		struct profile *profile = NULL;
		struct profile_answer answer;
		struct seccomp_data data = {.nr = reads[i], .arch = profile_archs[i]};

		assert_int_equal(
		    profile_parse(text, strlen(text), "case", profile_archs[i], &profile, NULL),
		    ERR_OK);
		assert_int_equal(profile->allowed, 2);
		profile_ask(profile, &data, &answer);
		assert_int_equal(answer.action, SECCOMP_RET_ALLOW);
		assert_string_equal(answer.reason, reasons[i]);
		data.arch ^= 1;
		profile_ask(profile, &data, &answer);
		assert_int_equal(answer.action, SECCOMP_RET_KILL_PROCESS);
		assert_int_equal(answer.rule, 0);
		profile_free(&profile);
	}
}

static void
an_answer_names_its_rule(void **state)
{
	static const char text[] =
	    HEAD READ ",{\"names\": [\"ioctl\"], " ALLOW ", \"reason\": \"one\","
		      " \"args\": [{\"index\": 1, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]},"
		      "{\"names\": [\"ioctl\"], \"action\": \"SCMP_ACT_ERRNO\","
		      " \"reason\": \"big\","
		      " \"args\": [{\"index\": 1, \"value\": 9, \"op\": \"SCMP_CMP_GT\"}]}" TAIL;
	static const struct {
		uint64_t arg;
		uint32_t rule;
		const char *reason;
	} cases[] = {{1, 2, "one"}, {10, 3, "big"}, {5, 0, ""}};
	struct profile *profile = NULL;
	struct profile_answer answer;
	struct seccomp_data data = {.nr = -1};

	(void)state;
	assert_int_equal(profile_parse(text, strlen(text), "case", 0, &profile, NULL), ERR_OK);
	data.arch = profile->arch;
	profile_ask(profile, &data, &answer);
	assert_false(answer.named);
	data.nr = SYS_ioctl;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		data.args[1] = cases[i].arg;
		profile_ask(profile, &data, &answer);
		assert_true(answer.named);
		assert_int_equal(answer.rule, cases[i].rule);
		assert_string_equal(answer.reason, cases[i].reason);
	}
	profile_free(&profile);
}

static void
a_call_has_a_name_wherever_it_is_from(void **state)
{
	char name[32];

	(void)state;
	profile_call_name(profile_archs[0], 0, name, sizeof(name));
	assert_string_equal(name, "read");
	profile_call_name(profile_archs[1], 63, name, sizeof(name));
	assert_string_equal(name, "read");
	profile_call_name(profile_archs[0], 100000, name, sizeof(name));
	assert_string_equal(name, "unknown");
	profile_call_name(1, 0, name, sizeof(name));
	assert_string_equal(name, "foreign");
}

static bool
parse_sample(void *context)
{
	struct profile *profile = NULL;
	struct fault fault = {0};
	enum err r =
	    profile_parse(HEAD READ TAIL, strlen(HEAD READ TAIL), "case", 0, &profile, &fault);

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
	    cmocka_unit_test(a_rule_can_be_for_one_architecture),
	    cmocka_unit_test(an_answer_names_its_rule),
	    cmocka_unit_test(a_call_has_a_name_wherever_it_is_from),
	    cmocka_unit_test(every_failing_allocation_and_read_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
