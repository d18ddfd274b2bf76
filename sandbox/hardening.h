/* hardening.h - what a process gives up that no namespace takes: new code in its memory, and
 * speculation past what it may read. Inherited by fork and execve. Both are read back; functions
 * return 0 or -errno. */
#ifndef SANDBOX_HARDENING_H
#define SANDBOX_HARDENING_H

#include "common/scope.h"

/* No memory becomes executable that was not, and none is made writable and executable (PR_SET_MDWE,
 * Linux 6.3). Breaks compilers in the process. -EINVAL: the kernel has it not. */
MUST_USE int hardening_deny_new_code(void);
/* No speculative store bypass, no speculation on indirect branches that others have trained
 * (PR_SET_SPECULATION_CTRL). -EOPNOTSUPP: this processor is affected, and kernel, hypervisor or
 * boot options leave no control over it. */
MUST_USE int hardening_restrict_speculation(void);

#endif
