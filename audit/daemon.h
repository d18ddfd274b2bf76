/* daemon.h - praxa-auditd's loop: connections in, groups out. */
#ifndef AUDIT_DAEMON_H
#define AUDIT_DAEMON_H

#include "audit/options.h"
#include "common/listen.h"

/* Opens the logs and serves until SIGTERM or SIGINT, then makes durable what waits and returns 0;
 * otherwise the exit code of what went wrong, which was logged. Takes the sockets of listen. */
int auditd_run(const struct auditd_options *options, const struct listen_fds *listen);

#endif
