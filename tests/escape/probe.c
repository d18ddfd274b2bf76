/* escape-probe - runs inside a cell. argv[1] names one probe of probes.h; the last line that is
 * printed is the finding: "contained HOW" or "ESCAPED WHAT". Static, with no library of ours.
 *
 * With "hold IDENT" it is the first of two cells: it sets up what the probe looks for in the
 * second, says "up", and waits to be killed. */
#include "tests/escape/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/escape/guards.h"
#include "tests/escape/pairs.h"
#include "tests/escape/probes.h"

#define ACCEPTED_DECLARE(ident, technique, why) struct finding probe_##ident(void);
PROBES(PROBE_DECLARE)
PROBES_BUILD(PROBE_DECLARE)
PROBES_ACCEPTED(ACCEPTED_DECLARE)

static const struct {
	const char *name;
	struct finding (*run)(void);
} probes[] = {
#define PROBE_ROW(ident, technique, guard, also, contained) {#ident, probe_##ident},
#define ACCEPTED_ROW(ident, technique, why) {#ident, probe_##ident},
    PROBES(PROBE_ROW) PROBES_BUILD(PROBE_ROW) PROBES_ACCEPTED(ACCEPTED_ROW)};

struct finding
held(const char *how)
{
	struct finding finding = {.escaped = false};

	snprintf(finding.how, sizeof(finding.how), "%s", how);
	return finding;
}

struct finding
out(const char *what)
{
	struct finding finding = {.escaped = true};

	snprintf(finding.how, sizeof(finding.how), "%s", what);
	return finding;
}

struct finding
judge(long result, const char *what)
{
	return result < 0 ? held(strerrorname_np(errno)) : out(what);
}

struct finding
judge_fd(int fd, const char *what)
{
	struct finding finding = judge(fd, what);

	if (fd >= 0)
		close(fd);
	return finding;
}

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		puts(path);
	close(fd);
}

void
gain(unsigned long namespaces)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %d 1", (int)getuid());
	if (unshare(CLONE_NEWUSER) == 0) {
		put("/proc/self/setgroups", "deny");
		put("/proc/self/uid_map", map);
		put("/proc/self/gid_map", map);
	}
	if (namespaces != 0 && unshare((int)namespaces) < 0)
		return; /* the probe tries without */
}

const char *
planted(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? value : "";
}

/* Executed by a probe from a file with set-uid or capabilities: what has been gained? */
static int
whoami(void)
{
	struct finding finding = held("nothing gained");

	if (geteuid() != (uid_t)atoi(planted("ID")) || getegid() != (gid_t)atoi(planted("ID")))
		finding = out("another id");
	if (syscall(SYS_chroot, "/") == 0)
		finding = out("a capability");
	printf("%s %s\n", finding.escaped ? "ESCAPED" : "contained", finding.how);
	return 0;
}

int
main(int argc, char **argv)
{
	struct finding finding;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && strcmp(argv[1], "whoami") == 0)
		return whoami();
	if (argc == 3 && strcmp(argv[1], "hold") == 0)
		return pairs_hold(argv[2]);
	for (size_t i = 0; argc == 2 && i < sizeof(probes) / sizeof(probes[0]); i++) {
		if (strcmp(probes[i].name, argv[1]) != 0)
			continue;
		finding = probes[i].run();
		printf("%s %s\n", finding.escaped ? "ESCAPED" : "contained", finding.how);
		return 0;
	}
	fprintf(stderr, "no such probe\n");
	return 99;
}
