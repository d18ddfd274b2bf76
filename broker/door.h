/* door.h - the Skill's end of the world: one stream socket, on libevent.
 *
 * Reads messages, scans them and hands them over whole; queues replies. Invariant: what a Skill
 * does wrong, too slowly or too much is answered by ending this door only, and a door holds at most
 * BROKER_FRAME_BYTES_MAX unread and BROKER_OUT_BYTES_MAX unsent bytes. */
#ifndef BROKER_DOOR_H
#define BROKER_DOOR_H

#include <event2/event.h>

#include "broker/limits.h"
#include "common/fault.h"

struct broker_door;

struct broker_door_handlers {
	/* One message that passed the scanner, with the values in it. May send and shut the door,
	 * must not free it. */
	void (*message)(void *context, const unsigned char *data, size_t length, uint32_t items);
	/* True while the owner cannot take another message; broker_door_resume ends the wait. */
	bool (*is_full)(void *context);
	/* The Skill broke the protocol. The door is shut. At most once. */
	void (*violated)(void *context, const struct fault *fault);
};

/* Takes fd, a connected stream socket, and starts to read. handlers (static storage) and context
 * must outlive the door. stall_ms: BROKER_STALL_MS, shorter in tests. NULL: out of memory, or not a
 * stream socket (fd is closed). */
struct broker_door *broker_door_new(struct event_base *base, int fd, unsigned stall_ms,
    const struct broker_door_handlers *handlers, void *context);
/* Queues bytes and sends what the socket takes now. Never blocks. A full queue is a violation; a
 * door that is shut or whose Skill has gone swallows them. */
void broker_door_send(struct broker_door *door, const void *data, size_t length);
/* The owner can take messages again; they come from the loop, not from inside this call. */
void broker_door_resume(struct broker_door *door);
/* Closes the socket and calls no handler any more. Safe inside a handler. */
void broker_door_shut(struct broker_door *door);
/* Not inside a handler. NULLs the caller's pointer; accepts NULL. */
void broker_door_free(struct broker_door **door);

#endif
