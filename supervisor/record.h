/* record.h - what the supervisor writes into the log. Bodies are msgpack; only the packer is
 * linked. */
#ifndef SUPERVISOR_RECORD_H
#define SUPERVISOR_RECORD_H

#include "supervisor/run.h"

enum {
	RECORD_DENIED_MAX = 256,
	RECORD_PROBLEMS_MAX = 8 * 1024, /* bytes of a refused policy's problems */
};

/* run.admitted, with the trigger and its whole input. answered is called as recorder_append says.
 */
MUST_USE enum err record_admitted(
    struct run *run, recorder_answered *answered, struct fault *fault);
/* run.started, with the active layers. */
MUST_USE enum err record_started(struct run *run, const struct cell_report *report,
    recorder_answered *answered, struct fault *fault);
/* cell.denied: what a cell's profile refused, and by which rule. tool is "" for the Skill's own
 * cell. Not beyond RECORD_DENIED_MAX of a run, and not behind run.ended: it explains, and nothing
 * waits for it. */
void record_denied(struct run *run, const char *tool, const struct profile *profile,
    const struct denied_call *call);
/* run.ended, with reason, status, use of resources and layers. */
MUST_USE enum err record_ended(struct run *run, recorder_answered *answered, struct fault *fault);
/* run.refused: a trigger that did not become a run. */
MUST_USE enum err record_refused(struct supervisor *supervisor, const struct skill *skill,
    const char *skill_name, const char *source, const char *event, uid_t uid,
    const struct fault *why, recorder_answered *answered, void *context, struct fault *fault);
/* run.ended for a run that the log has open and that we do not know: we died under it. */
MUST_USE enum err record_lost(
    struct supervisor *supervisor, const struct wire_audit_open_run *open, struct fault *fault);
/* policy.accepted: a policy that comes into force, and who signed it. path is its file. */
MUST_USE enum err record_policy_accepted(struct supervisor *supervisor, const struct skill *skill,
    const char *path, recorder_answered *answered, void *context, struct fault *fault);
/* policy.refused: a policy that does not, and why. seen is what was read of it, problems the text
 * of what does not load ("" none). answered may be NULL: nobody waits. */
MUST_USE enum err record_policy_refused(struct supervisor *supervisor,
    const struct skill_seen *seen, const char *path, const char *problems, const struct fault *why,
    recorder_answered *answered, void *context, struct fault *fault);
/* peer.refused: a connection that broke the protocol was ended. uid: of a client; (uid_t)-1 for
 * the broker, whose socket is ours. Where the log cannot be reached it stays a line in our own log:
 * nothing was done that the log would miss. */
void record_peer_refused(
    struct supervisor *supervisor, const char *peer, uid_t uid, const struct fault *why);

#endif
