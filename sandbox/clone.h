/* clone.h - clone3(2) into a borrowed address space, as vfork(2) does: no page table is copied, so
 * the cost does not grow with the caller. */
#ifndef SANDBOX_CLONE_H
#define SANDBOX_CLONE_H

#include <linux/sched.h>
#include <sys/types.h>

#include "common/scope.h"

/* Runs child(context) on the stack of args in a new process that shares the caller's memory, while
 * the caller waits until it has called execve(2) or _exit(2); args->flags must hold CLONE_VM and
 * CLONE_VFORK. child must not return, allocate, or leave a lock taken. Returns the pid or -errno.
 */
MUST_USE pid_t clone_run(
    const struct clone_args *args, void (*child)(void *context), void *context);

#endif
