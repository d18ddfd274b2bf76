/* confine.h - what the broker gives up before it reads a byte that it does not trust. */
#ifndef BROKER_CONFINE_H
#define BROKER_CONFINE_H

#include "common/fault.h"

/* No new privileges, no core file, not traceable, files of its own for nobody else. Irreversible.
 * ERR_CONFINEMENT: one of them could not be had, and the process must not go on. */
MUST_USE enum err broker_confine(struct fault *fault);

#endif
