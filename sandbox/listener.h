/* listener.h - the supervisor's end of seccomp's user notification: which calls a cell was denied.
 *
 * It explains, it never decides: what a profile denies stays denied, by the error number that its
 * table says. Nothing here can let a call go on (SECCOMP_USER_NOTIF_FLAG_CONTINUE), and nothing
 * reads what an argument points to: another thread could have changed it (seccomp_unotify(2)). */
#ifndef SANDBOX_LISTENER_H
#define SANDBOX_LISTENER_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/scope.h"

struct listener_call {
	uint64_t id; /* names the call until it is answered or its process is gone */
	struct seccomp_data data;
};

/* Receives one packet without blocking, and the listener that may come with it: *ret_fd is set to
 * it or left alone. Returns the packet's true length, which is above size for one that was cut, or
 * -errno: -EBADF when a descriptor came that is no listener. Trust: the sender shares a cell with
 * the program. */
MUST_USE ssize_t listener_receive(int socket, void *to, size_t size, int *ret_fd);
/* The next call: 1 = got one, 0 = none now, -1 = none comes any more. Never blocks, as long as
 * nobody else reads from fd. */
MUST_USE int listener_read(int fd, struct listener_call *ret);
/* The call fails with error (an errno value; 0: it does nothing and returns 0). The caller may be
 * gone by now; then nothing happens. */
void listener_answer(int fd, uint64_t id, int error);

#endif
