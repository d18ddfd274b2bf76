/* Session keyrings when their user may have no more of them. The test becomes a user whom no other
 * test is, because it uses up all his keys. */
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/keyring.h"
#include "tests/lib/check.h"
#include "tests/sandbox/trial.h"

enum { KEYS_MAX = 5000 };

static struct trial_kit kit;
static bool is_alone;

/* Runs code in a child, so that its keyring is its own. */
static void
in_child(void (*code)(void))
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		code();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
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
a_closed_keyring_gives_nothing_and_takes_nothing(void **state)
{
	(void)state;
	in_child(closed_for_good);
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
start_without_keys(void)
{
	static struct trial trial;

	/* Who has a session keyring pays for the next; the first is free (keyrings(7)). */
	require(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) > 0, "no keyring");
	use_up_all_keys();
	trial_start(&kit, &trial);
	require(trial.spawned == ERR_OK, "no start");
	trial_finish(&trial);
	require(trial.has_failed && !trial.is_ready, "it ran");
	cell_report_fault(&trial.failed, &trial.fault);
	require(trial.fault.code == ERR_CONFINEMENT, "no ConfinementError");
	require(strstr(trial.fault.message, "keyring") != NULL, trial.fault.message);
}

static void
a_cell_that_may_have_no_keyring_does_not_run(void **state)
{
	(void)state;
	if (!is_alone)
		CHECK_SKIP("not root");
	in_child(start_without_keys);
}

static void
start_beneath_closed_one(void)
{
	static struct trial trial;

	require(keyring_close() == 0, "it cannot be closed");
	use_up_all_keys();
	trial_start(&kit, &trial);
	require(trial.spawned == ERR_OK, trial.fault.message);
	trial_finish(&trial);
	require(trial.is_ready && trial.has_exited, "it did not run");
	require((trial.ready.layers & LAYER_BIT(KEYRING)) != 0, "the layer is missing");
}

static void
beneath_a_closed_one_a_cell_needs_none_and_has_the_layer(void **state)
{
	(void)state;
	if (!is_alone)
		CHECK_SKIP("not root");
	in_child(start_beneath_closed_one);
}

static int
begin(void **state)
{
	(void)state;
	is_alone = geteuid() == 0;
	trial_kit_init(&kit);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	trial_kit_done(&kit);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_closed_keyring_gives_nothing_and_takes_nothing),
	    cmocka_unit_test(a_cell_that_may_have_no_keyring_does_not_run),
	    cmocka_unit_test(beneath_a_closed_one_a_cell_needs_none_and_has_the_layer),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
