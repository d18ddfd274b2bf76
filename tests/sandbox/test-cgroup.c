/* A cgroup of our own, and cells in its leaves. Needs a cgroup v2 that the test may write to; what
 * needs a controller is skipped where that is not delegated. All is done in a folder of its own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sandbox/cgroup_file.h"
#include "tests/lib/check.h"
#include "tests/sandbox/cgroup_folder.h"
#include "tests/sandbox/trial.h"

static const char no_tree[] = "no cgroup v2 that this user may write to";

static char folder[CGROUP_PATH_MAX - 64]; /* ""; there is none to be had */

static struct cgroup *
take(void)
{
	struct cgroup *cgroup = NULL;
	struct fault fault = {0};

	if (cgroup_open(folder, &cgroup, &fault) != ERR_OK)
		fail_msg("%s", fault.message);
	cell_launcher_set_cgroup(trial_kit.launcher, cgroup, NULL);
	return cgroup;
}

static void
give_back(struct cgroup **cgroup)
{
	cell_launcher_set_cgroup(trial_kit.launcher, NULL, "none");
	cgroup_free(cgroup);
}

static bool
exists(const char *name)
{
	char path[CGROUP_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static const struct cgroup_limits limits = {
    .memory_bytes = (UINT64_C(64) << 20) + 1,
    .processes = 9,
    .cpu_percent = 150,
    .io_read_bytes = 1048576,
};

static void
a_leaf_has_its_limits_or_names_the_first_that_is_missing(void **state)
{
	const char *const expected[][2] = {{"memory.max", "67112960"}, {"memory.swap.max", "0"},
	    {"memory.oom.group", "1"}, {"pids.max", "9"}, {"cpu.max", "150000 100000"}};
	struct cgroup_leaf leaf = CGROUP_LEAF_NONE;
	struct cgroup *cgroup;
	const char *missing = NULL;
	char is[64], io[4096];

	(void)state;
	if (folder[0] == '\0')
		CHECK_SKIP(no_tree);
	cgroup = take();
	assert_int_equal(cgroup_leaf_make(cgroup, &limits, &leaf, NULL), ERR_OK);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		if (cgroup_file_read(leaf.fd, expected[i][0], is, sizeof(is)) == 0)
			assert_string_equal(is, expected[i][1]);
		else if (missing == NULL)
			missing = expected[i][0];
	}
	if (cgroup_file_read(leaf.fd, "io.max", io, sizeof(io)) == 0)
		assert_non_null(strstr(io, " rbps=1048576 "));
	else if (missing == NULL)
		missing = "io.max";
	if (missing == NULL)
		assert_null(leaf.missing);
	else
		assert_string_equal(leaf.missing, missing);
	assert_false(cgroup_leaf_is_populated(&leaf));
	cgroup_leaf_remove(&leaf);
	assert_int_equal(leaf.fd, -1);
	assert_false(exists("cell-0"));
	give_back(&cgroup);
}

static void
a_cell_starts_in_its_leaf_and_the_leaf_goes_with_it(void **state)
{
	SCOPED_FREE struct trial *trial = NULL;
	int before = check_open_fds();
	struct cgroup *cgroup;

	(void)state;
	if (folder[0] == '\0')
		CHECK_SKIP(no_tree);
	trial = trial_new("sleep");
	cgroup = take();
	trial_start(&trial_kit, trial);
	assert_int_equal(trial->spawned, ERR_OK);
	assert_true(trial_await(trial, "up"));
	assert_true(cgroup_leaf_is_populated(&trial->cell.leaf));
	assert_false(cgroup_leaf_holds(&trial->cell.leaf, trial->cell.pid)); /* nor alone */
	assert_true(exists("cell-0"));
	cell_kill(&trial->cell);
	trial_finish(trial);
	assert_false(exists("cell-0"));
	give_back(&cgroup);
	assert_int_equal(check_open_fds(), before);
}

static void
the_layer_is_active_only_with_every_limit(void **state)
{
	SCOPED_FREE struct trial *trial = NULL;
	struct cgroup *cgroup;
	bool complete;

	(void)state;
	if (folder[0] == '\0')
		CHECK_SKIP(no_tree);
	trial = trial_new("nothing");
	cgroup = take();
	trial_start(&trial_kit, trial);
	assert_int_equal(trial->spawned, ERR_OK);
	complete = trial->cell.leaf.missing == NULL;
	trial_finish(trial);
	assert_true(trial->is_ready);
	assert_int_equal(trial->ready.layers & ~TRIAL_OPTIONAL,
	    trial_kit.layers | (complete ? LAYER_BIT(CGROUP) : 0));
	give_back(&cgroup);
}

static void
a_required_cgroup_is_there_or_says_what_is_missing(void **state)
{
	SCOPED_FREE struct trial *trial = NULL;
	struct cgroup *cgroup;

	(void)state;
	if (folder[0] == '\0')
		CHECK_SKIP(no_tree);
	trial = trial_new("nothing");
	trial->required = TRIAL_LAYERS | LAYER_BIT(CGROUP);
	cgroup = take();
	trial_start(&trial_kit, trial);
	if (trial->spawned == ERR_OK) {
		trial_finish(trial);
		assert_true(trial->ready.layers & LAYER_BIT(CGROUP));
	} else {
		assert_int_equal(trial->spawned, ERR_CONFINEMENT);
		assert_int_equal(
		    strncmp(trial->fault.message, "required layer cgroup: no ", 26), 0);
		assert_false(exists("cell-0"));
	}
	give_back(&cgroup);
}

/* The files below /proc/self are the cell's only sight of its cgroup. */
static void
the_cell_sees_itself_at_the_root(void **state)
{
	SCOPED_FREE struct trial *trial = NULL;
	struct cgroup *cgroup;

	(void)state;
	if (folder[0] == '\0')
		CHECK_SKIP(no_tree);
	trial = trial_new("cgroup");
	cgroup = take();
	trial_run(&trial_kit, trial, 0);
	assert_true(trial_said(trial, "0::/"));
	give_back(&cgroup);
}

/* A group whose children have controllers takes no process, and memory knows no threads. An earlier
 * case may have handed them down; what was not is refused, and so it should be. */
static void
take_back_controllers(void)
{
	static const char *const controllers[] = {"-memory", "-pids", "-cpu", "-io"};
	SCOPED_FD dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (cgroup_file_write(dir, "cgroup.subtree_control", controllers[i]) < 0)
			continue;
}

/* A threaded parent makes its leaves unfit for processes: clone3 must fail, and nothing run. */
static void
a_cell_that_cannot_start_in_its_leaf_does_not_start(void **state)
{
	SCOPED_FREE struct trial *trial = NULL;
	struct cgroup *cgroup;

	(void)state;
	if (folder[0] == '\0')
		CHECK_SKIP(no_tree);
	trial = trial_new("nothing");
	cgroup = take();
	take_back_controllers();
	assert_int_equal(mkdirat(cgroup->fd, "threads", 0755), 0);
	assert_int_equal(cgroup_file_write(cgroup->fd, "threads/cgroup.type", "threaded"), 0);
	trial_start(&trial_kit, trial);
	/* Controllers that know no threads forbid the leaf itself; without them, its use. */
	assert_int_equal(trial->spawned, ERR_CONFINEMENT);
	assert_false(exists("cell-0"));
	assert_int_equal(unlinkat(cgroup->fd, "threads", AT_REMOVEDIR), 0);
	give_back(&cgroup);
}

static pid_t
sleeper_in(const char *name)
{
	char path[CGROUP_PATH_MAX];
	int up[2];
	char byte;
	pid_t pid;

	take_back_controllers();
	snprintf(path, sizeof(path), "%s/%s/cgroup.procs", folder, name);
	assert_int_equal(pipe2(up, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, "0", 1) != 1 || write(up[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(up[1]);
	assert_int_equal(read(up[0], &byte, 1), 1);
	close(up[0]);
	return pid;
}

static void
what_an_earlier_supervisor_left_is_ended(void **state)
{
	struct cgroup *cgroup;
	char path[CGROUP_PATH_MAX];
	int status = 0;
	pid_t pid;

	(void)state;
	if (folder[0] == '\0')
		CHECK_SKIP(no_tree);
	snprintf(path, sizeof(path), "%s/cell-41", folder);
	assert_int_equal(mkdir(path, 0755), 0);
	pid = sleeper_in("cell-41");
	cgroup = take();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_false(exists("cell-41"));
	give_back(&cgroup);
}

static void
a_directory_with_others_in_it_is_not_ours(void **state)
{
	struct cgroup *cgroup = NULL;
	struct fault fault;
	pid_t pid;

	(void)state;
	if (folder[0] == '\0')
		CHECK_SKIP(no_tree);
	pid = sleeper_in(".");
	assert_int_equal(cgroup_open(folder, &cgroup, &fault), ERR_CONFINEMENT);
	assert_non_null(strstr(fault.message, "other processes"));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
two_supervisors_do_not_share_one(void **state)
{
	struct cgroup *cgroup, *second = NULL;
	struct fault fault;

	(void)state;
	if (folder[0] == '\0')
		CHECK_SKIP(no_tree);
	cgroup = take();
	assert_int_equal(cgroup_open(folder, &second, &fault), ERR_CONFINEMENT);
	assert_non_null(strstr(fault.message, "another supervisor"));
	give_back(&cgroup);
	cgroup = take();
	give_back(&cgroup);
}

static void
what_is_no_cgroup_is_refused(void **state)
{
	struct cgroup *cgroup = NULL;
	struct fault fault;

	(void)state;
	assert_int_equal(cgroup_open("/tmp", &cgroup, &fault), ERR_CONFINEMENT);
	assert_non_null(strstr(fault.message, "not a cgroup v2"));
	assert_int_equal(cgroup_open("/nonexistent", &cgroup, &fault), ERR_CONFINEMENT);
	assert_null(cgroup);
}

/* In a child of its own, which is moved. */
static _Noreturn void
open_from_inside(void)
{
	struct cgroup *cgroup = NULL;
	struct fault fault;
	char path[CGROUP_PATH_MAX], procs[64], self[32];
	int fd;

	take_back_controllers();
	snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(1);
	/* Without a path: the one that we are in now is found. */
	if (cgroup_open(NULL, &cgroup, &fault) != ERR_OK || strcmp(cgroup->path, folder) != 0)
		_exit(2);
	snprintf(self, sizeof(self), "%d", (int)getpid());
	if (cgroup_file_read(cgroup->fd, "supervisor/cgroup.procs", procs, sizeof(procs)) < 0 ||
	    strcmp(procs, self) != 0)
		_exit(3);
	/* Once more, from where it is now. */
	cgroup_free(&cgroup);
	if (cgroup_open(NULL, &cgroup, &fault) != ERR_OK || strcmp(cgroup->path, folder) != 0)
		_exit(4);
	_exit(0);
}

static void
a_supervisor_moves_out_of_the_way_of_its_leaves(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	if (folder[0] == '\0')
		CHECK_SKIP(no_tree);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		open_from_inside();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Each process is below its own limit; together they are not. */
static void
the_memory_of_all_processes_is_limited(void **state)
{
	SCOPED_FREE struct trial *trial = NULL;
	struct pollfd gone = {.events = POLLIN};
	struct cgroup_usage usage;
	struct cgroup *cgroup;

	(void)state;
	if (folder[0] == '\0')
		CHECK_SKIP(no_tree);
	trial = trial_new("touch");
	trial->limits = trial_generous;
	trial->limits.memory_bytes = UINT64_C(64) << 20;
	cgroup = take();
	trial_start(&trial_kit, trial);
	assert_int_equal(trial->spawned, ERR_OK);
	if (trial->cell.leaf.missing != NULL) {
		cell_kill(&trial->cell);
		trial_finish(trial);
		give_back(&cgroup);
		CHECK_SKIP("a cgroup controller is missing");
	}
	gone.fd = trial->cell.pidfd;
	assert_int_equal(poll(&gone, 1, 20000), 1);
	cell_reap(&trial->cell);
	cgroup_leaf_usage(&trial->cell.leaf, &usage);
	trial_finish(trial);
	assert_false(trial->has_exited); /* praxa-init went with them */
	assert_true(usage.oom_kills > 0);
	give_back(&cgroup);
}

static void
numbers_are_found_by_their_key(void **state)
{
	static const char text[] = "low 1\noom 2\noom_kill 3\npopulated 0";

	(void)state;
	assert_int_equal(cgroup_file_number(text, "low"), 1);
	assert_int_equal(cgroup_file_number(text, "oom_kill"), 3);
	assert_int_equal(cgroup_file_number(text, "populated"), 0);
	assert_int_equal(cgroup_file_number(text, "kill"), 0);
	assert_int_equal(cgroup_file_number("", "low"), 0);
}

static int
begin(void **state)
{
	(void)trial_begin(state);
	cgroup_folder_make(folder, sizeof(folder));
	return 0;
}

static int
end(void **state)
{
	(void)trial_end(state);
	cgroup_folder_remove(folder);
	return folder[0] != '\0' && access(folder, F_OK) == 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_leaf_has_its_limits_or_names_the_first_that_is_missing),
	    cmocka_unit_test(a_cell_starts_in_its_leaf_and_the_leaf_goes_with_it),
	    cmocka_unit_test(the_layer_is_active_only_with_every_limit),
	    cmocka_unit_test(a_required_cgroup_is_there_or_says_what_is_missing),
	    cmocka_unit_test(the_cell_sees_itself_at_the_root),
	    cmocka_unit_test(a_cell_that_cannot_start_in_its_leaf_does_not_start),
	    cmocka_unit_test(what_an_earlier_supervisor_left_is_ended),
	    cmocka_unit_test(a_directory_with_others_in_it_is_not_ours),
	    cmocka_unit_test(two_supervisors_do_not_share_one),
	    cmocka_unit_test(what_is_no_cgroup_is_refused),
	    cmocka_unit_test(a_supervisor_moves_out_of_the_way_of_its_leaves),
	    cmocka_unit_test(the_memory_of_all_processes_is_limited),
	    cmocka_unit_test(numbers_are_found_by_their_key),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
