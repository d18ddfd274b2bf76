/* peer.h - one end of a channel between our processes, on libevent.
 *
 * Receives packets, checks them (wire.h) and hands them to one handler; sends packets in order from
 * a bounded queue. A packet that does not pass ends the peer: unknown is never ignored. */
#ifndef COMMON_PEER_H
#define COMMON_PEER_H

#include <event2/event.h>
#include <sys/types.h>

#include "common/wire.h"

struct peer;

enum {
	PEER_QUEUE_BYTES_MAX = 8 * 1024 * 1024, /* more unsent than this: the peer has stalled */
};

struct peer_handlers {
	/* A message that passed wire_check. May call peer_send and peer_free. Descriptors left in
	 * message->fds are closed when it returns. */
	void (*message)(void *context, struct peer *peer, struct wire_message *message);
	/* The other end is gone (why->code ERR_OK) or broke the protocol. The peer is already
	 * closed for sending; the handler frees it or keeps it for later. Called at most once. */
	void (*closed)(void *context, struct peer *peer, const struct fault *why);
};

/* Takes fd, a connected SOCK_SEQPACKET socket, and starts to read. self and other are single roles.
 * handlers (static storage) and context must outlive the peer. NULL: out of memory (fd is closed).
 */
struct peer *peer_new(struct event_base *base, int fd, enum wire_role self, enum wire_role other,
    const struct peer_handlers *handlers, void *context);
/* Queues a packet. body points to the type's struct; extra may be NULL; fds are duplicated. Never
 * blocks. ERR_LIMIT when the queue is full, ERR_RUN_ENDED when the peer is closed, ERR_INTERNAL. */
MUST_USE enum err peer_send(struct peer *peer, enum wire_type type, uint64_t serial,
    const void *body, const void *extra, size_t extra_length, const int *fds, int fd_count,
    struct fault *fault);
/* A message without extra bytes and descriptors. */
MUST_USE enum err peer_send_plain(
    struct peer *peer, enum wire_type type, uint64_t serial, const void *body, struct fault *fault);
/* Bytes that wait to be sent. */
size_t peer_queued(const struct peer *peer);
/* The other end's uid and pid at connect time (SO_PEERCRED); -errno. */
MUST_USE int peer_credentials(const struct peer *peer, uid_t *ret_uid, pid_t *ret_pid);
/* Closes and frees; NULLs the caller's pointer; accepts NULL. Safe inside a handler. */
void peer_free(struct peer **peer);

/* Connects to the SOCK_SEQPACKET socket at path; does not block. -EPERM: somebody who is neither
 * root nor ourselves listens there; -errno. */
MUST_USE int peer_connect(const char *path, int *ret_fd);
/* A listening SOCK_SEQPACKET socket at path with this mode; a stale one is replaced. -errno. */
MUST_USE int peer_bind(const char *path, mode_t mode, int *ret_fd);

struct peer_listener;

/* Calls accepted(context, fd) for each connection to the listening socket fd (taken, non-blocking).
 * The callee owns the accepted descriptor. NULL: out of memory (fd is closed). */
struct peer_listener *peer_listen(
    struct event_base *base, int fd, void (*accepted)(void *context, int fd), void *context);
/* Closes the socket; NULLs the caller's pointer; accepts NULL. */
void peer_listener_free(struct peer_listener **listener);

#endif
