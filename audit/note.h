/* note.h - signed notes and their keys (c2sp.org/signed-note v1.0.0), Ed25519 (RFC 8032).
 *
 * A note is UTF-8 text that ends in a newline, an empty line, and signature lines. Invariant: what
 * note_verify accepts was signed by the key it was given, over exactly the text it hands out. */
#ifndef AUDIT_NOTE_H
#define AUDIT_NOTE_H

#include "common/fault.h"

enum {
	NOTE_NAME_MAX = 128,
	NOTE_VKEY_MAX = NOTE_NAME_MAX + 1 + 8 + 1 + 44 + 1, /* name + id + base64(33 bytes) */
	NOTE_MAX = 16 * 1024,                               /* bytes of a whole note */
	NOTE_SIGNATURES_MAX = 32,
	NOTE_SEED_BYTES = 32,
};

/* Who may have signed: name, key id, public key. */
struct note_key {
	char name[NOTE_NAME_MAX];
	uint32_t id;
	uint8_t public_key[32];
};

/* A private key; the bytes live in libcrypto only. */
struct note_signer;

enum note_result {
	NOTE_MALFORMED = 0, /* not a signed note at all */
	NOTE_UNSIGNED,      /* a text without any signature line */
	NOTE_UNKNOWN_KEY,   /* signed, but not by this key */
	NOTE_FORGED,        /* this key's name and id, and the signature does not fit */
	NOTE_VALID,
};

/* A key name: not empty, no space, no plus, no control character. */
MUST_USE bool note_name_is_valid(const char *name);
/* Parses NAME+HEX8+BASE64 (an optional newline behind it); ERR_PROTOCOL. Trust: text may come from
 * anyone. */
MUST_USE enum err note_key_parse(const char *text, struct note_key *ret, struct fault *fault);
/* Writes NAME+HEX8+BASE64. False: out of memory. */
MUST_USE bool note_key_text(char to[NOTE_VKEY_MAX], const struct note_key *key);

/* Checks note[0..length) against key. On NOTE_VALID *ret_text is the length of the signed text, its
 * last newline included. Signatures of others are ignored, as the specification asks. Trust: note
 * may come from anyone. */
enum note_result note_verify(
    const struct note_key *key, const void *note, size_t length, size_t *ret_text);

/* A signer from its seed, which the caller wipes. ERR_INTERNAL. */
MUST_USE enum err note_signer_new(const char *name, const uint8_t seed[NOTE_SEED_BYTES],
    struct note_signer **ret, struct fault *fault);
/* A signer from PRIVATE+KEY+NAME+HEX8+BASE64 (the form of golang.org/x/mod/sumdb/note). */
MUST_USE enum err note_signer_parse(
    const char *text, struct note_signer **ret, struct fault *fault);
/* Accepts NULL and NULLs the caller's pointer. */
void note_signer_free(struct note_signer **signer);
const struct note_key *note_signer_key(const struct note_signer *signer);
/* Appends the empty line and this signer's line to text[0..length), in place. Returns the length
 * of the note, or 0: it does not fit max, or libcrypto failed. */
MUST_USE size_t note_sign(const struct note_signer *signer, char *text, size_t length, size_t max);
/* Writes the private form of a seed, NUL-terminated; 0: does not fit. The caller wipes to. */
MUST_USE size_t note_private_text(
    char *to, size_t max, const char *name, const uint8_t seed[NOTE_SEED_BYTES]);

#endif
