/* idmap.h - the id maps of a cell's user namespace: one user and one group, nobody else. */
#ifndef SANDBOX_IDMAP_H
#define SANDBOX_IDMAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/scope.h"

/* What the program is inside. Not 0: programs believe root, and 0 would own capabilities again. */
enum { IDMAP_INSIDE = 1000 };

/* Maps IDMAP_INSIDE to uid and gid outside in the user namespace of pid, a child of the caller that
 * waits. drop_groups leaves setgroups(2) to the child so that it can empty its list; it needs
 * CAP_SETGID here. Otherwise setgroups is denied for ever (CVE-2014-8989). Returns 0 or -errno. */
MUST_USE int idmap_write(int proc_fd, pid_t pid, uid_t uid, gid_t gid, bool drop_groups);

#endif
