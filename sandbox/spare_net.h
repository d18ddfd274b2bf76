/* spare_net.h - one network namespace made ahead, because making one is the dearest part of a cell.
 *
 * Invariant: no program ever runs in a spare before its cell does, and only that one cell gets it.
 * It is empty: a loopback that is down. It belongs to the caller's user namespace, not to the
 * cell's, so that no capability in the cell is one over it (network_namespaces(7)). Who may not
 * leave its own and return (CAP_SYS_ADMIN in both owners, setns(2)) has no spares, and clone3 makes
 * each cell's. */
#ifndef SANDBOX_SPARE_NET_H
#define SANDBOX_SPARE_NET_H

#include <stdbool.h>

#include "common/scope.h"

struct spare_net {
	int own_fd; /* the caller's network namespace; -1: there are no spares */
	int fd;     /* the spare; -1: none now */
};

#define SPARE_NET_NONE ((struct spare_net){-1, -1})

/* Notes the caller's namespace beneath proc_fd (/proc). */
void spare_net_init(int proc_fd, struct spare_net *ret);
void spare_net_done(struct spare_net *spare);
/* Makes a spare where there is none; a kernel that refuses leaves it at that. Blocks for the
 * kernel, below a millisecond. The caller is single-threaded, and in its own namespace before and
 * after; -errno: it could not return to it. */
MUST_USE int spare_net_make(int proc_fd, struct spare_net *spare);
/* Takes the caller into the spare, which is then used up: what it clones now is born there. false:
 * there was none, and the caller is where it was. */
MUST_USE bool spare_net_enter(struct spare_net *spare);
/* Back to the caller's own. Returns 0 or -errno. */
MUST_USE int spare_net_leave(const struct spare_net *spare);

#endif
