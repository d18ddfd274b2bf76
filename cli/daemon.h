/* daemon.h - starts one daemon as systemd would: its sockets from descriptor 3 up with LISTEN_FDS,
 * an environment of its own, a process group of its own, and nothing else of ours. */
#ifndef CLI_DAEMON_H
#define CLI_DAEMON_H

#include <sys/types.h>

#include "common/fault.h"

enum { DAEMON_SOCKETS_MAX = 2, DAEMON_ARGV_MAX = 256 };

struct daemon_spec {
	int program_fd; /* O_PATH: executed even where its folder is closed to uid */
	const char *argv[DAEMON_ARGV_MAX];
	int sockets[DAEMON_SOCKETS_MAX];
	const char *socket_names; /* LISTEN_FDNAMES: a:b */
	unsigned socket_count;
	int output_fd; /* stdout and stderr */
	uid_t uid;     /* (uid_t)-1: ours */
};

/* Forks and executes. The daemon gets SIGTERM when we die. *ret_pidfd polls readable at its end. */
MUST_USE enum err daemon_start(
    const struct daemon_spec *spec, pid_t *ret_pid, int *ret_pidfd, struct fault *fault);

#endif
