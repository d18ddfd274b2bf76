/* handover.h - what makes a parked cell the cell of a run: its environment and its descriptors.
 *
 * A cell is parked when it is built as far as nothing of a run is needed. Process 2 says so with
 * one byte on a socket of its own and waits there for one message. The other end is the
 * supervisor's alone; when it closes, the cell ends. Invariant: a cell takes one message and then
 * closes the socket. */
#ifndef SANDBOX_HANDOVER_H
#define SANDBOX_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/scope.h"
#include "sandbox/plan.h"

enum { HANDOVER_BYTES_MAX = 16 * 1024 };

/* Descriptors in the order 0, 1, 2 and, where there is a door, 3. */
enum { HANDOVER_STDIO = 3, HANDOVER_FDS_MAX = 4 };

struct handover_head {
	char magic[8];
	uint32_t env_count;
	uint32_t fd_count;
};

/* Sends environment and descriptors (borrowed) without blocking. fds[3] -1: no door. Returns 0 or
 * -errno: -E2BIG too long, -EPIPE the cell is gone. */
MUST_USE int handover_send(int socket, const char *const *envp, const int fds[HANDOVER_FDS_MAX]);
/* Parses data[0..length), which came with fd_count descriptors; *ret_env points into data and ends
 * with NULL. false: not a handover. Trust: data may hold anything, though it comes from the
 * supervisor. */
MUST_USE bool handover_parse(
    char *data, size_t length, unsigned fd_count, char *ret_env[PLAN_ENV_MAX + 1]);

#endif
