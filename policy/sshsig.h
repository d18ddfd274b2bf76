/* sshsig.h - detached signatures as `ssh-keygen -Y sign` writes them (OpenSSH's PROTOCOL.sshsig).
 *
 * Invariant: a signature counts for one namespace, POLICY_NAMESPACE, and for nothing that the same
 * key signed elsewhere (mail, commits). */
#ifndef POLICY_SSHSIG_H
#define POLICY_SSHSIG_H

#include "policy/sshkey.h"

#define POLICY_NAMESPACE "praxa-policy"

enum {
	SSHSIG_BLOB_MAX = 8192, /* twice what the largest RSA key needs */
	SSHSIG_BLOCKS_MAX = 16, /* of one file */
	SSHSIG_FILE_MAX = 128 * 1024,
};

/* One signature. Zeroed: none. Everything but blob points into it: never copy one. */
struct policy_sshsig {
	unsigned char blob[SSHSIG_BLOB_MAX];
	struct policy_bytes key, namespace, hash, signature;
	struct policy_bytes reserved; /* signed, and without a meaning yet */
};

/* Takes the next armored block off the front of *text, which a file of several signatures has one
 * after the other, with nothing but blank lines between. false: there is none left, and fault is
 * ERR_OK, or what is there is no signature, and fault says why. Trust: text may come from anyone.
 */
MUST_USE bool policy_sshsig_next(
    struct policy_bytes *text, struct policy_sshsig *ret, struct fault *fault);
/* Checks the namespace, and that key made the signature over message. key is the one of an operator
 * that equals signature->key. ERR_POLICY says what does not hold. */
MUST_USE enum err policy_sshsig_verify(const struct policy_sshsig *signature,
    const struct policy_sshkey *key, struct policy_bytes message, struct fault *fault);

#endif
