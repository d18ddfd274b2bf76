/* review.h - whether a policy file has the signatures that it asks for.
 *
 * `owner.reviewers` distinct people must have signed the file's bytes, as they stand in the source
 * pack: what was verified is what decides. Signatures lie beside the file: FILE.sig, as ssh-keygen
 * names it, and FILE.sig.NAME, one for each who signs; a file may hold several. Because the
 * signature is over the policy file alone, everything that the file names must be pinned in it. */
#ifndef POLICY_REVIEW_H
#define POLICY_REVIEW_H

#include "policy/signers.h"
#include "policy/source.h"

enum {
	REVIEW_FILES_MAX = 32,      /* signature files of one policy */
	REVIEW_SIGNATURES_MAX = 64, /* in them */
	REVIEW_FILE_NAME_MAX = 160,
	REVIEW_TYPE_MAX = 40,
};

/* One signature that was found, whether or not it counts. */
struct policy_signature {
	char file[REVIEW_FILE_NAME_MAX];
	bool counts;                /* it holds, and nobody counted before is the same person */
	char name[SIGNER_NAME_MAX]; /* of the person; "" where the key is not known */
	char fingerprint[SSHKEY_FINGERPRINT_MAX];
	char type[REVIEW_TYPE_MAX]; /* of the key */
	uint32_t line;              /* in the allowed_signers file; 0: none */
	uint32_t person;
	char why[FAULT_MESSAGE_MAX]; /* it does not count; "" */
};

struct policy_review {
	struct digest file; /* SHA-256 of the policy file's bytes */
	uint64_t revision;
	uint64_t needed; /* people; 1 where the file does not say */
	uint32_t given;
	struct policy_signature *items;
	uint32_t count;
};

/* Checks the policy that was opened at path, at now_s (seconds since 1970). least: people that are
 * needed even where the file asks for fewer. ERR_POLICY: not approved, and fault says which file,
 * what was found and what to do; *ret is filled in then as well, as far as it was found.
 * ERR_INTERNAL: out of memory. Release with policy_review_done. Trust: signature files may hold
 * anything. Blocks on the file system. */
MUST_USE enum err policy_review_check(const char *path, const struct policy_source *source,
    const struct policy_signers *signers, uint64_t least, int64_t now_s, struct policy_review *ret,
    struct fault *fault);
/* Accepts a zeroed one. */
void policy_review_done(struct policy_review *review);

#endif
