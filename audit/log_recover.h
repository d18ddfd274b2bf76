/* log_recover.h - what is done about bytes that were written and never acknowledged. */
#ifndef AUDIT_LOG_RECOVER_H
#define AUDIT_LOG_RECOVER_H

#include "audit/log_private.h"

/* With torn: keeps the torn bytes behind the head in a .torn file, zeroes them, both durable. In
 * any case finds the largest size that a checkpoint in such bytes was signed for: a log must never
 * sign two roots for one size (c2sp.org/tlog-checkpoint), so the first group from now on has to be
 * larger. Fills log->loss. */
MUST_USE enum err log_recover(struct audit_log *log, bool torn, struct fault *fault);
/* Appends what log_recover found as log.recovered, one record for each index in doubt. */
MUST_USE enum err log_append_losses(struct audit_log *log, struct fault *fault);

#endif
