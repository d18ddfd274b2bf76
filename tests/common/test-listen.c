#include "common/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "tests/lib/check.h"

enum { OK, WRONG_RESULT, WRONG_COUNT, WRONG_NAME, NOT_CLOEXEC, STILL_IN_ENVIRONMENT };

struct listen_case {
	const char *pid; /* NULL: unset; "self": the process's own */
	const char *count, *names;
	int open; /* descriptors open from 3 on */
	int result, taken;
	const char *find; /* name to look for */
	int found;
};

static void
set(const char *name, const char *value)
{
	if (value == NULL)
		unsetenv(name);
	else
		setenv(name, value, 1);
}

/* Descriptors 3, 4, ... are the test's alone in the child, so it can say exactly which are open. */
static int
in_child(const struct listen_case *c)
{
	struct listen_fds fds = {0};
	char pid[16];
	int r;

	for (int fd = LISTEN_FDS_START; fd < LISTEN_FDS_START + LISTEN_FDS_MAX; fd++)
		close(fd);
	for (int i = 0; i < c->open; i++)
		if (dup2(STDIN_FILENO, LISTEN_FDS_START + i) < 0)
			return WRONG_RESULT;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	set("LISTEN_PID", c->pid != NULL && strcmp(c->pid, "self") == 0 ? pid : c->pid);
	set("LISTEN_FDS", c->count);
	set("LISTEN_FDNAMES", c->names);
	r = listen_take(&fds);
	if (r != c->result)
		return WRONG_RESULT;
	if (fds.count != c->taken)
		return WRONG_COUNT;
	if (c->find != NULL && listen_find(&fds, c->find) != c->found)
		return WRONG_NAME;
	for (int i = 0; i < fds.count; i++)
		if ((fcntl(fds.fds[i], F_GETFD) & FD_CLOEXEC) == 0)
			return NOT_CLOEXEC;
	if (getenv("LISTEN_PID") != NULL || getenv("LISTEN_FDS") != NULL ||
	    getenv("LISTEN_FDNAMES") != NULL)
		return STILL_IN_ENVIRONMENT;
	return OK;
}

static void
sockets_are_taken_as_systemd_passes_them(void **state)
{
	static const struct listen_case cases[] = {
	    {NULL, NULL, NULL, 0, 0, 0, "x", -1},
	    {"self", "2", "control:grant", 2, 0, 2, "grant", 4},
	    {"self", "2", "control:grant", 2, 0, 2, "control", 3},
	    {"self", "2", "control:grant", 2, 0, 2, "con", -1},
	    {"self", "2", "only", 2, 0, 2, "only", 3},
	    {"self", "1", "a:b:c", 1, 0, 1, "b", -1},
	    {"self", "1", NULL, 1, 0, 1, "a", -1},
	    {"self", "0", NULL, 0, 0, 0, NULL, 0},
	    {"1", "2", NULL, 2, 0, 0, NULL, 0},  /* meant for another process */
	    {NULL, "2", NULL, 2, 0, 0, NULL, 0}, /* for nobody */
	    {"self", "2", NULL, 1, -EBADF, 0, NULL, 0},
	    {"self", "65", NULL, 1, -EINVAL, 0, NULL, 0},
	    {"self", "-1", NULL, 1, -EINVAL, 0, NULL, 0},
	    {"self", "x", NULL, 1, -EINVAL, 0, NULL, 0},
	    {"self", "1x", NULL, 1, -EINVAL, 0, NULL, 0},
	    {"self", "", NULL, 1, -EINVAL, 0, NULL, 0},
	    {"self", "99999999999999999999", NULL, 1, -EINVAL, 0, NULL, 0},
	    {"x", "1", NULL, 1, -EINVAL, 0, NULL, 0},
	    {"", "1", NULL, 1, -EINVAL, 0, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t child = fork();
		int status = 0;

		if (child == 0)
			_exit(in_child(&cases[i]));
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != OK)
			fail_msg("case %zu: status %d", i, status);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sockets_are_taken_as_systemd_passes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
