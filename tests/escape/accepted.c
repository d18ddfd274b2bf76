/* What is known and not stopped; docs/escapes.md says why. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

#define ACCEPTED_DECLARE(ident, technique, why) struct finding probe_##ident(void);
PROBES_ACCEPTED(ACCEPTED_DECLARE)

static struct finding
find_line(const char *path, const char *text, const char *what)
{
	FILE *file = fopen(path, "r");
	char line[4096];
	struct finding finding = held("not there");

	if (file == NULL)
		return held(strerrorname_np(errno));
	while (fgets(line, sizeof(line), file) != NULL)
		if (strstr(line, text) != NULL)
			finding = out(what);
	fclose(file);
	return finding;
}

struct finding
probe_mount_paths(void)
{
	return find_line("/proc/self/mountinfo", planted("MOUNT_NAME"), "a path of the host");
}

struct finding
probe_clock_offsets(void)
{
	return find_line("/proc/self/timens_offsets", "-", "the host's uptime");
}

struct finding
probe_file_locks(void)
{
	int fd = open("/srv/file", O_RDONLY | O_CLOEXEC);

	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return out("the other's lock");
	return held("no lock");
}

struct finding
probe_own_code(void)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return judge(map == MAP_FAILED ? -1 : mprotect(map, 4096, PROT_READ | PROT_EXEC),
	    "written, then executable");
}

struct finding
probe_lock_flood(void)
{
	enum { LOCKS = 1000 };
	int fd = open("/tmp/locked", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

	/* Every second byte, or they would become one. */
	for (int i = 0; i < LOCKS; i++) {
		lock.l_start = 2 * (off_t)i;
		if (fcntl(fd, F_SETLK, &lock) < 0)
			return held(strerrorname_np(errno));
	}
	return out("a thousand locks, and no limit");
}

struct finding
probe_host_load(void)
{
	struct sysinfo info;

	return judge(sysinfo(&info), "load and memory");
}
