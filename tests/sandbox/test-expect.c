/* The tables in seccomp-profiles/, against the compiled filters: every named call, and that nothing
 * else is answered otherwise than ENOSYS or, from another architecture, by the end of the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <seccomp.h>

#include "common/scope.h"
#include "sandbox/profile.h"
#include "tests/lib/check.h"
#include "tests/sandbox/bpf.h"
#include "tests/sandbox/expect.h"

enum { NUMBERS = 1024, X32_BIT = 0x40000000 };

#if defined(__x86_64__)
static const uint32_t native = AUDIT_ARCH_X86_64;
static const uint32_t foreign[] = {AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, 0};
#else
static const uint32_t native = AUDIT_ARCH_AARCH64;
static const uint32_t foreign[] = {AUDIT_ARCH_ARM, AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, 0};
#endif

struct subject {
	const char *name;
	uint32_t allowed_max; /* of the contract */
	struct profile *profile;
	FILE *table;
};

static int
profiles_dir(void)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/seccomp-profiles", getenv("PRAXA_SOURCE"));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int
load(void **state)
{
	struct subject *subject = *state;
	SCOPED_FD dir = profiles_dir();
	struct fault fault = {0};
	char path[64];
	int fd;

	if (profile_load(dir, subject->name, &subject->profile, &fault) != ERR_OK) {
		print_message("# %s\n", fault.message);
		return -1;
	}
	snprintf(path, sizeof(path), "%s.expect", subject->name);
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	subject->table = fd >= 0 ? fdopen(fd, "r") : NULL;
	return subject->table != NULL ? 0 : -1;
}

static int
unload(void **state)
{
	struct subject *subject = *state;

	profile_free(&subject->profile);
	if (subject->table != NULL)
		fclose(subject->table);
	subject->table = NULL;
	return 0;
}

static uint32_t
ask(const struct subject *subject, uint32_t arch, uint32_t number, const uint64_t *args)
{
	struct seccomp_data data = {.nr = (int)number, .arch = arch};

	if (args != NULL)
		memcpy(data.args, args, sizeof(data.args));
	return bpf_run(subject->profile->filter, subject->profile->length, &data);
}

/* Checks one line; marks its calls as named. */
static void
check_line(const struct subject *subject, const struct expect_line *line, bool named[NUMBERS])
{
	static const uint64_t ones[6] = {
	    ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)};

	for (uint32_t i = 0; i < line->call_count; i++) {
		int number = seccomp_syscall_resolve_name(line->calls[i]);
		uint32_t answer;

		if (number == __NR_SCMP_ERROR)
			fail_msg("%s.expect:%u: no call \"%s\"", subject->name, line->number,
			    line->calls[i]);
		if (number < 0 || number >= NUMBERS)
			continue; /* not on this architecture */
		named[number] = true;
		answer = ask(subject, native, (uint32_t)number, line->args);
		if (answer != line->verdict)
			fail_msg("%s.expect:%u: %s answers %#x, not %#x", subject->name,
			    line->number, line->calls[i], answer, line->verdict);
		if (!line->has_args)
			assert_int_equal(
			    ask(subject, native, (uint32_t)number, ones), line->verdict);
	}
}

static void
table_and_filter_agree_on_every_number(void **state)
{
	const struct subject *subject = *state;
	struct expect_line line = {0};
	bool named[NUMBERS] = {false};

	while (expect_next(subject->table, &line))
		check_line(subject, &line, named);
	for (uint32_t number = 0; number < NUMBERS; number++)
		if (!named[number] &&
		    ask(subject, native, number, NULL) != (SECCOMP_RET_ERRNO | ENOSYS))
			fail_msg("%s.expect does not name call %u", subject->name, number);
}

static void
every_call_of_another_architecture_kills(void **state)
{
	const struct subject *subject = *state;

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		for (uint32_t number = 0; number < NUMBERS; number++)
			assert_int_equal(
			    ask(subject, foreign[i], number, NULL), SECCOMP_RET_KILL_PROCESS);
}

static void
every_x32_call_kills(void **state)
{
#if defined(__x86_64__)
	const struct subject *subject = *state;

	for (uint32_t number = 0; number < NUMBERS; number++)
		assert_int_equal(
		    ask(subject, native, number | X32_BIT, NULL), SECCOMP_RET_KILL_PROCESS);
#else
	(void)state;
	CHECK_SKIP("x32 is an ABI of x86-64");
#endif
}

static void
no_more_calls_are_allowed_than_promised(void **state)
{
	const struct subject *subject = *state;

	assert_in_range(subject->profile->allowed, 1, subject->allowed_max);
}

#define SUBJECT(subject)                                                                       \
	{#subject ": table and filter agree on every number",                                  \
	    table_and_filter_agree_on_every_number, load, unload, &subject},                   \
	    {#subject ": every call of another architecture kills",                            \
		every_call_of_another_architecture_kills, load, unload, &subject},             \
	    {#subject ": every x32 call kills", every_x32_call_kills, load, unload, &subject}, \
	{                                                                                      \
#subject ": no more calls are allowed than promised",                          \
		    no_more_calls_are_allowed_than_promised, load, unload, &subject            \
	}

int
main(void)
{
	static struct subject base = {.name = "base", .allowed_max = 60};
	static struct subject python = {.name = "python", .allowed_max = 110};
	static struct subject shell = {.name = "shell", .allowed_max = 140};
	const struct CMUnitTest tests[] = {SUBJECT(base), SUBJECT(python), SUBJECT(shell)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
