/* keys.h - the log's signing key: keys/log.key (private, 0600) and log.vkey (public). */
#ifndef AUDIT_KEYS_H
#define AUDIT_KEYS_H

#include "audit/files.h"
#include "audit/note.h"
#include "common/clock.h"

enum { AUDIT_KEY_FILE_MAX = 1024 };

/* Opens the key of the log called origin. create: this log has no record yet, so a missing key is
 * made (its seed from clock's random). Otherwise a missing, foreign or unfitting key is
 * ERR_AUDIT_UNAVAILABLE: a log never changes its key silently. */
MUST_USE enum err audit_key_open(const struct audit_files *files, const char *origin,
    const struct clock *clock, bool create, struct note_signer **ret, struct fault *fault);
/* Reads the public key from the file called name in the folder. */
MUST_USE enum err audit_key_read(
    const struct audit_files *files, const char *name, struct note_key *ret, struct fault *fault);

#endif
