#include "audit/note.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "common/digest.h"
#include "common/text.h"
#include "common/utf8.h"

enum {
	ED25519 = 0x01, /* type byte of keys and private keys */
	SIGNATURE_BYTES = 64,
	LINE_BYTES = 4 + SIGNATURE_BYTES, /* key id, signature */
	LINE_BASE64 = (LINE_BYTES + 2) / 3 * 4,
	KEY_BASE64 = 44, /* 33 bytes */
};

static const char private_prefix[] = "PRIVATE+KEY+";
static const char dash[] = "\xe2\x80\x94 "; /* U+2014, space */

struct note_signer {
	struct note_key key;
	EVP_PKEY *private_key;
};

static void
free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void
free_md(EVP_MD_CTX **md)
{
	EVP_MD_CTX_free(*md);
}

#define SCOPED_KEY __attribute__((cleanup(free_key))) EVP_PKEY
#define SCOPED_MD __attribute__((cleanup(free_md))) EVP_MD_CTX

/* keyID = SHA-256(name || 0x0A || type || public key)[0:4], big-endian. */
static uint32_t
key_id(const struct note_key *key)
{
	uint8_t text[NOTE_NAME_MAX + 2 + 32];
	size_t length = strlen(key->name);
	struct digest digest;

	memcpy(text, key->name, length);
	text[length] = '\n';
	text[length + 1] = ED25519;
	memcpy(text + length + 2, key->public_key, 32);
	digest = digest_of(text, length + 2 + 32);
	return (uint32_t)digest.bytes[0] << 24 | (uint32_t)digest.bytes[1] << 16 |
	       (uint32_t)digest.bytes[2] << 8 | digest.bytes[3];
}

static bool
name_is_valid(const char *name, size_t length)
{
	if (length == 0 || length >= NOTE_NAME_MAX || !utf8_is_valid(name, length))
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == '+' || name[i] == 0x7f)
			return false;
	/* Spaces beyond ASCII are refused with every other character that a reader cannot see. */
	for (size_t i = 0; i < length;) {
		size_t width = utf8_width((const unsigned char *)name + i, length - i);

		if (width > 1 && utf8_is_invisible((const unsigned char *)name + i, width))
			return false;
		i += width;
	}
	return true;
}

bool
note_name_is_valid(const char *name)
{
	return name_is_valid(name, strnlen(name, NOTE_NAME_MAX));
}

/* Splits NAME+HEX8+BASE64 at the first two pluses: base64 may contain more of them. */
static bool
split_key(const char *text, char name[NOTE_NAME_MAX], uint32_t *ret_id, uint8_t blob[33])
{
	const char *plus = strchr(text, '+');
	size_t length = plus != NULL ? (size_t)(plus - text) : 0;
	uint8_t id[4];
	char hex[9];
	size_t rest;

	if (plus == NULL || !name_is_valid(text, length) || strnlen(plus, 10) < 10 ||
	    plus[9] != '+')
		return false;
	memcpy(hex, plus + 1, 8);
	hex[8] = '\0';
	if (!text_unhex(hex, id, 4))
		return false;
	rest = strcspn(plus + 10, "\n");
	if (plus[10 + rest] == '\n' && plus[11 + rest] != '\0')
		return false;
	if (rest != KEY_BASE64 || text_unbase64(plus + 10, rest, blob, 33) != 33)
		return false;
	memcpy(name, text, length);
	name[length] = '\0';
	*ret_id = (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
	return true;
}

enum err
note_key_parse(const char *text, struct note_key *ret, struct fault *fault)
{
	struct note_key key = {0};
	uint8_t blob[33];

	if (!split_key(text, key.name, &key.id, blob))
		return fault_set(fault, ERR_PROTOCOL, "not a key of the form NAME+ID+BASE64");
	if (blob[0] != ED25519)
		return fault_set(
		    fault, ERR_PROTOCOL, "the key is of type %u, not Ed25519 (1)", blob[0]);
	memcpy(key.public_key, blob + 1, 32);
	if (key.id != key_id(&key))
		return fault_set(fault, ERR_PROTOCOL, "the key's id does not fit its name");
	*ret = key;
	return ERR_OK;
}

/* to holds length / 3 * 4 + 5 bytes. False: out of memory. */
static bool
put_base64(char *to, const void *from, size_t length)
{
	SCOPED_FREE char *text = text_base64(from, length);

	if (text == NULL)
		return false;
	memcpy(to, text, strlen(text) + 1);
	return true;
}

bool
note_key_text(char to[NOTE_VKEY_MAX], const struct note_key *key)
{
	uint8_t blob[33] = {ED25519};
	char base64[KEY_BASE64 + 5];

	memcpy(blob + 1, key->public_key, 32);
	if (!put_base64(base64, blob, sizeof(blob)))
		return false;
	snprintf(to, NOTE_VKEY_MAX, "%s+%08x+%s", key->name, key->id, base64);
	return true;
}

static bool
signature_fits(const struct note_key *key, const void *text, size_t length, const uint8_t *sig)
{
	SCOPED_KEY *public_key =
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->public_key, 32);
	SCOPED_MD *md = EVP_MD_CTX_new();

	return public_key != NULL && md != NULL &&
	       EVP_DigestVerifyInit(md, NULL, NULL, NULL, public_key) == 1 &&
	       EVP_DigestVerify(md, sig, SIGNATURE_BYTES, text, length) == 1;
}

/* Where the signature lines start: behind the last empty line. 0: there is none. */
static size_t
find_split(const char *note, size_t length)
{
	for (size_t i = length; i >= 2; i--)
		if (note[i - 1] == '\n' && note[i - 2] == '\n')
			return i;
	return 0;
}

/* One signature line without its newline. */
static enum note_result
check_line(const struct note_key *key, const char *note, size_t text, const char *line, size_t n)
{
	size_t prefix = sizeof(dash) - 1, name = strlen(key->name);
	const char *space;
	uint8_t blob[LINE_BYTES];
	uint32_t id;

	if (n <= prefix || memcmp(line, dash, prefix) != 0)
		return NOTE_MALFORMED;
	line += prefix;
	n -= prefix;
	space = memchr(line, ' ', n);
	if (space == NULL || space == line)
		return NOTE_MALFORMED;
	if ((size_t)(space - line) != name || memcmp(line, key->name, name) != 0)
		return NOTE_UNKNOWN_KEY;
	/* Other algorithms have lines of other lengths (ML-DSA-44: 2428 bytes): not ours, no error.
	 */
	if (n - name - 1 != LINE_BASE64 ||
	    text_unbase64(space + 1, LINE_BASE64, blob, LINE_BYTES) != LINE_BYTES)
		return NOTE_UNKNOWN_KEY;
	id = (uint32_t)blob[0] << 24 | (uint32_t)blob[1] << 16 | (uint32_t)blob[2] << 8 | blob[3];
	if (id != key->id)
		return NOTE_UNKNOWN_KEY;
	return signature_fits(key, note, text, blob + 4) ? NOTE_VALID : NOTE_FORGED;
}

static bool
text_is_clean(const char *note, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)note[i] < ' ' && note[i] != '\n')
			return false;
	return utf8_is_valid(note, length);
}

enum note_result
note_verify(const struct note_key *key, const void *note, size_t length, size_t *ret_text)
{
	const char *bytes = note;
	enum note_result best = NOTE_UNSIGNED;
	size_t split, at;
	int lines = 0;

	if (length < 2 || length > NOTE_MAX || bytes[length - 1] != '\n' ||
	    !text_is_clean(bytes, length))
		return NOTE_MALFORMED;
	split = find_split(bytes, length);
	if (split == 0)
		return NOTE_UNSIGNED;
	for (at = split; at < length; lines++) {
		const char *end = memchr(bytes + at, '\n', length - at);
		size_t n = (size_t)(end - (bytes + at));
		enum note_result r;

		if (lines == NOTE_SIGNATURES_MAX)
			return NOTE_MALFORMED;
		r = check_line(key, bytes, split - 1, bytes + at, n);
		if (r == NOTE_MALFORMED || r == NOTE_FORGED)
			return r;
		if (r > best)
			best = r;
		at += n + 1;
	}
	if (best == NOTE_VALID)
		*ret_text = split - 1;
	return best;
}

enum err
note_signer_new(const char *name, const uint8_t seed[NOTE_SEED_BYTES], struct note_signer **ret,
    struct fault *fault)
{
	struct note_signer *signer;
	size_t length = 32;

	if (!note_name_is_valid(name))
		return fault_set(fault, ERR_PROTOCOL, "a key cannot be named like this");
	signer = calloc(1, sizeof(*signer));
	if (signer == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	memcpy(signer->key.name, name, strlen(name) + 1);
	signer->private_key =
	    EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, NOTE_SEED_BYTES);
	if (signer->private_key == NULL || EVP_PKEY_get_raw_public_key(signer->private_key,
					       signer->key.public_key, &length) != 1) {
		note_signer_free(&signer);
		return fault_set(fault, ERR_INTERNAL, "libcrypto refuses the Ed25519 key");
	}
	signer->key.id = key_id(&signer->key);
	*ret = signer;
	return ERR_OK;
}

enum err
note_signer_parse(const char *text, struct note_signer **ret, struct fault *fault)
{
	size_t prefix = sizeof(private_prefix) - 1;
	char name[NOTE_NAME_MAX];
	uint8_t blob[33];
	uint32_t id;
	enum err r;

	if (strncmp(text, private_prefix, prefix) != 0 ||
	    !split_key(text + prefix, name, &id, blob) || blob[0] != ED25519) {
		OPENSSL_cleanse(blob, sizeof(blob));
		return fault_set(fault, ERR_PROTOCOL, "not a private Ed25519 key for notes");
	}
	r = note_signer_new(name, blob + 1, ret, fault);
	OPENSSL_cleanse(blob, sizeof(blob));
	if (r == ERR_OK && (*ret)->key.id != id) {
		note_signer_free(ret);
		return fault_set(fault, ERR_PROTOCOL, "the key's id does not fit its name");
	}
	return r;
}

void
note_signer_free(struct note_signer **signer)
{
	if (*signer != NULL)
		EVP_PKEY_free((*signer)->private_key);
	free(*signer);
	*signer = NULL;
}

const struct note_key *
note_signer_key(const struct note_signer *signer)
{
	return &signer->key;
}

static bool
make_signature(const struct note_signer *signer, const void *text, size_t length, uint8_t *sig)
{
	SCOPED_MD *md = EVP_MD_CTX_new();
	size_t size = SIGNATURE_BYTES;

	return md != NULL && EVP_DigestSignInit(md, NULL, NULL, NULL, signer->private_key) == 1 &&
	       EVP_DigestSign(md, sig, &size, text, length) == 1 && size == SIGNATURE_BYTES;
}

size_t
note_sign(const struct note_signer *signer, char *text, size_t length, size_t max)
{
	const struct note_key *key = &signer->key;
	uint8_t blob[LINE_BYTES] = {(uint8_t)(key->id >> 24), (uint8_t)(key->id >> 16),
	    (uint8_t)(key->id >> 8), (uint8_t)key->id};
	char base64[LINE_BASE64 + 5];
	int n;

	if (length >= max || !make_signature(signer, text, length, blob + 4) ||
	    !put_base64(base64, blob, sizeof(blob)))
		return 0;
	n = snprintf(text + length, max - length, "\n%s%s %s\n", dash, key->name, base64);
	return n > 0 && (size_t)n < max - length ? length + (size_t)n : 0;
}

size_t
note_private_text(char *to, size_t max, const char *name, const uint8_t seed[NOTE_SEED_BYTES])
{
	uint8_t blob[33] = {ED25519};
	char base64[KEY_BASE64 + 5];
	struct note_signer *signer = NULL;
	int n = 0;

	if (note_signer_new(name, seed, &signer, NULL) != ERR_OK)
		return 0;
	memcpy(blob + 1, seed, NOTE_SEED_BYTES);
	if (put_base64(base64, blob, sizeof(blob)))
		n = snprintf(
		    to, max, "%s%s+%08x+%s\n", private_prefix, name, signer->key.id, base64);
	note_signer_free(&signer);
	OPENSSL_cleanse(blob, sizeof(blob));
	OPENSSL_cleanse(base64, sizeof(base64));
	return n > 0 && (size_t)n < max ? (size_t)n : 0;
}
