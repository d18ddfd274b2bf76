/* What is denied is answered, told once a kind, counted, and let go of when it becomes a flood. The
 * calls are real ones, of a child under a filter; the clock is ours. */
#include "supervisor/denied.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/listener.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

enum { FIRST_NUMBER = 1000 /* above every call */, MANY = 3000 };

static const char text[] =
    "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"syscalls\": ["
    "{\"names\": [\"getppid\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 1,"
    " \"args\": [{\"index\": 0, \"value\": 7, \"op\": \"SCMP_CMP_EQ\"}], \"reason\": \"seven\"}]}";

/* What denied.c was told of, and when it is. */
static struct {
	struct denied_call calls[2 * DENIED_CALLS_MAX];
	unsigned count;
	uint64_t now_ns, step_ns; /* of the clock, each time it is asked */
} world;

static struct event_base *base;
static struct profile *profile;

static uint64_t
monotonic_ns(void *context)
{
	(void)context;
	world.now_ns += world.step_ns;
	return world.now_ns;
}

static const struct clock steered = {.monotonic_ns = monotonic_ns};

static void
on_seen(void *context, const struct denied_call *call)
{
	assert_ptr_equal(context, &world);
	assert_true(world.count < ARRAY_SIZE(world.calls));
	world.calls[world.count++] = *call;
}

/* Lets every call go to the listener that is getppid or has no name. */
static int
take_filter(void)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_NUMBER, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(filter), .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(
	    SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static void
pass_on(int to, int fd)
{
	if (check_send(to, "", 1, &fd, 1) != 1)
		_exit(1);
}

struct child {
	pid_t pid;
	int listener;
};

/* A child that runs act under the filter and exits with what it returns. */
static struct child
child_start(int (*act)(void))
{
	struct child child = {.listener = -1};
	int pair[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		int fd = take_filter();

		if (fd < 0)
			_exit(1);
		pass_on(pair[1], fd);
		close(fd);
		_exit(act());
	}
	close(pair[1]);
	assert_int_equal(poll(&(struct pollfd){.fd = pair[0], .events = POLLIN}, 1, 20000), 1);
	assert_int_equal(listener_receive(pair[0], &byte, 1, &child.listener), 1);
	close(pair[0]);
	assert_true(child.listener >= 0);
	return child;
}

static int
child_end(const struct child *child)
{
	int status;

	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Runs act with somebody who listens, until nobody needs one any more. */
static struct denied_summary
run(int (*act)(void), uint64_t step_ns, int status)
{
	struct child child = child_start(act);
	struct denied_summary summary;
	struct denied *denied;

	memset(&world, 0, sizeof(world));
	world.step_ns = step_ns;
	denied = denied_new(base, child.listener, profile, &steered, on_seen, &world);
	assert_non_null(denied);
	event_base_dispatch(base); /* until it stops to listen */
	assert_int_equal(child_end(&child), status);
	denied_end(&denied, &summary);
	assert_null(denied);
	return summary;
}

static bool
fails_with(long result, int error)
{
	return result == -1 && errno == error;
}

static int
act_two_kinds(void)
{
	for (int i = 0; i < 3; i++)
		if (!fails_with(syscall(SYS_getppid, 7), EPERM))
			return 1;
	return fails_with(syscall(SYS_getppid, 8), ENOSYS) ? 0 : 2;
}

static void
each_kind_is_told_when_it_is_new_and_its_number_at_the_end(void **state)
{
	struct denied_summary summary = run(act_two_kinds, 0, 0);

	(void)state;
	assert_int_equal(summary.seen, DENIED_SEEN_ALL);
	assert_int_equal(summary.count, 4);
	assert_int_equal(world.count, 3);
	assert_int_equal(world.calls[0].count, 1);
	assert_int_equal(world.calls[0].error, EPERM);
	assert_int_equal(world.calls[0].data.args[0], 7);
	assert_string_equal(world.calls[0].answer.reason, "seven");
	assert_int_equal(world.calls[1].error, ENOSYS);
	assert_int_equal(world.calls[1].answer.rule, 0);
	assert_true(world.calls[1].answer.named);
	assert_int_equal(world.calls[2].count, 3);
	assert_string_equal(world.calls[2].answer.reason, "seven");
}

static int
act_many_kinds(void)
{
	for (int i = 0; i < DENIED_CALLS_MAX + 8; i++)
		if (!fails_with(syscall(FIRST_NUMBER + i), ENOSYS))
			return 1;
	return 0;
}

static void
kinds_beyond_the_table_are_in_the_sum(void **state)
{
	struct denied_summary summary = run(act_many_kinds, 0, 0);

	(void)state;
	assert_int_equal(summary.count, DENIED_CALLS_MAX + 8);
	assert_int_equal(summary.seen, DENIED_SEEN_ALL);
	assert_int_equal(world.count, DENIED_CALLS_MAX);
}

/* Exits with 0 when the answer changed once, from EPERM to ENOSYS, and with 3 when it never did. */
static int
act_flood(void)
{
	int i = 0;

	while (i < MANY && fails_with(syscall(SYS_getppid, 7), EPERM))
		i++;
	if (i == MANY)
		return 3;
	while (i < MANY && fails_with(syscall(SYS_getppid, 7), ENOSYS))
		i++;
	return i == MANY ? 0 : 1;
}

static void
a_flood_is_let_go_of_when_the_bucket_is_empty(void **state)
{
	struct denied_summary summary = run(act_flood, 0, 0);

	(void)state;
	assert_int_equal(summary.seen, DENIED_SEEN_PART);
	assert_int_equal(summary.count, DENIED_BURST + 1);
	assert_int_equal(world.count, 2);
	assert_int_equal(world.calls[1].count, DENIED_BURST + 1);
}

static void
time_fills_the_bucket(void **state)
{
	struct denied_summary summary =
	    run(act_flood, UINT64_C(1000000000) / DENIED_EACH_SECOND, 3);

	(void)state;
	assert_int_equal(summary.seen, DENIED_SEEN_ALL);
	assert_int_equal(summary.count, MANY);
}

static int
act_nothing(void)
{
	return 0;
}

static void
who_is_gone_needs_nobody(void **state)
{
	struct denied_summary summary = run(act_nothing, 0, 0);

	(void)state;
	assert_int_equal(summary.count, 0);
	assert_int_equal(summary.seen, DENIED_SEEN_ALL);
}

static void
where_nobody_listens_nothing_was_seen(void **state)
{
	struct denied_summary summary = {.seen = DENIED_SEEN_ALL, .count = 1};
	struct denied *none = NULL;

	(void)state;
	denied_end(&none, &summary);
	assert_int_equal(summary.seen, DENIED_SEEN_NONE);
	assert_int_equal(summary.count, 0);
	denied_free(&none);
	assert_string_equal(denied_seen_name(DENIED_SEEN_NONE), "none");
	assert_string_equal(denied_seen_name(DENIED_SEEN_PART), "part");
	assert_string_equal(denied_seen_name(DENIED_SEEN_ALL), "all");
	assert_string_equal(denied_seen_name((enum denied_seen)99), "unknown");
}

/* Out of memory the listener is closed, so that no call waits for an answer that never comes. */
static bool
start_and_end(void *context)
{
	int pair[2];
	struct denied *denied;

	(void)context;
	if (pipe(pair) < 0)
		return false;
	close(pair[1]);
	denied = denied_new(base, pair[0], profile, &steered, on_seen, &world);
	denied_free(&denied); /* NULL is what a failure looks like */
	return true;
}

static void
every_failing_allocation_closes_the_listener(void **state)
{
	int before = check_open_fds();

	(void)state;
	fail_nth_until_ok(FAIL_MEMORY, ENOMEM, start_and_end, NULL);
	assert_int_equal(check_open_fds(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_kind_is_told_when_it_is_new_and_its_number_at_the_end),
	    cmocka_unit_test(kinds_beyond_the_table_are_in_the_sum),
	    cmocka_unit_test(a_flood_is_let_go_of_when_the_bucket_is_empty),
	    cmocka_unit_test(time_fills_the_bucket),
	    cmocka_unit_test(who_is_gone_needs_nobody),
	    cmocka_unit_test(where_nobody_listens_nothing_was_seen),
	    cmocka_unit_test(every_failing_allocation_closes_the_listener),
	};
	int failed;

	base = event_base_new();
	if (base == NULL || profile_parse(text, strlen(text), "case", 0, &profile, NULL) != ERR_OK)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	profile_free(&profile);
	event_base_free(base);
	return failed;
}
