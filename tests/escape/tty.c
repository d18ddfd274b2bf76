/* The terminal of whoever started the run: the harness gives it as descriptor 0. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_TTY(PROBE_DECLARE)

static const char key = 'x';

struct finding
probe_tty_type(void)
{
	return judge(ioctl(0, TIOCSTI, &key), "typed");
}

struct finding
probe_tty_type_high(void)
{
	/* The kernel drops the upper half; a filter that compares 64 bits sees another command. */
	return judge(syscall(SYS_ioctl, 0, (1UL << 32) | TIOCSTI, &key), "typed");
}

struct finding
probe_tty_paste(void)
{
	char paste = 3; /* TIOCL_PASTESEL */

	return judge(ioctl(0, TIOCLINUX, &paste), "pasted");
}

struct finding
probe_tty_steal(void)
{
	setsid(); /* leader already, or not leader and then it becomes one */
	return judge(ioctl(0, TIOCSCTTY, 1), "its terminal");
}

struct finding
probe_tty_discipline(void)
{
	int discipline = 0; /* N_TTY: the same, for the call is what counts */

	return judge(ioctl(0, TIOCSETD, &discipline), "a line discipline");
}

struct finding
probe_tty_peer(void)
{
	unsigned number;

	return judge(ioctl(0, TIOCGPTPEER, O_RDWR) < 0 ? ioctl(0, TIOCGSID, &number) : 0,
	    "the other end, or whose it is");
}

struct finding
probe_tty_open(void)
{
	return judge_fd(open("/dev/tty", O_RDWR | O_CLOEXEC), "/dev/tty");
}
