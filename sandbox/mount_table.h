/* mount_table.h - reads back what is mounted in the cell. */
#ifndef SANDBOX_MOUNT_TABLE_H
#define SANDBOX_MOUNT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/scope.h"

/* Whether a line of /proc/self/mountinfo (proc(5)) is as a cell's must be: nosuid; nodev, but for
 * what is below /dev; read-only, but for /tmp; in no peer group. Changes line. *ret_point is its
 * mount point, or "" for a line that cannot be read. */
MUST_USE bool mount_table_line_is_sound(char *line, const char **ret_point);
/* Checks every mount of the caller. proc_fd: a /proc. Returns 0 or -errno; -EPERM: the mount whose
 * point is copied to wrong. */
MUST_USE int mount_table_check(int proc_fd, char *wrong, size_t size);

#endif
