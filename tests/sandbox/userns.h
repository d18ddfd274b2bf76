/* userns.h - a host on which user namespaces are forbidden, for this process alone. */
#ifndef TESTS_SANDBOX_USERNS_H
#define TESTS_SANDBOX_USERNS_H

#include <stdbool.h>

/* Moves this process, which must have one thread, into a user namespace where it is root over many
 * ids and user.max_user_namespaces is 0. The setting is that of the new namespace; the machine's
 * stays as it is. Where the machine's is 0 already, nothing is to do. false: this is not root, and
 * nothing happens. Aborts on failure. */
bool userns_forbid(void);
/* Whether user.max_user_namespaces is 0 where this process is. */
bool userns_is_forbidden(void);

#endif
