/* listen.h - listening sockets that somebody else opened: systemd's LISTEN_FDS convention
 * (sd_listen_fds(3)), in a few lines so that no daemon links libsystemd. `praxa run` and `praxa up`
 * speak it too: one code path. */
#ifndef COMMON_LISTEN_H
#define COMMON_LISTEN_H

#include "common/scope.h"

enum { LISTEN_FDS_START = 3, LISTEN_FDS_MAX = 64 };

struct listen_fds {
	int count;
	int fds[LISTEN_FDS_MAX];
	char names[LISTEN_FDS_MAX][64]; /* LISTEN_FDNAMES, "" where not given */
};

/* Takes the descriptors that LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES announce, sets FD_CLOEXEC on
 * each and removes the variables, so that a child never sees them. Returns 0 (count 0: none were
 * passed) or -errno: malformed variables or a descriptor that is not open. Call once, first. */
MUST_USE int listen_take(struct listen_fds *ret);
/* The first descriptor called name, or -1. It stays in the set. */
int listen_find(const struct listen_fds *fds, const char *name);

#endif
