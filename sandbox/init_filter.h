/* init_filter.h - praxa-init's own seccomp filter, for when it only waits. */
#ifndef SANDBOX_INIT_FILTER_H
#define SANDBOX_INIT_FILTER_H

#include "common/scope.h"

/* From now on the caller may wait, poll, read, send, kill and exit; anything else kills it, and the
 * cell with it. Needs no_new_privs. Returns 0 or -errno. */
MUST_USE int init_filter_enter(void);

#endif
