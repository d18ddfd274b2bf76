/* checkpoint.h - the text of a log's head (c2sp.org/tlog-checkpoint v1.0.0): origin, size, root.
 * Signed it is a note (note.h) whose key is named like the origin. */
#ifndef AUDIT_CHECKPOINT_H
#define AUDIT_CHECKPOINT_H

#include "audit/note.h"
#include "common/digest.h"

enum { CHECKPOINT_MAX = 448 }; /* a signed checkpoint of one key, NUL included: fits COMMIT_MAX */

struct checkpoint {
	uint64_t size;
	struct digest root;
};

/* Writes origin, size and root and signs them; returns the bytes, 0 on failure. The key's name is
 * the origin. */
MUST_USE size_t checkpoint_sign(
    char to[CHECKPOINT_MAX], const struct note_signer *signer, const struct checkpoint *head);
/* Reads the text (not the signatures) of a checkpoint of origin. Extension lines are accepted and
 * ignored. Trust: text may come from anyone. */
MUST_USE bool checkpoint_parse(
    const char *text, size_t length, const char *origin, struct checkpoint *ret);
/* Verifies note against key and reads it. NOTE_MALFORMED also when it is no checkpoint of the key's
 * name. */
enum note_result checkpoint_verify(
    const struct note_key *key, const void *note, size_t length, struct checkpoint *ret);

#endif
