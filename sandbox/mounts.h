/* mounts.h - mounts by descriptor (fsopen(2), open_tree(2), mount_setattr(2), move_mount(2),
 * openat2(2)): no step of a path can be swapped for a link between a check and a use.
 *
 * Every function returns a descriptor or 0, or -errno. */
#ifndef SANDBOX_MOUNTS_H
#define SANDBOX_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/types.h>

#include "common/scope.h"

/* A new tmpfs, not attached anywhere. attributes: MOUNT_ATTR_*. is_dense: a file that is written at
 * once gets large pages where the kernel has them, which makes a large one several times faster. */
MUST_USE int mounts_tmpfs(
    uint64_t bytes, uint64_t inodes, const char *mode, bool is_dense, uint64_t attributes);
/* A new /proc of the caller's pid namespace that shows only what the reader may trace, and nothing
 * but processes; read-only. */
MUST_USE int mounts_proc(void);
/* A new, whole /proc of the caller's pid namespace, for the way into the cell only. */
MUST_USE int mounts_proc_whole(void);
/* A copy of what is mounted at path beneath dir_fd (path "": of dir_fd itself), with all mounts
 * inside it and attributes on each. */
MUST_USE int mounts_copy(int dir_fd, const char *path, uint64_t attributes);
/* Adds attributes to a mount and all mounts inside it. */
MUST_USE int mounts_restrict(int mount_fd, uint64_t attributes);
/* Opens path beneath root_fd as an O_PATH descriptor: no link, no way out. */
MUST_USE int mounts_open_beneath(int root_fd, const char *path);
/* Makes the directory path (relative) and its parents beneath root_fd and opens it. */
MUST_USE int mounts_make_dir(int root_fd, const char *path);
/* Attaches mount_fd to the directory or file target_fd. */
MUST_USE int mounts_attach(int mount_fd, int target_fd);
/* Attaches mount_fd at path beneath root_fd, which the caller has just made itself: the last part
 * may not be a link, those before it are not looked at. */
MUST_USE int mounts_attach_new(int mount_fd, int root_fd, const char *path);

#endif
