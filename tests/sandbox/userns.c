#include "tests/sandbox/userns.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "common/io.h"

/* More than any test's own id. */
enum { IDS = 100000 };

static void
require(bool sound, const char *what)
{
	if (!sound) {
		fprintf(stderr, "user namespace: %s\n", what);
		abort();
	}
}

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	require(fd >= 0 && io_write_full(fd, text, strlen(text)) == 0, path);
	close(fd);
}

/* Who stays outside gives it as many ids as it needs. */
static _Noreturn void
write_maps(int ready_fd)
{
	static const char *const maps[] = {"uid_map", "gid_map"};
	char path[64], text[64], byte;

	require(read(ready_fd, &byte, 1) == 1, "pipe");
	snprintf(text, sizeof(text), "0 0 %d\n", IDS);
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)getppid(), maps[i]);
		write_file(path, text);
	}
	_exit(0);
}

bool
userns_is_forbidden(void)
{
	int fd = open("/proc/sys/user/max_user_namespaces", O_RDONLY | O_CLOEXEC);
	char first = 0;
	bool forbidden = fd >= 0 && read(fd, &first, 1) == 1 && first == '0';

	close(fd);
	return forbidden;
}

bool
userns_forbid(void)
{
	int ready[2], status = -1;
	pid_t pid;

	if (geteuid() != 0)
		return false;
	if (userns_is_forbidden())
		return true;
	require(pipe2(ready, O_CLOEXEC) == 0, "pipe");
	pid = fork();
	if (pid == 0)
		write_maps(ready[0]);
	require(pid > 0 && unshare(CLONE_NEWUSER) == 0, "not made");
	require(write(ready[1], "", 1) == 1 && waitpid(pid, &status, 0) == pid && status == 0,
	    "id maps");
	close(ready[0]);
	close(ready[1]);
	write_file("/proc/sys/user/max_user_namespaces", "0");
	return true;
}
