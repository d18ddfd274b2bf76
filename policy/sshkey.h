/* sshkey.h - public keys of OpenSSH and signatures by them (RFC 4253 section 6.6, RFC 5656, RFC
 * 8332, RFC 8709; OpenSSH's PROTOCOL.u2f for keys that live in a token).
 *
 * Verifies only: no function here, and no symbol that it needs, can sign. Invariant: SHA-1 signs
 * nothing, an RSA key has 2048 bits or more, and a token's signature says that a person touched it.
 */
#ifndef POLICY_SSHKEY_H
#define POLICY_SSHKEY_H

#include "common/fault.h"

enum {
	SSHKEY_BLOB_MAX = 4096, /* an RSA key of SSHKEY_RSA_BITS_MAX needs 2,100 */
	SSHKEY_RSA_BITS_MIN = 2048,
	SSHKEY_RSA_BITS_MAX = 16384,
	SSHKEY_FINGERPRINT_MAX = 7 + 44 + 1, /* "SHA256:", base64, NUL */
};

/* Bytes of somebody else's; a length never points past them. */
struct policy_bytes {
	const unsigned char *at;
	size_t length;
};

/* X(enumerator, name in a key, what reads the rest of it) */
#define POLICY_SSHKEY_TYPES(X)                                       \
	X(ED25519, "ssh-ed25519", take_ed25519)                      \
	X(NISTP256, "ecdsa-sha2-nistp256", take_nistp256)            \
	X(NISTP384, "ecdsa-sha2-nistp384", take_nistp384)            \
	X(NISTP521, "ecdsa-sha2-nistp521", take_nistp521)            \
	X(RSA, "ssh-rsa", take_rsa)                                  \
	X(SK_ED25519, "sk-ssh-ed25519@openssh.com", take_sk_ed25519) \
	X(SK_NISTP256, "sk-ecdsa-sha2-nistp256@openssh.com", take_sk_nistp256)
#define POLICY_SSHKEY_ENUM(name, text, take) SSHKEY_##name,
enum policy_sshkey_type { POLICY_SSHKEY_TYPES(POLICY_SSHKEY_ENUM) SSHKEY_TYPE_COUNT };

/* A key, borrowed from its blob. */
struct policy_sshkey {
	enum policy_sshkey_type type;
	struct policy_bytes blob;
	struct policy_bytes public;            /* of Ed25519 and of a curve: its point */
	struct policy_bytes exponent, modulus; /* of RSA: big-endian, positive */
	struct policy_bytes application;       /* of a token's key */
};

/* Takes a string (RFC 4251 section 5) off the front of *from; false: it is longer than what is
 * there. */
MUST_USE bool policy_bytes_take(struct policy_bytes *from, struct policy_bytes *ret);
/* True when bytes are exactly text. */
bool policy_bytes_are(struct policy_bytes bytes, const char *text);
bool policy_bytes_equal(struct policy_bytes a, struct policy_bytes b);

/* Reads a public key as it stands, base64-decoded, in id_x.pub. ERR_POLICY: malformed, or of a kind
 * that is not accepted, and why. Trust: blob may come from anyone. */
MUST_USE enum err policy_sshkey_parse(
    struct policy_bytes blob, struct policy_sshkey *ret, struct fault *fault);
/* The name of a key's type; static. */
const char *policy_sshkey_type_name(enum policy_sshkey_type type);
/* SHA256:… as `ssh-keygen -l` prints it. */
void policy_sshkey_fingerprint(const struct policy_sshkey *key, char to[SSHKEY_FINGERPRINT_MAX]);
/* Checks a signature blob over data. ERR_POLICY says why it does not hold. Trust: signature may
 * come from anyone; key is one that an operator trusts. */
MUST_USE enum err policy_sshkey_verify(const struct policy_sshkey *key,
    struct policy_bytes signature, struct policy_bytes data, struct fault *fault);

#endif
