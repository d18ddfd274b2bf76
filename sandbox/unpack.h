/* unpack.h - a bundle as a file system. */
#ifndef SANDBOX_UNPACK_H
#define SANDBOX_UNPACK_H

#include "common/scope.h"

/* Unpacks the sealed pack pack_fd into a tmpfs of exactly its size, every file and directory mode
 * 0555, and makes it read-only. Returns the detached mount or -errno; -EBADMSG: not a pack. */
MUST_USE int unpack_bundle(int pack_fd);

#endif
