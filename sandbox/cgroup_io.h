/* cgroup_io.h - how fast a cell may read from disks (cgroup-v2.rst, "IO Interface Files").
 *
 * A cell writes to no disk: its scratch space is memory, everything else is read-only, and swap is
 * off. What it reads that is not in memory yet, of its mounts and of /usr, comes from the disks of
 * the host. All of them are limited, and not those that the mounts seem to lie on: below a mount
 * may be another, and overlayfs and btrfs do not say what they lie on. */
#ifndef SANDBOX_CGROUP_IO_H
#define SANDBOX_CGROUP_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "common/scope.h"

enum { CGROUP_IO_NAME_MAX = 64 };

/* Writes the limit, bytes a second from each disk, into io.max of a leaf and reads it back.
 * disks_fd is /sys/block. Returns 0 or -errno: -ENOENT: there is no io.max; -ENODEV: no disk is
 * there; else ret_disk names the one that takes no limit. */
MUST_USE int cgroup_io_limit(
    int leaf_fd, int disks_fd, uint64_t bytes, char ret_disk[CGROUP_IO_NAME_MAX]);
/* Whether what is read from the file system of fd is limited so: it lies on a disk, or in memory. A
 * network's or a FUSE one is not. */
MUST_USE bool cgroup_io_reaches(int fd);

#endif
