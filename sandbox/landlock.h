/* landlock.h - the cell's Landlock rules (landlock(7)), at the best ABI that the kernel has. */
#ifndef SANDBOX_LANDLOCK_H
#define SANDBOX_LANDLOCK_H

#include <stdint.h>

#include "sandbox/plan.h"

/* Restricts the caller; needs no_new_privs. Nothing may be opened but: /usr and the like, the
 * bundle and the mounts for reading and executing, /etc and /proc for reading, /tmp for reading and
 * writing but not executing, the devices. No TCP, no signal and no abstract socket to outside. Read
 * back by an open that only Landlock forbids. Returns 0 or -errno and the ABI; -ENOSYS,
 * -EOPNOTSUPP: the kernel has none. */
MUST_USE int landlock_enter(const struct plan *plan, uint32_t *ret_abi);

#endif
