/* mode.h - the two ways in: with a user namespace, or, where the host forbids them, with the
 * capabilities of root and a user id of its own for each cell. */
#ifndef SANDBOX_MODE_H
#define SANDBOX_MODE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/fault.h"

/* Tries whether this process can make a user namespace and use it. *ret_privileged: it cannot, but
 * it is root. ERR_CONFINEMENT: neither, with what to do on this host. proc_fd: a /proc. */
MUST_USE enum err mode_choose(int proc_fd, bool *ret_privileged, struct fault *fault);
/* What on this host stands behind a user namespace that cannot be made or used: a sysctl, or the
 * AppArmor profile of this process. Fills `to` and returns what to do about it (static storage);
 * NULL, and `to` is left alone, when nothing that is known does. proc_fd: a /proc. */
const char *mode_obstacle(int proc_fd, char *to, size_t size);
/* What a failed clone3(2) into namespaces asks of an operator. */
const char *mode_advice(int error);

#endif
