/* root.h - the root of the cell: what is in it, and how it becomes the root.
 *
 * A tmpfs of our own that no running program has seen; everything in it comes from descriptors that
 * were checked. Only /tmp can be written. Functions return 0 or -errno and name in enter->object
 * what they were at. */
#ifndef SANDBOX_ROOT_H
#define SANDBOX_ROOT_H

#include "sandbox/enter.h"

/* The empty root, over the host's: pivot_root(2) needs a mount point. */
MUST_USE int root_begin(struct enter *enter);
/* /usr and the host's links or directories beside it, read-only. */
MUST_USE int root_system(struct enter *enter);
/* /etc: a few files of our own, the linker's cache and the alternatives of the host. */
MUST_USE int root_etc(struct enter *enter);
/* /dev: null, zero, full, random, urandom; checked by device number (CVE-2025-31133). */
MUST_USE int root_devices(struct enter *enter);
MUST_USE int root_proc(struct enter *enter);
/* /tmp, the only place to write; /dev/shm leads to it, so that one limit covers both. */
MUST_USE int root_tmp(struct enter *enter);
/* The bundle, unpacked from the sealed pack. */
MUST_USE int root_bundle(struct enter *enter);
/* The mounts of the spec. */
MUST_USE int root_mounts(struct enter *enter);
/* Makes it the root, detaches the host's, and makes what is left read-only. */
MUST_USE int root_pivot(struct enter *enter);
MUST_USE int root_seal(struct enter *enter);

#endif
