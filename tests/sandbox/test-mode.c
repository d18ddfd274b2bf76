/* What stands in the way of user namespaces, read from a /proc that a test has made. */
#include "sandbox/mode.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/check.h"

/* The obstacle that a host with this file has; "" for none. *ret_advice: what to do. */
static void
find(const char *path, const char *text, char *to, size_t size, const char **ret_advice)
{
	char *dir = check_tempdir();
	int proc;

	if (path != NULL)
		check_write(dir, path, text, strlen(text));
	proc = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(proc >= 0);
	to[0] = '\0';
	*ret_advice = mode_obstacle(proc, to, size);
	close(proc);
	check_tempdir_remove(&dir);
}

static void
what_forbids_user_namespaces_is_named_with_what_to_do(void **state)
{
	static const struct {
		const char *path, *text, *obstacle, *advice;
	} rows[] = {
	    {"sys/user/max_user_namespaces", "0\n", "the sysctl user.max_user_namespaces is 0",
		"raise it"},
	    {"sys/kernel/unprivileged_userns_clone", "0\n",
		"the sysctl kernel.unprivileged_userns_clone is 0", "set it to 1"},
	    {"sys/kernel/apparmor_restrict_unprivileged_userns", "1\n",
		"the sysctl kernel.apparmor_restrict_unprivileged_userns is 1",
		"load an AppArmor profile for praxad with the rule \"userns,\""},
	    {"self/attr/apparmor/current", "small (enforce)\n",
		"AppArmor confines this process as small (enforce)",
		"allow \"userns,\" and \"capability,\" in that profile"},
	};
	const char *advice;
	char text[160];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		find(rows[i].path, rows[i].text, text, sizeof(text), &advice);
		assert_string_equal(text, rows[i].obstacle);
		assert_string_equal(advice, rows[i].advice);
	}
}

static void
what_forbids_nothing_is_not_named(void **state)
{
	static const struct {
		const char *path, *text;
	} rows[] = {
	    {NULL, NULL},
	    {"sys/user/max_user_namespaces", "63000\n"},
	    {"sys/kernel/unprivileged_userns_clone", "1\n"},
	    {"sys/kernel/apparmor_restrict_unprivileged_userns", "0\n"},
	    {"self/attr/apparmor/current", "unconfined\n"},
	    {"self/attr/apparmor/current", "lenient (complain)\n"},
	    {"self/attr/apparmor/current", ""},
	};
	const char *advice;
	char text[160];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		find(rows[i].path, rows[i].text, text, sizeof(text), &advice);
		assert_null(advice);
		assert_string_equal(text, "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_forbids_user_namespaces_is_named_with_what_to_do),
	    cmocka_unit_test(what_forbids_nothing_is_not_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
