/* control.h - clients: people's `praxa run`, connected to the control socket.
 *
 * A client starts at most one run at a time and follows it; when it goes, its run ends. */
#ifndef SUPERVISOR_CONTROL_H
#define SUPERVISOR_CONTROL_H

#include "supervisor/run.h"

enum { CONTROL_PROBLEMS_MAX = 16 * 1024 /* bytes that CONTROL_RELOADED carries */ };

/* A connection to the control socket (taken). */
void control_accept(struct supervisor *supervisor, int fd);
/* Tells every waiting client that runs are taken. */
void control_tell_ready(struct supervisor *supervisor);
/* Closes every client. */
void control_done(struct supervisor *supervisor);

/* Ties a client and a run together, and apart. */
void control_follow(struct control *client, struct run *run);
void control_unfollow(struct control *client);

/* What a client hears of its run; a client that is gone hears nothing. */
void control_tell_admitted(struct run *run);
void control_tell_started(struct run *run, const struct cell_report *report);
void control_tell_output(struct run *run, uint32_t stream, const void *bytes, size_t length);
void control_tell_ended(struct run *run);
void control_tell_refused(struct control *client, const struct fault *why);
/* A pass over the policies begins: its end is what those who have asked for a reload hear of. */
void control_reload_begins(struct supervisor *supervisor);
/* It has ended; problems is text for people. */
void control_tell_reloaded(struct supervisor *supervisor,
    const struct wire_control_reloaded *result, const char *problems, size_t length);
/* The service is stopping: nobody gets a reload any more. */
void control_refuse_reloads(struct supervisor *supervisor);

/* More than 1 MiB waits for the run's client. */
bool control_is_slow(const struct run *run);

#endif
