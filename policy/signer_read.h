/* signer_read.h - one line of an allowed_signers file. */
#ifndef POLICY_SIGNER_READ_H
#define POLICY_SIGNER_READ_H

#include "policy/signers.h"

/* Reads line[0..length), which holds no NUL and no line end. *ret_applies is false for a blank
 * line, a comment, and a line for other namespaces than ours; *ret, whose texts and key lie in
 * arena, is complete where it is true, but for person and line. ERR_POLICY says what is wrong and
 * what to write instead. */
MUST_USE enum err policy_signer_read(struct arena *arena, const char *line, size_t length,
    struct policy_signer *ret, bool *ret_applies, struct fault *fault);

#endif
