/* start.h - the acts that bring a run to life: the grant for the broker, the cell for the
 * Skill. */
#ifndef SUPERVISOR_START_H
#define SUPERVISOR_START_H

#include "supervisor/run.h"

/* Opens the run's door and sends one end, the policy and the input to the broker. */
MUST_USE enum err start_grant(struct run *run, struct fault *fault);
/* What every cell of the Skill is, with an identity of its own, as far as no run is needed. sdk is
 * the caller's and must live as long as *ret. */
void start_spec(struct supervisor *supervisor, const struct skill *skill, struct cell_mount *sdk,
    struct cell_spec *ret);
/* Starts the Skill's cell, from the pool where one is ready, with the other end as descriptor 3. */
MUST_USE enum err start_cell(struct run *run, struct fault *fault);

#endif
