#include "tests/lib/check.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void
require(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

int
check_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	require(dir != NULL, "/proc/self/fd");
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

ssize_t
check_send(int to, const void *data, size_t length, const int *fds, size_t count)
{
	union {
		char room[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec part = {(void *)(uintptr_t)data, length};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *head = &control.align;

	require(count <= 16, "too many descriptors");
	if (count > 0) {
		message.msg_control = control.room;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(head), fds, count * sizeof(int));
	}
	return sendmsg(to, &message, MSG_NOSIGNAL);
}

char *
check_tempdir(void)
{
	const char *base = getenv("TMPDIR");
	char *path = NULL;

	require(
	    asprintf(&path, "%s/praxa-test-XXXXXX", base != NULL ? base : "/tmp") > 0, "asprintf");
	require(mkdtemp(path) != NULL, path);
	return path;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void
check_tempdir_remove(char **path)
{
	require(nftw(*path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, *path);
	free(*path);
	*path = NULL;
}

void
check_write(const char *path, const char *name, const void *data, size_t length)
{
	char *full = NULL;
	FILE *file;

	require(asprintf(&full, "%s/%s", path, name) > 0, "asprintf");
	for (char *slash = strchr(full + strlen(path) + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	file = fopen(full, "we");
	require(file != NULL, full);
	require(length == 0 || fwrite(data, length, 1, file) == 1, full);
	require(fclose(file) == 0, full);
	free(full);
}
