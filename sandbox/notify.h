/* notify.h - in praxa-init: denied calls go to the supervisor, who answers and records them.
 *
 * The kernel gives the listener to the process that takes the filter, which must send it away and
 * then be as narrow as its profile says. So there are two filters. The first is the profile, with a
 * listener, and leaves two calls open; the second closes those two. Invariant: together they answer
 * every call as the profile alone does; the two are answered by the kernel, unseen. */
#ifndef SANDBOX_NOTIFY_H
#define SANDBOX_NOTIFY_H

#include <linux/filter.h>
#include <stdint.h>

#include "common/scope.h"

/* Takes filter[0..length), with what it denies by error number handed to a listener, and sends that
 * on report_fd: one byte and the descriptor. Returns -errno when there is no listener to be had;
 * then no filter is taken. What fails later ends the process: nobody could be told any more. */
MUST_USE int notify_enter(const struct sock_filter *filter, uint32_t length, int report_fd);

#endif
