/* signers.h - who may sign a policy: an allowed_signers file (ssh-keygen(1), ALLOWED SIGNERS).
 *
 * Invariant: a line that could silently not apply, or that names nobody in particular (a pattern, a
 * certificate authority), does not load, unless it is for another namespace than ours. */
#ifndef POLICY_SIGNERS_H
#define POLICY_SIGNERS_H

#include "common/arena.h"
#include "policy/sshkey.h"

enum {
	SIGNERS_FILE_MAX = 1024 * 1024,
	SIGNERS_MAX = 1024,
	SIGNERS_LINE_MAX = 16 * 1024,
	SIGNER_NAME_MAX = 128, /* one principal, or the list of a line cut for people */
	SIGNER_NAMES_MAX = 8,  /* principals of one line */
};

struct policy_signer {
	uint32_t line;
	/* Lines that share a principal (letters' case aside) or a key are one person, by whatever
	 * chain of lines: the number is theirs alone. */
	uint32_t person;
	const char *name;                      /* its principals as they are written */
	int64_t valid_after_s, valid_before_s; /* since 1970; 0: at any time */
	char fingerprint[SSHKEY_FINGERPRINT_MAX];
	struct policy_sshkey key;
};

/* In the order of the file. */
struct policy_signers {
	struct arena arena;
	struct policy_signer *items;
	uint32_t count;
};

/* Parses. ERR_POLICY with shown, the line, and what to write instead; ERR_INTERNAL: out of memory.
 * A time without Z is local time, as ssh-keygen has it. *ret is untouched on failure. Trust: text
 * may hold anything. */
MUST_USE enum err policy_signers_parse(const char *text, size_t length, const char *shown,
    struct policy_signers *ret, struct fault *fault);
/* Reads the file at path and parses it. ERR_NOT_FOUND: it cannot be read. Blocks on the file
 * system. */
MUST_USE enum err policy_signers_open(
    const char *path, struct policy_signers *ret, struct fault *fault);
/* The line by which key may sign at now_s; NULL: none, and fault says why: no line has the key, or
 * those that have it are not valid then. */
const struct policy_signer *policy_signers_find(const struct policy_signers *signers,
    struct policy_bytes key, int64_t now_s, struct fault *fault);
/* Accepts a zeroed one. */
void policy_signers_done(struct policy_signers *signers);

#endif
