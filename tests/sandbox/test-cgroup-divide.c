/* A delegated cgroup, divided: the decisions in a folder that looks like one, the moves in a real
 * one where this user may make it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "sandbox/cgroup.h"
#include "sandbox/cgroup_divide.h"
#include "sandbox/cgroup_file.h"
#include "tests/lib/check.h"

static const char no_marks[] = "no extended attributes in the temporary folder";
static const char no_tree[] = "no cgroup v2 that this user may write to";

static bool
mark(const char *path)
{
	return setxattr(path, "user.delegate", "1", 1, 0) == 0;
}

static bool
exists(const char *dir, const char *name)
{
	char path[CGROUP_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

/* A folder with the files of a cgroup; procs is what cgroup.procs says, for ever. */
static char *
imitation(const char *procs)
{
	char *dir = check_tempdir();

	check_write(dir, "cgroup.procs", procs, strlen(procs));
	check_write(dir, "cgroup.subtree_control", "", 0);
	check_write(dir, "others/cgroup.procs", "", 0);
	return dir;
}

static void
what_systemd_has_not_delegated_is_not_taken(void **state)
{
	char *dir = imitation("");
	char path[CGROUP_PATH_MAX];
	struct fault fault;

	(void)state;
	assert_int_equal(cgroup_divide(dir, "cells", path, sizeof(path), &fault), ERR_CONFINEMENT);
	assert_non_null(strstr(fault.message, "is not delegated to Praxa"));
	assert_false(exists(dir, "cells"));
	if (setxattr(dir, "user.delegate", "0", 1, 0) == 0) {
		assert_int_equal(
		    cgroup_divide(dir, "cells", path, sizeof(path), &fault), ERR_CONFINEMENT);
		assert_false(exists(dir, "cells"));
	}
	check_tempdir_remove(&dir);
	assert_int_equal(
	    cgroup_divide("/nonexistent", "cells", path, sizeof(path), &fault), ERR_CONFINEMENT);
}

static void
a_delegated_one_without_processes_gets_a_place_for_cells(void **state)
{
	char *dir = imitation(""), expected[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX];
	int before = check_open_fds();

	(void)state;
	if (!mark(dir)) {
		check_tempdir_remove(&dir);
		CHECK_SKIP(no_marks);
	}
	snprintf(expected, sizeof(expected), "%s/cells", dir);
	for (int i = 0; i < 2; i++) { /* what is there already is taken again */
		assert_int_equal(cgroup_divide(dir, "cells", path, sizeof(path), NULL), ERR_OK);
		assert_string_equal(path, expected);
		assert_true(exists(dir, "cells"));
	}
	cgroup_divide_end(path);
	assert_false(exists(dir, "cells"));
	assert_int_equal(check_open_fds(), before);
	check_tempdir_remove(&dir);
}

static void
a_process_that_cannot_be_moved_leaves_all_as_it_is(void **state)
{
	static const char *const rows[][2] = {
	    {"0\n", "not in our pid namespace"},
	    {"1\n", "faster than they can be moved"}, /* here nobody ever leaves */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *dir = imitation(rows[i][0]), path[CGROUP_PATH_MAX];
		struct fault fault;

		if (!mark(dir)) {
			check_tempdir_remove(&dir);
			CHECK_SKIP(no_marks);
		}
		assert_int_equal(
		    cgroup_divide(dir, "cells", path, sizeof(path), &fault), ERR_CONFINEMENT);
		assert_non_null(strstr(fault.message, rows[i][1]));
		assert_false(exists(dir, "cells"));
		check_tempdir_remove(&dir);
	}
}

static void
a_path_that_is_too_long_is_refused(void **state)
{
	char *dir = imitation("");
	char path[8];
	struct fault fault;

	(void)state;
	if (!mark(dir)) {
		check_tempdir_remove(&dir);
		CHECK_SKIP(no_marks);
	}
	assert_int_equal(cgroup_divide(dir, "cells", path, sizeof(path), &fault), ERR_CONFINEMENT);
	assert_non_null(strstr(fault.message, "too long"));
	check_tempdir_remove(&dir);
}

/* A real one, marked as systemd marks it. */
static bool
make_real(char *ret, size_t size)
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	struct statfs fs;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (statfs(places[i], &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		snprintf(ret, size, "%s/praxa-divide-%d", places[i], (int)getpid());
		if (mkdir(ret, 0755) == 0)
			return true;
	}
	return false;
}

static bool
is_in(const char *folder, const char *name, pid_t pid)
{
	char path[CGROUP_PATH_MAX + 16], text[256], line[32];

	snprintf(path, sizeof(path), "%s/%s/cgroup.procs", folder, name);
	snprintf(line, sizeof(line), "%d", (int)pid);
	return cgroup_file_read(AT_FDCWD, path, text, sizeof(text)) == 0 &&
	       strstr(text, line) != NULL;
}

static bool
enter(const char *folder)
{
	SCOPED_FD dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return cgroup_file_write(dir, "cgroup.procs", "0") == 0;
}

/* A process in folder that waits to be killed. */
static pid_t
neighbour_in(const char *folder)
{
	int up[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(up, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (!enter(folder) || write(up[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(up[1]);
	assert_int_equal(read(up[0], &byte, 1), 1);
	close(up[0]);
	return pid;
}

/* What praxa run does in a scope that a shell is in as well; twice, as two of them would. */
static int
divide_from_inside(const char *folder, pid_t neighbour)
{
	char path[CGROUP_PATH_MAX], second[CGROUP_PATH_MAX];
	struct cgroup *cgroup = NULL;

	if (!enter(folder) || cgroup_divide_own("cells", path, sizeof(path), NULL) != ERR_OK)
		return 1;
	if (!is_in(folder, "others", getpid()) || !is_in(folder, "others", neighbour))
		return 2;
	if (cgroup_divide_own("more", second, sizeof(second), NULL) != ERR_OK)
		return 3;
	if (strncmp(second, folder, strlen(folder)) != 0 || !exists(folder, "more"))
		return 4;
	/* The supervisor takes it and stays where it is. */
	if (cgroup_open(path, &cgroup, NULL) != ERR_OK || !is_in(folder, "others", getpid()))
		return 5;
	cgroup_free(&cgroup);
	cgroup_divide_end(path);
	cgroup_divide_end(second);
	return exists(folder, "cells") || exists(folder, "more") ? 6 : 0;
}

static void
all_processes_move_and_the_supervisor_gets_a_cgroup_of_its_own(void **state)
{
	char folder[CGROUP_PATH_MAX / 2], others[CGROUP_PATH_MAX];
	int status = 0;
	pid_t neighbour, pid;

	(void)state;
	if (!make_real(folder, sizeof(folder)))
		CHECK_SKIP(no_tree);
	if (!mark(folder)) {
		rmdir(folder);
		CHECK_SKIP(no_tree);
	}
	neighbour = neighbour_in(folder);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(divide_from_inside(folder, neighbour));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	kill(neighbour, SIGKILL);
	assert_int_equal(waitpid(neighbour, NULL, 0), neighbour);
	snprintf(others, sizeof(others), "%s/others", folder);
	assert_int_equal(rmdir(others) + rmdir(folder), 0);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_systemd_has_not_delegated_is_not_taken),
	    cmocka_unit_test(a_delegated_one_without_processes_gets_a_place_for_cells),
	    cmocka_unit_test(a_process_that_cannot_be_moved_leaves_all_as_it_is),
	    cmocka_unit_test(a_path_that_is_too_long_is_refused),
	    cmocka_unit_test(all_processes_move_and_the_supervisor_gets_a_cgroup_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
