/* confine.h - what praxa-auditd gives up before it opens anything. */
#ifndef AUDIT_CONFINE_H
#define AUDIT_CONFINE_H

#include "common/fault.h"

/* No new privileges, no core file, no tracing or reading of /proc/self/mem by its own uid, files
 * for its owner only. Irreversible. The memory holds the signing key. ERR_CONFINEMENT: a step
 * failed, and the process must not go on. */
MUST_USE enum err audit_confine(struct fault *fault);

#endif
