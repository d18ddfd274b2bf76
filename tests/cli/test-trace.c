/* What a program was seen to do becomes a profile that allows it, and little else. */
#include "cli/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

static struct profile *base;

static void
note(struct trace *trace, int number, uint64_t a, uint64_t b)
{
	trace_note(trace,
	    &(struct seccomp_data){.nr = number, .arch = base->arch, .args = {a, b, 99, 98, 97}});
}

static struct trace *
trace_new(void)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	assert_non_null(trace);
	trace->known[trace->known_count++] = base;
	trace_begin(trace, base->arch);
	return trace;
}

static struct profile *
propose(const struct trace *trace)
{
	SCOPED_FREE char *text = trace_profile(trace, "what \"it\"\n used");
	struct profile *profile = NULL;
	struct fault fault = {0};

	assert_non_null(text);
	if (profile_parse(text, strlen(text), "proposed", 0, &profile, &fault) != ERR_OK)
		fail_msg("%s in\n%s", fault.message, text);
	assert_int_equal(trace_missing(trace, profile), 0);
	return profile;
}

static uint32_t
ask(const struct profile *profile, int number, uint64_t a, uint64_t b)
{
	struct profile_answer answer;

	profile_ask(profile,
	    &(struct seccomp_data){.nr = number, .arch = profile->arch, .args = {a, b}}, &answer);
	return answer.action;
}

static void
what_was_seen_is_allowed_and_nothing_else(void **state)
{
	SCOPED_FREE struct trace *trace = trace_new();
	struct profile *profile;

	(void)state;
	note(trace, SYS_read, 0, 0);
	note(trace, SYS_read, 1, 2);
	note(trace, SYS_fchown, 0, 0);
	profile = propose(trace);
	assert_int_equal(ask(profile, SYS_read, 5, 5), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(profile, SYS_fchown, 5, 5), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(profile, SYS_openat, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
	/* What every cell needs before its program runs. */
	assert_int_equal(ask(profile, SYS_execve, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(profile, SYS_write, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(profile, SYS_prctl, 21, 0), SECCOMP_RET_ALLOW);
	assert_string_equal(profile->reason, "what \"it\"\n used");
	profile_free(&profile);
}

static void
arguments_that_matter_are_part_of_a_rule(void **state)
{
	SCOPED_FREE struct trace *trace = trace_new();
	struct profile *profile;

	(void)state;
	note(trace, SYS_ioctl, 1, 0x5401);
	note(trace, SYS_ioctl, 2, 0x5401);
	note(trace, SYS_clone, 0x1200011, 0);
	note(trace, SYS_socket, 1, 0x80001);
	profile = propose(trace);
	assert_int_equal(ask(profile, SYS_ioctl, 7, 0x5401), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(profile, SYS_ioctl, 7, 0x5412), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(ask(profile, SYS_clone, 0x3d0f00, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(profile, SYS_clone, 0x10000011, 0), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(ask(profile, SYS_socket, 1, 1), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(profile, SYS_socket, 2, 1), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(ask(profile, SYS_prctl, 22, 0), SECCOMP_RET_ERRNO | ENOSYS);
	profile_free(&profile);
}

static void
too_many_different_arguments_are_any(void **state)
{
	SCOPED_FREE struct trace *trace = trace_new();
	unsigned before = trace->count;
	struct profile *profile;

	(void)state;
	for (uint64_t command = 0; command < 200; command++)
		note(trace, SYS_ioctl, 0, command);
	assert_int_equal(trace->count, before + 1);
	assert_int_equal(trace->calls[before].count, 200);
	profile = propose(trace);
	assert_int_equal(ask(profile, SYS_ioctl, 0, 0x5412), SECCOMP_RET_ALLOW);
	profile_free(&profile);
}

/* A pointer is no value to put into a list: none, or any. */
static void
an_address_is_none_or_any(void **state)
{
	static const struct {
		uint64_t address;
		uint32_t other;
	} cases[] = {{0, SECCOMP_RET_ERRNO | ENOSYS}, {4096, SECCOMP_RET_ALLOW}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		SCOPED_FREE struct trace *trace = trace_new();
		struct seccomp_data data = {.nr = SYS_sendto, .arch = base->arch};
		struct profile_answer answer;
		struct profile *profile;

		trace_note(trace, &data);
		data.args[4] = cases[i].address;
		trace_note(trace, &data);
		profile = propose(trace);
		data.args[4] = 8192;
		profile_ask(profile, &data, &answer);
		assert_int_equal(answer.action, cases[i].other);
		profile_free(&profile);
	}
}

static void
reasons_are_those_of_the_known_profiles(void **state)
{
	SCOPED_FREE struct trace *trace = trace_new();
	SCOPED_FREE char *text = NULL;

	(void)state;
	note(trace, SYS_read, 0, 0);
	note(trace, SYS_fchown, 0, 0);
	text = trace_profile(trace, "x");
	assert_non_null(strstr(text, "\"names\": [\"write\", \"read\"],"));
	assert_non_null(strstr(text, "\"reason\": \"files, stdio and the door\""));
	assert_non_null(strstr(text, "\"names\": [\"fchown\"],"));
	assert_non_null(strstr(text, "REVIEW: no profile of Praxa allows this"));
	assert_true(trace_is_new(trace, &trace->calls[trace->count - 1]));
	assert_false(trace_is_new(trace, &trace->calls[0]));
	assert_int_equal(trace_missing(trace, base), 1);
}

static void
what_has_no_name_is_counted_and_left_out(void **state)
{
	SCOPED_FREE struct trace *trace = trace_new();
	struct profile *profile = NULL;
	SCOPED_FREE char *text = NULL;

	(void)state;
	for (int number = 2000; number < 2000 + 2 * TRACE_CALLS_MAX; number++)
		note(trace, number, 0, 0);
	assert_int_equal(trace->count, TRACE_CALLS_MAX);
	assert_true(trace->lost > TRACE_CALLS_MAX);
	assert_true(trace_nameless(trace) > 0);
	text = trace_profile(trace, "x");
	assert_int_equal(profile_parse(text, strlen(text), "x", 0, &profile, NULL), ERR_OK);
	profile_free(&profile);
}

static void
what_hides_its_flags_stays_refused(void **state)
{
	(void)state;
	assert_true(trace_refuses(&(struct seccomp_data){.nr = SYS_clone3}));
	assert_true(trace_refuses(&(struct seccomp_data){.nr = SYS_io_uring_setup}));
	assert_false(trace_refuses(&(struct seccomp_data){.nr = SYS_clone}));
}

static bool
propose_once(void *context)
{
	free(trace_profile(context, "x")); /* NULL is what a failure looks like */
	return true;
}

static void
every_failing_allocation_is_noticed(void **state)
{
	SCOPED_FREE struct trace *trace = trace_new();

	(void)state;
	note(trace, SYS_fchown, 0, 0);
	fail_nth_until_ok(FAIL_MEMORY, ENOMEM, propose_once, trace);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_seen_is_allowed_and_nothing_else),
	    cmocka_unit_test(arguments_that_matter_are_part_of_a_rule),
	    cmocka_unit_test(too_many_different_arguments_are_any),
	    cmocka_unit_test(an_address_is_none_or_any),
	    cmocka_unit_test(reasons_are_those_of_the_known_profiles),
	    cmocka_unit_test(what_has_no_name_is_counted_and_left_out),
	    cmocka_unit_test(what_hides_its_flags_stays_refused),
	    cmocka_unit_test(every_failing_allocation_is_noticed),
	};
	char path[4096];
	int dir, failed;

	snprintf(path, sizeof(path), "%s/seccomp-profiles", getenv("PRAXA_SOURCE"));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || profile_load(dir, "base", &base, NULL) != ERR_OK)
		return 1;
	close(dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	profile_free(&base);
	return failed;
}
