/* The tables in seccomp-profiles/, against this kernel: it is asked for the answer to each call of
 * each table, and to every number that no table names.
 *
 * No call is executed, whatever the profile says: a second filter, put up first, hands every call
 * that the profile allows to a listener, which refuses it in a way of its own. The kernel takes the
 * sterner of two answers, and notification is sterner than permission only (seccomp(2)). */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "sandbox/listener.h"
#include "sandbox/profile.h"
#include "tests/lib/check.h"
#include "tests/sandbox/expect.h"

enum {
	NUMBERS = 1024,
	QUESTIONS_MAX = 4096,
	REPORT_FD = 100,  /* where a child answers; far from what a table asks about */
	ALLOWED = EXFULL, /* the listener's own way to refuse: no profile answers it */
	KILLED = -1,
	PATIENCE_MS = 20000,
};

#if defined(__x86_64__)
static const uint32_t native = AUDIT_ARCH_X86_64;
/* uretprobe and uprobe, Linux 6.14 and 6.17: the kernel asks no filter about them, and ends with
 * SIGILL whoever calls them from elsewhere than its own trampolines. */
enum { UNASKED_FIRST = 335, UNASKED_LAST = 336 };
#else
static const uint32_t native = AUDIT_ARCH_AARCH64;
enum { UNASKED_FIRST = 1, UNASKED_LAST = 0 }; /* none */
#endif

struct question {
	int number, wanted; /* errno, ALLOWED or KILLED */
	uint64_t args[6];
};

struct subject {
	struct profile *profile;
	struct question questions[QUESTIONS_MAX];
	unsigned count;
};

static void
put_question(struct subject *subject, int number, uint32_t verdict, const uint64_t args[6])
{
	struct question *question = &subject->questions[subject->count];

	assert_true(subject->count++ < QUESTIONS_MAX);
	question->number = number;
	question->wanted = verdict == SECCOMP_RET_ALLOW ? ALLOWED
			   : verdict == SECCOMP_RET_KILL_PROCESS
			       ? KILLED
			       : (int)(verdict & SECCOMP_RET_DATA);
	memcpy(question->args, args, sizeof(question->args));
}

static void
put_line(struct subject *subject, const struct expect_line *line, bool named[NUMBERS])
{
	static const uint64_t ones[6] = {
	    ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)};

	for (uint32_t i = 0; i < line->call_count; i++) {
		int number = seccomp_syscall_resolve_name_arch(native, line->calls[i]);

		if (number < 0 || number >= NUMBERS)
			continue; /* not on this architecture */
		named[number] = true;
		put_question(subject, number, line->verdict, line->args);
		if (!line->has_args)
			put_question(subject, number, line->verdict, ones);
	}
}

static void
read_table(struct subject *subject, int dir, const char *name)
{
	static const uint64_t nothing[6];
	struct expect_line line = {0};
	bool named[NUMBERS] = {false};
	char path[64];
	FILE *table;

	snprintf(path, sizeof(path), "%s.expect", name);
	table = fdopen(openat(dir, path, O_RDONLY | O_CLOEXEC), "r");
	assert_non_null(table);
	while (expect_next(table, &line))
		if (line.arch == 0 || line.arch == native)
			put_line(subject, &line, named);
	fclose(table);
	for (int number = 0; number < NUMBERS; number++)
		if (!named[number] && (number < UNASKED_FIRST || number > UNASKED_LAST))
			put_question(subject, number, SECCOMP_RET_ERRNO | ENOSYS, nothing);
}

/* Hands every call to a listener but the two that a child makes for itself. */
static int
install_listener(void)
{
	const struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 3, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, REPORT_FD, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	const struct sock_fprog program = {
	    sizeof(filter) / sizeof(filter[0]), (struct sock_filter *)(uintptr_t)filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(
	    SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static void
report(int value)
{
	if (write(REPORT_FD, &value, sizeof(value)) != (ssize_t)sizeof(value))
		__builtin_trap();
}

/* In the child: says its listener's number, then one errno a question. Does not return. */
static _Noreturn void
ask(const struct subject *subject, unsigned first, unsigned end)
{
	const struct sock_fprog program = {(unsigned short)subject->profile->length,
	    (struct sock_filter *)(uintptr_t)subject->profile->filter};

	report(install_listener());
	/* Waits for its answer, and with that until the parent has the listener. */
	syscall(SYS_getppid);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		__builtin_trap();
	for (unsigned i = first; i < end; i++) {
		const struct question *question = &subject->questions[i];
		const uint64_t *args = question->args;
		long r =
		    syscall(question->number, args[0], args[1], args[2], args[3], args[4], args[5]);

		report(r < 0 ? errno : 0);
	}
	for (;;)
		__builtin_trap();
}

struct session {
	pid_t pid;
	int report, listener;
};

static void
session_begin(const struct subject *subject, unsigned first, unsigned end, struct session *ret)
{
	int ends[2], listener = -1, pidfd;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	ret->pid = fork();
	assert_true(ret->pid >= 0);
	if (ret->pid == 0) {
		if (dup2(ends[1], REPORT_FD) < 0)
			_exit(1);
		ask(subject, first, end);
	}
	close(ends[1]);
	ret->report = ends[0];
	assert_int_equal(io_read_full(ret->report, &listener, sizeof(listener)), sizeof(listener));
	pidfd = (int)syscall(SYS_pidfd_open, ret->pid, 0);
	ret->listener = (int)syscall(SYS_pidfd_getfd, pidfd, listener, 0);
	close(pidfd);
	assert_true(ret->listener >= 0);
}

/* Refuses what the profile let through, until the child has answered. KILLED: it never will. */
static int
session_answer(const struct session *session)
{
	struct pollfd fds[] = {{session->report, POLLIN, 0}, {session->listener, POLLIN, 0}};
	struct listener_call call;
	int answer = KILLED;

	for (;;) {
		assert_true(poll(fds, 2, PATIENCE_MS) > 0);
		if (fds[0].revents != 0)
			return io_read_full(session->report, &answer, sizeof(answer)) ==
				       (ssize_t)sizeof(answer)
				   ? answer
				   : KILLED;
		if (listener_read(session->listener, &call) > 0)
			listener_answer(session->listener, call.id, ALLOWED);
		else
			fds[1].fd = -1;
	}
}

static int
session_end(const struct session *session)
{
	int status = 0;

	kill(session->pid, SIGKILL);
	assert_int_equal(waitpid(session->pid, &status, 0), session->pid);
	close(session->report);
	close(session->listener);
	return status;
}

static unsigned
check(const struct subject *subject, unsigned i, int answer)
{
	const struct question *question = &subject->questions[i];
	char *name;

	if (answer == question->wanted)
		return 0;
	name = seccomp_syscall_resolve_num_arch(native, question->number);
	print_message("# %s (%d) first argument %#llx: %d, not %d\n", name != NULL ? name : "?",
	    question->number, (unsigned long long)question->args[0], answer, question->wanted);
	free(name);
	return 1;
}

/* Those that end the process, each in a process of its own. */
static unsigned
check_killed(const struct subject *subject)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < subject->count; i++) {
		struct session session;
		int status;

		if (subject->questions[i].wanted != KILLED)
			continue;
		session_begin(subject, i, i + 1, &session);
		wrong += check(subject, i, session_answer(&session));
		status = session_end(&session);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			wrong++;
	}
	return wrong;
}

/* All others in one process. */
static unsigned
check_answered(const struct subject *subject)
{
	struct subject *rest = calloc(1, sizeof(*rest));
	struct session session;
	unsigned wrong = 0;

	assert_non_null(rest);
	rest->profile = subject->profile;
	for (unsigned i = 0; i < subject->count; i++)
		if (subject->questions[i].wanted != KILLED)
			rest->questions[rest->count++] = subject->questions[i];
	session_begin(rest, 0, rest->count, &session);
	for (unsigned i = 0; i < rest->count; i++) {
		int answer = session_answer(&session);

		wrong += check(rest, i, answer);
		if (answer == KILLED)
			break; /* nobody is there for the rest */
	}
	session_end(&session);
	free(rest);
	return wrong;
}

static void
this_kernel_answers_as_the_table_says(void **state)
{
	struct subject *subject = calloc(1, sizeof(*subject));
	const char *name = *state;
	char path[4096];
	int dir;

	assert_non_null(subject);
	snprintf(path, sizeof(path), "%s/seccomp-profiles", getenv("PRAXA_SOURCE"));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	assert_int_equal(profile_load(dir, name, &subject->profile, NULL), ERR_OK);
	read_table(subject, dir, name);
	close(dir);
	assert_int_equal(check_answered(subject), 0);
	assert_int_equal(check_killed(subject), 0);
	print_message("# %s: %u questions\n", name, subject->count);
	profile_free(&subject->profile);
	free(subject);
}

#define CLAIM(profile)                                                                  \
	{                                                                               \
#profile ": this_kernel_answers_as_the_table_says",                     \
		    this_kernel_answers_as_the_table_says, NULL, NULL, (void *)#profile \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {CLAIM(base), CLAIM(node), CLAIM(python), CLAIM(shell)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
