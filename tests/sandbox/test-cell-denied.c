/* A listener sees what is denied, and changes none of it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/listener.h"
#include "tests/lib/check.h"
#include "tests/sandbox/trial.h"

/* Whatever the probe is told without a listener, it is told with one. */
static void
a_listener_changes_no_answer(void **state)
{
	static const char *const probes[] = {
	    "denied", "sockets", "terminal", "ptrace", "x32", "i386", "own-filter"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		SCOPED_FREE struct trial *without = trial_new(probes[i]);
		SCOPED_FREE struct trial *with = trial_new(probes[i]);

		with->listen = true;
		trial_start(&trial_kit, without);
		trial_finish(without);
		trial_start(&trial_kit, with);
		trial_finish(with);
		assert_true(without->is_ready && with->is_ready && with->has_listener);
		assert_false(without->has_listener);
		assert_string_equal(with->output, without->output);
		assert_int_equal(with->exited.status, without->exited.status);
		assert_int_equal(with->ready.layers, without->ready.layers);
	}
}

static void
every_denied_call_is_seen(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("denied");

	(void)state;
	trial->listen = true;
	trial_run(&trial_kit, trial, 0);
	/* The probe says a line for each call, and each is denied by an error number. */
	for (const char *at = trial->output; (at = strchr(at, '\n')) != NULL; at++)
		trial->denied--;
	assert_int_equal(trial->denied, 0);
}

/* Process 2's own two calls are closed by a filter without a listener, and no others. */
static void
two_calls_are_denied_unseen(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("own-filter");

	(void)state;
	trial->listen = true;
	trial_run(&trial_kit, trial, 0);
	assert_null(strstr(trial->output, " ok"));
	assert_int_equal(trial->denied, 7);
}

static void
without_anybody_who_listens_the_answer_is_enosys(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("denied");

	(void)state;
	trial->listen = true;
	trial->deaf = true;
	trial_run(&trial_kit, trial, 0);
	assert_true(trial->has_listener);
	assert_true(trial_said(trial, "mount ENOSYS"));
	assert_null(strstr(trial->output, "EPERM"));
	assert_null(strstr(trial->output, " ok"));
}

/* A listener in a filter that we have ourselves: the kernel gives no second one (EBUSY). */
static bool
take_own_listener(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = 1, .filter = &allow};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		   &program) >= 0;
}

/* Exits with 0 when the cell was told what without has been, and nobody listened. */
static _Noreturn void
try_under_a_listener(const struct trial *without)
{
	struct trial *trial = calloc(1, sizeof(*trial));

	if (trial == NULL || !take_own_listener())
		_exit(1);
	trial->probe = "denied";
	trial->listen = true;
	trial_start(&trial_kit, trial);
	if (trial->spawned != ERR_OK)
		_exit(2);
	trial_finish(trial);
	if (!trial->is_ready || trial->has_listener)
		_exit(3);
	_exit(strcmp(trial->output, without->output) == 0 ? 0 : 4);
}

static void
where_there_is_no_listener_the_kernel_answers_the_same(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("denied");
	int status;
	pid_t pid;

	(void)state;
	trial_run(&trial_kit, trial, 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		try_under_a_listener(trial);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Nobody could answer process 2, for it has not said yet that it is ready. */
static void
a_profile_that_process_2_cannot_live_with_fails_at_once(void **state)
{
	static const char text[] =
	    "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"execve\"],"
	    " \"action\": \"SCMP_ACT_ALLOW\", \"reason\": \"no write\"}]}";
	SCOPED_FREE struct trial *trial = NULL;
	struct profile *profile = NULL;

	(void)state;
	if (CHECK_SANITIZED)
		CHECK_SKIP("the sanitizer catches the signal that ends process 2");
	trial = trial_new("nothing");
	assert_int_equal(profile_parse(text, strlen(text), "case", 0, &profile, NULL), ERR_OK);
	trial->profile = profile;
	trial->listen = true;
	trial_start(&trial_kit, trial);
	assert_int_equal(trial->spawned, ERR_OK);
	trial_finish(trial);
	assert_true(trial->has_failed);
	assert_false(trial->is_ready);
	assert_string_equal(trial->failed.stage, "seccomp");
	profile_free(&profile);
}

static void
wait_for(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&ready, 1, 20000), 1);
}

/* A call that waits for its answer is no reason to wait for the cell. */
static void
a_cell_that_waits_for_an_answer_can_be_killed(void **state)
{
	SCOPED_FREE struct trial *trial = trial_new("denied");
	struct cell_report report;
	struct listener_call call;

	(void)state;
	trial->listen = true;
	trial_start(&trial_kit, trial);
	assert_int_equal(trial->spawned, ERR_OK);
	wait_for(trial->cell.status_fd);
	assert_int_equal(cell_report_read(&trial->cell, &report), 1);
	assert_int_equal(report.kind, CELL_READY);
	wait_for(trial->cell.listener_fd);
	assert_int_equal(listener_read(trial->cell.listener_fd, &call), 1);
	assert_int_equal(listener_read(trial->cell.listener_fd, &(struct listener_call){0}), 0);
	cell_kill(&trial->cell);
	wait_for(trial->cell.pidfd);
	listener_answer(trial->cell.listener_fd, call.id, EPERM); /* too late, and no harm */
	assert_int_equal(listener_read(trial->cell.listener_fd, &call), -1);
	trial_finish(trial);
}

static void
what_is_no_listener_is_refused(void **state)
{
	struct cell cell = {.listener_fd = -1};
	struct cell_report report = {.kind = CELL_READY};
	int pair[2], before = check_open_fds();

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	cell.status_fd = pair[0];
	for (size_t count = 1; count <= 3; count++) {
		assert_int_equal(check_send(pair[1], &report, sizeof(report),
				     (const int[]){pair[0], pair[1], 2}, count),
		    sizeof(report));
		assert_int_equal(cell_report_read(&cell, &report), -1);
		assert_int_equal(cell.listener_fd, -1);
	}
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(check_open_fds(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_listener_changes_no_answer),
	    cmocka_unit_test(every_denied_call_is_seen),
	    cmocka_unit_test(two_calls_are_denied_unseen),
	    cmocka_unit_test(without_anybody_who_listens_the_answer_is_enosys),
	    cmocka_unit_test(where_there_is_no_listener_the_kernel_answers_the_same),
	    cmocka_unit_test(a_profile_that_process_2_cannot_live_with_fails_at_once),
	    cmocka_unit_test(a_cell_that_waits_for_an_answer_can_be_killed),
	    cmocka_unit_test(what_is_no_listener_is_refused),
	};

	return cmocka_run_group_tests(tests, trial_begin, trial_end);
}
