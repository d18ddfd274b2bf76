/* supervisor.h - the channel to the supervisor: grants come in, tools and violations go out. One
 * connection at a time; when it ends, all runs end. */
#ifndef BROKER_SUPERVISOR_H
#define BROKER_SUPERVISOR_H

#include "common/wire.h"

struct broker;

/* Takes an accepted connection; the listener's callback, whose context is the broker. One of
 * another uid, or a second one, is closed and recorded. */
void broker_supervisor_accept(void *broker, int fd);
/* Sends a message without descriptors. Never blocks. A supervisor that does not take it has stalled
 * and is treated as gone, from the loop: no run lives on that it was not told about. */
void broker_supervisor_tell(
    struct broker *broker, enum wire_type type, uint64_t serial, const void *body);
/* Ends the connection and all runs. Not inside the handler of a call. */
void broker_supervisor_lose(struct broker *broker);

#endif
