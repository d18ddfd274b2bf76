/* Session keyrings when their user may have no more of them. Each case becomes a user whom no other
 * test is, because it uses up all his keys, and the kernel gives them back only some time after
 * their holder is gone. */
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/keyring.h"
#include "tests/lib/check.h"
#include "tests/sandbox/trial.h"

enum { KEYS_MAX = 5000 };

static bool is_alone;

/* Runs code in a child, so that its keyring is its own. */
static bool
holds_in_child(void (*code)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		code();
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void
require(bool sound, const char *what)
{
	if (sound)
		return;
	fprintf(stderr, "# %s\n", what);
	_exit(1);
}

static long
session(int command, unsigned long argument)
{
	return syscall(SYS_keyctl, command, KEY_SPEC_SESSION_KEYRING, argument, 0);
}

/* Nothing can be added, found, seen or given back. */
static void
closed_for_good(void)
{
	static const int commands[] = {
	    KEYCTL_GET_KEYRING_ID, KEYCTL_DESCRIBE, KEYCTL_CLEAR, KEYCTL_REVOKE, KEYCTL_INVALIDATE};

	require(keyring_close() == 0, "it cannot be closed");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		require(session(commands[i], 0) < 0 && errno == EACCES, "it answers");
	require(session(KEYCTL_READ, 0) == 0, "it is not empty"); /* its holder may always */
	require(session(KEYCTL_SETPERM, 0x3f3f3f3f) < 0 && errno == EACCES, "it opens again");
	require(syscall(SYS_add_key, "user", "k", "v", 1, KEY_SPEC_SESSION_KEYRING) < 0,
	    "it takes a key");
	require(syscall(SYS_request_key, "user", "k", NULL, 0) < 0, "it finds a key");
}

static void
use_up_all_keys(void)
{
	char name[16];
	int count = 0;

	for (; count < KEYS_MAX; count++) {
		snprintf(name, sizeof(name), "%d", count);
		if (syscall(SYS_add_key, "user", name, "v", 1, KEY_SPEC_PROCESS_KEYRING) < 0)
			break;
	}
	require(count < KEYS_MAX && errno == EDQUOT, "this user has no limit");
}

static void
expect_cell(bool runs)
{
	struct trial *trial = calloc(1, sizeof(*trial));

	require(trial != NULL, "out of memory");
	trial_start(&trial_kit, trial);
	require(trial->spawned == ERR_OK, trial->fault.message);
	trial_finish(trial);
	require(trial->is_ready == runs && trial->has_failed == !runs, "it ran, or it did not");
	if (runs) {
		require((trial->ready.layers & LAYER_BIT(KEYRING)) != 0, "the layer is missing");
	} else {
		require(cell_report_fault(&trial->failed, &trial->fault) == ERR_CONFINEMENT,
		    "no ConfinementError");
		require(strstr(trial->fault.message, "keyring") != NULL, trial->fault.message);
	}
	free(trial);
}

/* First beneath an open session keyring, then beneath the same, closed. Who has one pays for the
 * next; the first is free. */
static void
start_without_keys(void)
{
	require(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) > 0, "no keyring");
	use_up_all_keys();
	expect_cell(false);
	require(session(KEYCTL_SETPERM, 0) == 0, "it cannot be closed");
	expect_cell(true);
}

/* The kernel frees keys some time after their last holder: so that none becomes free in between,
 * this process keeps the one that it has closed. */
static void
close_and_start(void)
{
	closed_for_good();
	if (is_alone)
		require(holds_in_child(start_without_keys), "without keys");
}

static void
a_closed_keyring_gives_nothing_and_a_cell_beneath_it_needs_none(void **state)
{
	(void)state;
	assert_true(holds_in_child(close_and_start));
	if (!is_alone)
		CHECK_SKIP("not root");
}

static int
begin(void **state)
{
	(void)state;
	is_alone = geteuid() == 0;
	(void)trial_begin(state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_closed_keyring_gives_nothing_and_a_cell_beneath_it_needs_none),
	};

	cmocka_set_test_filter(KEYRING_CASE);
	return cmocka_run_group_tests(tests, begin, trial_end);
}
