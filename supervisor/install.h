/* install.h - how policies come into force: read, checked, recorded, kept as accepted, put in the
 * place of the one before. When the service starts, and at every reload.
 *
 * Skills are independent: what is wrong with one file keeps that Skill's old policy in force and
 * holds up no other. When the service starts there is no old one: one bad file, and nothing starts.
 * Invariant: a policy decides only after policy.accepted is durable in the log and, where policies
 * must be signed, its revision on disk. */
#ifndef SUPERVISOR_INSTALL_H
#define SUPERVISOR_INSTALL_H

#include "supervisor/supervisor.h"

struct install;

/* Reads and checks every policy; what does not load is told on stderr. ERR_OK also where something
 * is refused: that has to be recorded first, and then the loop ends with supervisor->failure.
 * Blocks on the file system. */
MUST_USE enum err install_new(
    struct supervisor *supervisor, struct install **ret, struct fault *fault);
/* NULLs the caller's pointer; accepts NULL. Only once the recorder is gone: it may hold answers for
 * us. */
void install_free(struct install **install);

/* The policies are in force: runs can be admitted. Accepts NULL: not yet. */
bool install_is_in_force(const struct install *install);
/* The log takes records (again). */
void install_log_ready(struct install *install);
/* Begins a pass over every policy, or another one as soon as the present one has ended: what it has
 * read already may have changed since. Live runs keep their policy, or end as the new one says
 * (`on_reload`). control_reload_begins and control_tell_reloaded frame it. */
void install_reload(struct install *install);
/* The service is stopping: nothing comes into force any more. */
void install_stop(struct install *install);

#endif
