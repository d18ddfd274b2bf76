/* link.h - the channel to the workspace's broker. */
#ifndef SUPERVISOR_LINK_H
#define SUPERVISOR_LINK_H

#include "supervisor/supervisor.h"

/* Connects, now or as soon as the broker is there. NULL: out of memory. */
struct dial *link_new(struct supervisor *supervisor);

#endif
