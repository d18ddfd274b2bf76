/* verify.h - verifies a whole log with only its public key, also while it is written, and says what
 * was proven and what was not. */
#ifndef AUDIT_VERIFY_H
#define AUDIT_VERIFY_H

#include <stdio.h>

#include "audit/note.h"
#include "audit/verdict.h"

/* Verifies the log in the folder log_dir. vkey_path: file with the public key, kept where the log's
 * host cannot write; NULL: log.vkey in the folder. ERR_OK: *ret has the verdict, whatever it is.
 * ERR_NOT_FOUND, ERR_PROTOCOL: no folder or no key, nothing was verified. Blocks: reads all of it,
 * in constant memory but for the live runs. */
MUST_USE enum err audit_verify_dir(const char *log_dir, const char *vkey_path,
    struct audit_verdict *ret, struct note_key *ret_key, struct fault *fault);

/* Prints the verdict, the place, what was proven and what was not. */
void audit_verify_print(FILE *out, const struct audit_verdict *verdict, const struct note_key *key,
    bool own_key, bool colours);
/* The same as one JSON object on one line. ERR_INTERNAL: out of memory. */
MUST_USE enum err audit_verify_print_json(FILE *out, const struct audit_verdict *verdict,
    const struct note_key *key, bool own_key, struct fault *fault);

#endif
