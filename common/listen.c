#include "common/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* A whole number in an environment variable; -1: absent or malformed. */
static long
env_number(const char *name)
{
	const char *text = getenv(name);
	char *end = NULL;
	long value;

	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	value = strtol(text, &end, 10);
	return errno == 0 && *end == '\0' ? value : -1;
}

static void
take_names(struct listen_fds *fds)
{
	const char *at = getenv("LISTEN_FDNAMES");

	for (int i = 0; at != NULL && i < fds->count; i++) {
		size_t length = strcspn(at, ":");

		snprintf(fds->names[i], sizeof(fds->names[i]), "%.*s", (int)length, at);
		at = at[length] == ':' ? at + length + 1 : NULL;
	}
}

int
listen_take(struct listen_fds *ret)
{
	struct listen_fds fds = {0};
	long pid = env_number("LISTEN_PID"), count = env_number("LISTEN_FDS");
	int r = 0;

	if (getenv("LISTEN_PID") != NULL && pid < 0)
		r = -EINVAL;
	else if (getenv("LISTEN_FDS") != NULL && pid == (long)getpid()) {
		if (count < 0 || count > LISTEN_FDS_MAX)
			r = -EINVAL;
		else
			fds.count = (int)count;
	}
	for (int i = 0; r == 0 && i < fds.count; i++) {
		fds.fds[i] = LISTEN_FDS_START + i;
		if (fcntl(fds.fds[i], F_SETFD, FD_CLOEXEC) < 0)
			r = -errno;
	}
	take_names(&fds);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (r == 0)
		*ret = fds;
	return r;
}

int
listen_find(const struct listen_fds *fds, const char *name)
{
	for (int i = 0; i < fds->count; i++)
		if (strcmp(fds->names[i], name) == 0)
			return fds->fds[i];
	return -1;
}
