/* dial.h - a connection to another of our processes that comes back when that process does. */
#ifndef COMMON_DIAL_H
#define COMMON_DIAL_H

#include "common/peer.h"

struct dial;

struct dial_handlers {
	void (*up)(void *context); /* connected; called from the loop */
	void (*message)(void *context, struct wire_message *message);
	void (*down)(void *context, const struct fault *why); /* lost; it will be tried again */
};

/* Connects to the SOCK_SEQPACKET socket at path (copied) now, or as soon as it can be: tries again
 * after 50 ms, doubled up to 2 s. Never blocks. NULL: out of memory. */
struct dial *dial_new(struct event_base *base, const char *path, enum wire_role self,
    enum wire_role other, const struct dial_handlers *handlers, void *context);
/* Sends as peer_send does; ERR_RUN_ENDED while there is no connection. */
MUST_USE enum err dial_send(struct dial *dial, enum wire_type type, uint64_t serial,
    const void *body, const void *extra, size_t extra_length, const int *fds, int fd_count,
    struct fault *fault);
bool dial_is_up(const struct dial *dial);
/* Ends the connection as if the other side had broken it; `down` is called. */
void dial_reset(struct dial *dial, const struct fault *why);
/* NULLs the caller's pointer; accepts NULL; calls no handler. */
void dial_free(struct dial **dial);

#endif
