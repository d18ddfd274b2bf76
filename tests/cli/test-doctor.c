/* What praxa doctor finds, whatever the host. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "tests/lib/check.h"

static int
answer_enospc(void)
{
	return -ENOSPC;
}

static int
answer_nothing(void)
{
	return kill(getpid(), SIGKILL);
}

static void
an_attempt_is_answered_and_a_dead_one_noticed(void **state)
{
	(void)state;
	assert_int_equal(doctor_try(answer_enospc), -ENOSPC);
	assert_int_equal(doctor_try(answer_nothing), -EIO);
}

static void
every_layer_is_tried_and_the_caller_stays_as_it_was(void **state)
{
	static const char *const spaces[] = {"user", "mnt", "net", "uts"};
	struct doctor_cell cell = {0};
	ino_t before[ARRAY_SIZE(spaces)];
	char path[64];
	struct stat st;
	int fds = check_open_fds();
	pid_t session = getsid(0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", spaces[i]);
		assert_int_equal(stat(path, &st), 0);
		before[i] = st.st_ino;
	}
	for (unsigned i = 0; i < LAYER_COUNT; i++) {
		struct doctor_finding finding = {.state = DOCTOR_NOTE};

		doctor_layer(i, &cell, &finding);
		assert_int_not_equal(finding.state, DOCTOR_NOTE);
		assert_int_not_equal(finding.detail[0], '\0');
	}
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", spaces[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_ino, before[i]);
	}
	assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	assert_int_equal(getsid(0), session);
	assert_int_equal(check_open_fds(), fds);
}

static void
landlock_says_what_its_abi_lacks(void **state)
{
	struct doctor_cell cell = {
	    .started = true, .layers = LAYER_BIT(LANDLOCK), .landlock_abi = 2};
	struct doctor_finding finding;

	(void)state;
	doctor_layer(LAYER_LANDLOCK, &cell, &finding);
	assert_int_equal(finding.state, DOCTOR_PARTLY);
	assert_string_equal(finding.detail,
	    "ABI 2 has no rules for truncation, TCP ports, device ioctls, signals and abstract "
	    "sockets");
	cell.landlock_abi = 7;
	doctor_layer(LAYER_LANDLOCK, &cell, &finding);
	assert_int_equal(finding.state, DOCTOR_PRESENT);
	assert_string_equal(finding.detail, "ABI 7");
}

static void
a_layer_that_a_started_cell_lacks_is_missing(void **state)
{
	struct doctor_cell cell = {.started = true};
	struct doctor_finding finding;

	(void)state;
	doctor_layer(LAYER_SESSION, &cell, &finding);
	assert_int_equal(finding.state, DOCTOR_MISSING);
}

static void
every_row_of_the_host_says_something(void **state)
{
	char *dir = check_tempdir();
	unsigned count = 0;

	(void)state;
	for (; doctor_host_rows[count].name != NULL; count++) {
		struct doctor_finding finding = {0};

		doctor_host_rows[count].look(dir, &finding);
		assert_int_not_equal(finding.detail[0], '\0');
	}
	assert_in_range(count, 1, 16);
	check_tempdir_remove(&dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_attempt_is_answered_and_a_dead_one_noticed),
	    cmocka_unit_test(every_layer_is_tried_and_the_caller_stays_as_it_was),
	    cmocka_unit_test(landlock_says_what_its_abi_lacks),
	    cmocka_unit_test(a_layer_that_a_started_cell_lacks_is_missing),
	    cmocka_unit_test(every_row_of_the_host_says_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
