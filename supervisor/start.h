/* start.h - the two acts that bring a run to life: the grant for the broker, the cell for the
 * Skill. */
#ifndef SUPERVISOR_START_H
#define SUPERVISOR_START_H

#include "supervisor/run.h"

/* Opens the run's door and sends one end, the policy and the input to the broker. */
MUST_USE enum err start_grant(struct run *run, struct fault *fault);
/* Starts the Skill's cell with the other end as descriptor 3. */
MUST_USE enum err start_cell(struct run *run, struct fault *fault);

#endif
