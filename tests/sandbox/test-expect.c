/* The tables in seccomp-profiles/, against the compiled filters: every named call, and that nothing
 * else is answered otherwise than ENOSYS or, from another architecture, by the end of the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <seccomp.h>

#include "common/io.h"
#include "sandbox/bpf.h"
#include "sandbox/profile.h"
#include "tests/lib/check.h"
#include "tests/sandbox/expect.h"

enum { NUMBERS = 1024, X32_BIT = 0x40000000, FILE_MAX = 256 * 1024 };

static const uint32_t architectures[] = {
    AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64, AUDIT_ARCH_I386, AUDIT_ARCH_ARM, 0};

struct subject {
	const char *name;
	uint32_t arch;
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
	SCOPED_FREE char *text = NULL;
	struct fault fault = {0};
	size_t length = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s.json", subject->name);
	if (io_read_file(dir, path, FILE_MAX, &text, &length) < 0)
		return -1;
	if (profile_parse(text, length, subject->name, subject->arch, &subject->profile, &fault) !=
	    ERR_OK) {
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
		int number = seccomp_syscall_resolve_name_arch(subject->arch, line->calls[i]);
		uint32_t answer;

		if (number == __NR_SCMP_ERROR)
			fail_msg("%s.expect:%u: no call \"%s\"", subject->name, line->number,
			    line->calls[i]);
		if (number < 0 || number >= NUMBERS)
			continue; /* not on this architecture */
		named[number] = true;
		answer = ask(subject, subject->arch, (uint32_t)number, line->args);
		if (answer != line->verdict)
			fail_msg("%s.expect:%u: %s answers %#x, not %#x", subject->name,
			    line->number, line->calls[i], answer, line->verdict);
		if (!line->has_args)
			assert_int_equal(
			    ask(subject, subject->arch, (uint32_t)number, ones), line->verdict);
	}
}

static void
table_and_filter_agree_on_every_number(void **state)
{
	const struct subject *subject = *state;
	struct expect_line line = {0};
	bool named[NUMBERS] = {false};

	while (expect_next(subject->table, &line))
		if (line.arch == 0 || line.arch == subject->arch)
			check_line(subject, &line, named);
	for (uint32_t number = 0; number < NUMBERS; number++)
		if (!named[number] &&
		    ask(subject, subject->arch, number, NULL) != (SECCOMP_RET_ERRNO | ENOSYS))
			fail_msg("%s.expect does not name call %u", subject->name, number);
}

static void
every_call_of_another_architecture_kills(void **state)
{
	const struct subject *subject = *state;

	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		for (uint32_t number = 0; number < NUMBERS && architectures[i] != subject->arch;
		     number++)
			assert_int_equal(
			    ask(subject, architectures[i], number, NULL), SECCOMP_RET_KILL_PROCESS);
}

static void
every_x32_call_kills(void **state)
{
	const struct subject *subject = *state;
	uint32_t answer = subject->arch == AUDIT_ARCH_X86_64 ? SECCOMP_RET_KILL_PROCESS
							     : SECCOMP_RET_ERRNO | ENOSYS;

	/* An ABI of x86-64; elsewhere the bit only makes an unknown number. */
	for (uint32_t number = 0; number < NUMBERS; number++)
		assert_int_equal(ask(subject, subject->arch, number | X32_BIT, NULL), answer);
}

static void
no_more_calls_are_allowed_than_promised(void **state)
{
	const struct subject *subject = *state;

	assert_in_range(subject->profile->allowed, 1, subject->allowed_max);
}

/* Every rule of the file, asked for by number: what it answers is what the filter answers. */
static void
every_denied_call_has_its_reason(void **state)
{
	const struct subject *subject = *state;
	struct expect_line line = {0};

	while (expect_next(subject->table, &line))
		for (uint32_t i = 0; i < line.call_count; i++) {
			int number =
			    seccomp_syscall_resolve_name_arch(subject->arch, line.calls[i]);
			struct seccomp_data data = {.nr = number, .arch = subject->arch};
			struct profile_answer answer;

			if (number < 0 || (line.arch != 0 && line.arch != subject->arch))
				continue;
			memcpy(data.args, line.args, sizeof(data.args));
			profile_ask(subject->profile, &data, &answer);
			assert_int_equal(answer.action, line.verdict);
			assert_true(answer.named);
			assert_true((answer.rule == 0) == (answer.reason[0] == '\0'));
			if (answer.rule == 0)
				assert_int_equal(answer.action, SECCOMP_RET_ERRNO | ENOSYS);
		}
}

#define CLAIM(subject, claim)                                       \
	{                                                           \
#subject ": " #claim, claim, load, unload, &subject \
	}
#define SUBJECT(subject)                                              \
	CLAIM(subject, table_and_filter_agree_on_every_number),       \
	    CLAIM(subject, every_call_of_another_architecture_kills), \
	    CLAIM(subject, every_x32_call_kills),                     \
	    CLAIM(subject, no_more_calls_are_allowed_than_promised),  \
	    CLAIM(subject, every_denied_call_has_its_reason)
#define BOTH(profile, max)                                                                       \
	static struct subject profile##_x86_64 = {#profile, AUDIT_ARCH_X86_64, max, NULL, NULL}; \
	static struct subject profile##_aarch64 = {#profile, AUDIT_ARCH_AARCH64, max, NULL, NULL}

int
main(void)
{
	BOTH(base, 60);
	BOTH(python, 110);
	BOTH(node, 110);
	BOTH(shell, 140);
	const struct CMUnitTest tests[] = {
	    SUBJECT(base_x86_64),
	    SUBJECT(base_aarch64),
	    SUBJECT(python_x86_64),
	    SUBJECT(python_aarch64),
	    SUBJECT(node_x86_64),
	    SUBJECT(node_aarch64),
	    SUBJECT(shell_x86_64),
	    SUBJECT(shell_aarch64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
