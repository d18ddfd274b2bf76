/* accepted.h - the newest version of each Skill's signed policy that this service has put in force,
 * kept on disk, so that an older one that was signed as well cannot come back.
 *
 * DIR/sk_<name>.accepted, four lines of text. Invariant: what stands there is whole and durable
 * before that version decides anything (a new file, synced, renamed, its folder synced). */
#ifndef SUPERVISOR_ACCEPTED_H
#define SUPERVISOR_ACCEPTED_H

#include "policy/review.h"

/* Zeroed: nothing was accepted before. */
struct accepted {
	bool any;
	uint64_t revision;
	uint64_t reviewers;   /* people that it asked for; who lowers the number needs as many */
	struct digest policy; /* SHA-256 of the policy file */
};

/* Reads what was accepted for a Skill (sk_<name>) beneath dir_fd. ERR_POLICY: the file is there and
 * is not one of ours; ERR_INTERNAL: it cannot be read. Blocks on the file system. */
MUST_USE enum err accepted_read(
    int dir_fd, const char *skill, struct accepted *ret, struct fault *fault);
/* ERR_POLICY: review is of an older version than last, or of another one with its revision. shown
 * is the policy file's name for messages. */
MUST_USE enum err accepted_check(const struct accepted *last, const char *shown,
    const struct policy_review *review, uint32_t line, struct fault *fault);
/* Makes *now durable. ERR_INTERNAL: it may or may not be there. Blocks on the file system. */
MUST_USE enum err accepted_write(
    int dir_fd, const char *skill, const struct accepted *now, struct fault *fault);

#endif
