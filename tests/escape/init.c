/* Process 1 and the end of a run. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_INIT(PROBE_DECLARE)

static void
wait_ms(long ms)
{
	nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
}

struct finding
probe_kill_init(void)
{
	pid_t parent = getppid();

	if (kill(parent, SIGKILL) < 0)
		return held(strerrorname_np(errno));
	/* In its own PID namespace the signal is dropped; else it is gone, and we are orphans. */
	wait_ms(50);
	return getppid() == parent ? held("the signal is dropped") : out("process 1 is dead");
}

/* The grandchild says so if it still lives when the run is over; the harness waits for whoever
 * holds the output. */
struct finding
probe_survivor(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return held(strerrorname_np(errno));
	if (pid > 0)
		return held("nothing is left");
	setsid();
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (fork() != 0)
		_exit(0);
	wait_ms(200);
	puts("ESCAPED outlived the run");
	_exit(0);
}
