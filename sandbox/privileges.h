/* privileges.h - giving up identity, capabilities and the way back to them; each read back.
 * Functions return 0 or -errno; -EPERM also where the kernel said yes and the read-back says no. */
#ifndef SANDBOX_PRIVILEGES_H
#define SANDBOX_PRIVILEGES_H

#include <stdbool.h>

#include "common/scope.h"

/* Becomes the user and the group id; drops all groups first where allowed. */
MUST_USE int privileges_take_identity(unsigned id, bool drop_groups);
/* Empties all five capability sets and locks securebits so that no uid and no execve refills them.
 */
MUST_USE int privileges_drop(void);
/* no_new_privs, for ever. */
MUST_USE int privileges_forbid_new(void);
/* No session keyring that holds keys of the host (keyrings(7)): the caller's where that is closed
 * (sandbox/keyring.h), else a new one. */
MUST_USE int privileges_new_keyring(void);

#endif
