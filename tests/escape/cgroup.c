/* The limits of the cell as a whole, and the way out from under them. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_CGROUP(PROBE_DECLARE)

enum { PROCESSES = 6 };

/* In a process of its own: touches memory, says so by a byte, and keeps it. */
static _Noreturn void
touch(size_t bytes, int done_fd)
{
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map != MAP_FAILED) {
		memset(map, 1, bytes);
		if (write(done_fd, "x", 1) != 1)
			_exit(1);
	}
	pause();
	_exit(0);
}

struct finding
probe_memory_of_all(void)
{
	/* Each far below what one process may have, all together half as much again. */
	size_t each = (size_t)atol(planted("LIMIT_MEMORY")) / 4;
	int ends[2], count = 0;
	char byte;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return held(strerrorname_np(errno));
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		if (pid == 0)
			touch(each, ends[1]);
		if (pid < 0)
			return held(strerrorname_np(errno));
	}
	close(ends[1]);
	while (count < PROCESSES && read(ends[0], &byte, 1) == 1)
		count++;
	/* All of the cell is killed together, but we may be the last to notice. */
	return count == PROCESSES ? out("more memory than the limit") : held("killed");
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
