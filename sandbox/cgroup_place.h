/* cgroup_place.h - where in the cgroup v2 tree this process is (cgroups(7)). */
#ifndef SANDBOX_CGROUP_PLACE_H
#define SANDBOX_CGROUP_PLACE_H

#include <stddef.h>

#include "common/fault.h"

enum { CGROUP_PATH_MAX = 512 };

/* The directory of our own cgroup; where its last part is leaf, the one above it. ERR_CONFINEMENT:
 * there is no v2 tree, or none in which we have a place. */
MUST_USE enum err cgroup_place_own(
    const char *leaf, char *ret_path, size_t size, struct fault *fault);

#endif
