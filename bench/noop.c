/* noop - what every launch in bench/launch starts: says when it began, and ends.
 *
 * CLOCK_REALTIME is the one clock that a time namespace does not move. */
#include <time.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct timespec now;
	char byte;

	(void)argv;
	clock_gettime(CLOCK_REALTIME, &now);
	if (write(STDOUT_FILENO, &now, sizeof(now)) != (ssize_t)sizeof(now))
		return 1;
	/* With an argument: a Skill that waits, until its input ends. */
	return argc > 1 && read(STDIN_FILENO, &byte, 1) != 0;
}
