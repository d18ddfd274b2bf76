/* The limits of the cell as a whole, and the way out from under them. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_CGROUP(PROBE_DECLARE)

enum { PROCESSES = 6 };

/* In a process of its own: touches memory and says so by a byte, once, and once more when asked. */
static _Noreturn void
touch(size_t bytes, int go_fd, int done_fd)
{
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char byte = 1;

	for (int turn = 0; turn < 2 && map != MAP_FAILED; turn++) {
		memset(map, byte, bytes);
		if (write(done_fd, &byte, 1) != 1 || (turn == 0 && read(go_fd, &byte, 1) != 1))
			_exit(1);
	}
	pause();
	_exit(0);
}

/* How many of the processes answer. */
static int
count_answers(int fd)
{
	int count = 0;
	char byte;

	while (count < PROCESSES && read(fd, &byte, 1) == 1)
		count++;
	return count;
}

/* When the limit is reached all are killed, but not at one stroke: what the first leave free the
 * last may touch. Only who answers a second time, after all have answered once, has had its memory
 * together with all others. */
struct finding
probe_memory_of_all(void)
{
	static const char again[PROCESSES] = {2, 2, 2, 2, 2, 2};
	/* Each far below what one process may have, all together half as much again. */
	size_t each = (size_t)atol(planted("LIMIT_MEMORY")) / 4;
	int go[2], done[2];

	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(done, O_CLOEXEC) < 0)
		return held(strerrorname_np(errno));
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		if (pid == 0)
			touch(each, go[0], done[1]);
		if (pid < 0)
			return held(strerrorname_np(errno));
	}
	close(done[1]);
	if (count_answers(done[0]) < PROCESSES ||
	    write(go[1], again, sizeof(again)) != (ssize_t)sizeof(again) ||
	    count_answers(done[0]) < PROCESSES)
		return held("killed");
	return out("more memory than the limit");
}

/* Writes to a file of a cgroup: of dir, or of the cgroup that we are in below it. */
static struct finding
write_to(const char *dir, const char *file, const char *text)
{
	char path[4096], line[2048] = "";
	FILE *own = fopen("/proc/self/cgroup", "r");
	struct finding finding;
	int fd;

	while (
	    own != NULL && fgets(line, sizeof(line), own) != NULL && strncmp(line, "0::", 3) != 0)
		;
	if (own != NULL)
		fclose(own);
	line[strcspn(line, "\n")] = '\0';
	snprintf(path, sizeof(path), "%s%s/%s", dir, line[0] != '\0' ? line + 3 : "", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return held(strerrorname_np(errno));
	finding = judge(write(fd, text, strlen(text)), path);
	close(fd);
	return finding;
}

struct finding
probe_cgroup_left(void)
{
	int fd = open("/sys/fs/cgroup/cgroup.procs", O_WRONLY | O_CLOEXEC);
	struct finding finding = judge(fd < 0 ? -1 : write(fd, "0", 1), "the top of the tree");

	if (fd >= 0)
		close(fd);
	return finding;
}

struct finding
probe_cgroup_raised(void)
{
	return write_to("/sys/fs/cgroup", "pids.max", "max");
}

struct finding
probe_cgroup_mounted(void)
{
	gain(CLONE_NEWNS | CLONE_NEWCGROUP);
	if (mount("none", "/tmp", "cgroup2", 0, NULL) < 0)
		return held(strerrorname_np(errno));
	return write_to("/tmp", "pids.max", "max");
}
