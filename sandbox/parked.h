/* parked.h - process 2 while its cell is parked. */
#ifndef SANDBOX_PARKED_H
#define SANDBOX_PARKED_H

#include "sandbox/enter.h"

/* Says on FD_PARKED that the cell is built, waits until a run is handed over, and puts its
 * descriptors where the program expects them; enter->envp is then the run's. Closes FD_PARKED and
 * everything above. Returns 0 or -errno; ends the process when the supervisor closes its end. */
MUST_USE int parked_wait(struct enter *enter);

#endif
