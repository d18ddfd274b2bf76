/* admit.h - who may record what about which run. Pure.
 *
 * Invariant: a broker can add nothing to a run that the supervisor has not admitted or that has
 * ended, and nobody can record what only another role knows. */
#ifndef AUDIT_ADMIT_H
#define AUDIT_ADMIT_H

#include "audit/runs.h"
#include "common/wire.h"

/* ERR_OK, or why role may not append this to the log whose live runs these are: ERR_PROTOCOL (not
 * its event, malformed, another Skill's run), ERR_RUN_ENDED (not admitted or ended). The workspace
 * is the caller's affair. Trust: append passed wire_check and nothing else. */
MUST_USE enum err audit_admit(const struct wire_audit_append *append, enum wire_role role,
    const struct runs *runs, struct fault *fault);

#endif
