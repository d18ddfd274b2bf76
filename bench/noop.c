/* noop - what every launch in bench/launch starts: says when it began, and ends.
 *
 * CLOCK_REALTIME is the one clock that a time namespace does not move. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct timespec now;
	char byte;

	clock_gettime(CLOCK_REALTIME, &now);
	if (write(STDOUT_FILENO, &now, sizeof(now)) != (ssize_t)sizeof(now))
		return 1;
	/* With an argument: a Skill that waits, until what comes on that descriptor ends. */
	return argc > 1 && read(atoi(argv[1]), &byte, 1) != 0;
}
