/* What a program can use up, and how a cell ends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/io.h"
#include "tests/lib/check.h"
#include "tests/sandbox/trial.h"

static const struct policy_limits tight = {
    .memory_bytes = UINT64_C(64) << 20,
    .processes = 8,
    .open_files = 16,
    .file_bytes = UINT64_C(4) << 20,
    .tmp_bytes = UINT64_C(1) << 20,
    .tmp_files = 20,
    .cpu_ns = UINT64_C(10000000000),
    .cpu_percent = 100,
    .io_read_bytes = POLICY_IO_FREE,
    .wall_ns = UINT64_C(10000000000),
    .output_bytes = UINT64_C(1) << 20,
};

enum { SECOND_NS = 1000000000 };

static struct trial *
tight_trial(const char *probe)
{
	struct trial *trial = trial_new(probe);

	trial->limits = tight;
	return trial;
}

/* Runs the probe under tight limits and expects it to say line. */
static void
expect(const char *probe, const char *line)
{
	SCOPED_FREE struct trial *trial = tight_trial(probe);

	trial_run(&trial_kit, trial, 0);
	if (!trial_said(trial, line))
		fail_msg("\"%s\" is missing in:\n%s", line, trial->output);
}

static void
expect_signal(const char *probe, int signal_number)
{
	SCOPED_FREE struct trial *trial = tight_trial(probe);

	/* Below the scratch space, so that this limit is reached first. */
	trial->limits.file_bytes = 64 * 1024;
	trial->limits.cpu_ns = SECOND_NS;
	trial_start(&trial_kit, trial);
	trial_finish(trial);
	assert_true(trial->has_exited);
	assert_true(WIFSIGNALED(trial->exited.status));
	assert_int_equal(WTERMSIG(trial->exited.status), signal_number);
	assert_false(WCOREDUMP(trial->exited.status));
}

static void
scratch_space_ends_at_its_size(void **state)
{
	(void)state;
	expect("fill-bytes", "ENOSPC 256");
}

static void
scratch_space_ends_at_its_number_of_files(void **state)
{
	(void)state;
	expect("fill-files", "ENOSPC 19"); /* the directory is the 20th */
}

static void
a_file_ends_at_its_size(void **state)
{
	(void)state;
	expect_signal("file-size", SIGXFSZ);
}

static void
open_files_end_at_their_number(void **state)
{
	(void)state;
	expect("open-many", "EMFILE 13");
}

static void
processes_end_at_their_number(void **state)
{
	(void)state;
	expect("fork-many", "EAGAIN 7"); /* the probe is the 8th */
}

static void
two_cells_do_not_share_their_number_of_processes(void **state)
{
	SCOPED_FREE struct trial *first = tight_trial("fork-many"),
				 *second = tight_trial("fork-many");

	(void)state;
	second->user = 1;
	trial_start(&trial_kit, first);
	trial_start(&trial_kit, second);
	trial_finish(first);
	trial_finish(second);
	assert_true(trial_said(first, "EAGAIN 7"));
	assert_true(trial_said(second, "EAGAIN 7"));
}

static void
memory_ends_at_its_size(void **state)
{
	(void)state;
	expect("memory", "mmap ENOMEM");
}

static void
cpu_time_ends_the_program(void **state)
{
	(void)state;
	expect_signal("spin", SIGKILL);
}

static void
a_crash_leaves_no_core(void **state)
{
	(void)state;
	expect_signal("crash", SIGABRT);
}

static void
usage_is_that_of_the_whole_cell(void **state)
{
	SCOPED_FREE struct trial *trial = tight_trial("spin");

	(void)state;
	trial->limits.cpu_ns = SECOND_NS;
	trial_start(&trial_kit, trial);
	trial_finish(trial);
	assert_true(trial->has_exited);
	assert_in_range(trial->exited.cpu_us, 500000, 10000000);
}

static void
a_daemon_is_gone_with_the_program(void **state)
{
	SCOPED_FREE struct trial *trial = tight_trial("daemon");

	(void)state;
	/* The daemon holds stdout, so an end of the output is its end; trial_finish waits for it.
	 */
	trial_run(&trial_kit, trial, 0);
}

/* The lines of our own mount table. */
static int
count_mounts(void)
{
	FILE *table = fopen("/proc/self/mountinfo", "re");
	int count = 0, c;

	assert_non_null(table);
	while ((c = fgetc(table)) != EOF)
		count += c == '\n';
	fclose(table);
	return count;
}

static void
a_killed_cell_leaves_nothing(void **state)
{
	SCOPED_FREE struct trial *trial = tight_trial("sleep");
	int mounts = count_mounts(), fds = check_open_fds();
	pid_t pid;

	(void)state;
	trial_start(&trial_kit, trial);
	assert_true(trial_await(trial, "up"));
	pid = trial->cell.pid;
	cell_kill(&trial->cell);
	trial_finish(trial);
	assert_false(trial->has_exited);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(count_mounts(), mounts);
	assert_int_equal(check_open_fds(), fds);
}

static void
closing_the_lifeline_ends_the_cell(void **state)
{
	SCOPED_FREE struct trial *trial = tight_trial("sleep");

	(void)state;
	trial_start(&trial_kit, trial);
	assert_true(trial_await(trial, "up"));
	close(trial->cell.lifeline_fd);
	trial->cell.lifeline_fd = -1;
	trial_finish(trial);
	assert_false(trial->has_exited);
}

/* A supervisor in a process of its own. */
static _Noreturn void
supervise(struct trial *trial)
{
	trial_start(&trial_kit, trial);
	if (trial->spawned != ERR_OK)
		_exit(1);
	for (;;)
		pause();
}

static void
a_killed_supervisor_leaves_no_cell(void **state)
{
	SCOPED_FREE struct trial *trial = tight_trial("sleep");
	int door[2];
	pid_t pid;
	char byte;

	(void)state;
	assert_int_equal(pipe2(door, O_CLOEXEC), 0);
	trial->door = door[1];
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		supervise(trial);
	close(door[1]);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* The cell, if the supervisor came so far, held the other end of the pipe. */
	assert_int_equal(read(door[0], &byte, 1), 0);
	close(door[0]);
}

static void
a_spawned_cell_ends_with_its_supervisor(void **state)
{
	SCOPED_FREE struct trial *trial = tight_trial("sleep");
	int door[2], up[2];
	pid_t pid;
	char byte;

	(void)state;
	assert_int_equal(pipe2(door, O_CLOEXEC), 0);
	assert_int_equal(pipe2(up, O_CLOEXEC), 0);
	trial->door = door[1];
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		trial_start(&trial_kit, trial);
		if (!trial_await(trial, "up") || io_write_full(up[1], "", 1) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	close(door[1]);
	close(up[1]);
	assert_int_equal(read(up[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(read(door[0], &byte, 1), 0);
	close(door[0]);
	close(up[0]);
}

/* Other tests are not this host's business here. */
static bool
nobody_has(void *context, uid_t uid)
{
	(void)context;
	(void)uid;
	return false;
}

/* The whole range is two ids; what is reaped gives its own back. */
static void
a_user_id_is_one_cells_until_nothing_of_it_is_left(void **state)
{
	SCOPED_FREE struct trial *a = tight_trial("sleep");
	SCOPED_FREE struct trial *b = tight_trial("sleep");
	SCOPED_FREE struct trial *c = tight_trial("nothing");
	struct identities *two = identities_new(
	    &(struct identity_range){.base = 79001, .count = 2, .in_use = nobody_has});
	uid_t first;

	(void)state;
	a->identities = b->identities = c->identities = two;
	trial_start(&trial_kit, a);
	trial_start(&trial_kit, b);
	if (!trial_kit
		 .is_root) { /* who may not choose has no such range; what fails takes nothing */
		assert_int_equal(a->spawned, ERR_CONFINEMENT);
		assert_int_equal(b->spawned, ERR_CONFINEMENT);
		identities_free(&two);
		return;
	}
	assert_true(trial_await(a, "up") && trial_await(b, "up"));
	trial_start(&trial_kit, c);
	assert_int_equal(c->spawned, ERR_LIMIT);
	first = identity_lease_uid(&a->cell.lease);
	assert_int_not_equal(first, identity_lease_uid(&b->cell.lease));
	cell_kill(&a->cell);
	trial_finish(a);
	trial_start(&trial_kit, c);
	assert_int_equal(c->spawned, ERR_OK);
	assert_int_equal(identity_lease_uid(&c->cell.lease), first);
	trial_finish(c);
	cell_kill(&b->cell);
	trial_finish(b);
	identities_free(&two);
}

/* What arrives on the status socket when init is not itself any more. */
static void
a_malformed_report_is_the_end(void **state)
{
	struct cell cell = {.pidfd = -1, .lifeline_fd = -1};
	struct cell_report report = {.kind = CELL_EXITED}, got;
	char longer[sizeof(report) + 1] = {0};
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	cell.status_fd = pair[0];
	assert_int_equal(cell_report_read(&cell, &got), 0);
	assert_int_equal(write(pair[1], &report, sizeof(report)), sizeof(report));
	assert_int_equal(cell_report_read(&cell, &got), 1);
	report.kind = CELL_STEP + 1;
	assert_int_equal(write(pair[1], &report, sizeof(report)), sizeof(report));
	assert_int_equal(cell_report_read(&cell, &got), -1);
	report.kind = CELL_FAILED;
	memset(report.stage, 'x', sizeof(report.stage));
	assert_int_equal(write(pair[1], &report, sizeof(report)), sizeof(report));
	assert_int_equal(cell_report_read(&cell, &got), -1);
	assert_int_equal(write(pair[1], longer, sizeof(longer)), sizeof(longer));
	assert_int_equal(cell_report_read(&cell, &got), -1);
	assert_int_equal(write(pair[1], longer, 1), 1);
	assert_int_equal(cell_report_read(&cell, &got), -1);
	close(pair[1]);
	assert_int_equal(cell_report_read(&cell, &got), -1);
	close(pair[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scratch_space_ends_at_its_size),
	    cmocka_unit_test(scratch_space_ends_at_its_number_of_files),
	    cmocka_unit_test(a_file_ends_at_its_size),
	    cmocka_unit_test(open_files_end_at_their_number),
	    cmocka_unit_test(processes_end_at_their_number),
	    cmocka_unit_test(two_cells_do_not_share_their_number_of_processes),
	    cmocka_unit_test(memory_ends_at_its_size),
	    cmocka_unit_test(cpu_time_ends_the_program),
	    cmocka_unit_test(usage_is_that_of_the_whole_cell),
	    cmocka_unit_test(a_crash_leaves_no_core),
	    cmocka_unit_test(a_daemon_is_gone_with_the_program),
	    cmocka_unit_test(a_killed_cell_leaves_nothing),
	    cmocka_unit_test(closing_the_lifeline_ends_the_cell),
	    cmocka_unit_test(a_killed_supervisor_leaves_no_cell),
	    cmocka_unit_test(a_spawned_cell_ends_with_its_supervisor),
	    cmocka_unit_test(a_user_id_is_one_cells_until_nothing_of_it_is_left),
	    cmocka_unit_test(a_malformed_report_is_the_end),
	};

	return cmocka_run_group_tests(tests, trial_begin, trial_end);
}
