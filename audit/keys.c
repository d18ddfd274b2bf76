#include "audit/keys.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>

static const char private_name[] = "keys/log.key";
static const char public_name[] = "log.vkey";

static enum err
unavailable(struct fault *fault, const char *what, ssize_t error)
{
	return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "%s: %s", what, strerror((int)-error));
}

static enum err
make_key(const struct audit_files *files, const char *origin, const struct clock *clock,
    struct note_signer **ret, struct fault *fault)
{
	uint8_t seed[NOTE_SEED_BYTES];
	char text[AUDIT_KEY_FILE_MAX];
	size_t length;
	int r = -EINVAL;
	enum err e;

	clock->random(clock->context, seed, sizeof(seed));
	e = note_signer_new(origin, seed, ret, fault);
	length = e == ERR_OK ? note_private_text(text, sizeof(text), origin, seed) : 0;
	if (length > 0)
		r = audit_files_replace(files, private_name, text, length);
	OPENSSL_cleanse(seed, sizeof(seed));
	OPENSSL_cleanse(text, sizeof(text));
	if (e == ERR_OK && r < 0) {
		note_signer_free(ret);
		return unavailable(fault, "the signing key cannot be stored", r);
	}
	return e;
}

static enum err
read_key(const struct audit_files *files, const char *origin, bool *ret_missing,
    struct note_signer **ret, struct fault *fault)
{
	char *text = NULL;
	ssize_t length = audit_files_read(files, private_name, AUDIT_KEY_FILE_MAX, &text);
	enum err r;

	*ret_missing = length == -ENOENT;
	if (length < 0)
		return unavailable(fault, "the signing key keys/log.key", length);
	r = note_signer_parse(text, ret, fault);
	OPENSSL_cleanse(text, (size_t)length);
	free(text);
	if (r != ERR_OK)
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "keys/log.key does not hold a key");
	if (strcmp(note_signer_key(*ret)->name, origin) == 0)
		return ERR_OK;
	note_signer_free(ret);
	return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "keys/log.key is not the key of %s", origin);
}

/* The public file says the same as the private one, or is written where it is not. */
static enum err
check_public(const struct audit_files *files, const struct note_signer *signer, struct fault *fault)
{
	SCOPED_FREE char *found = NULL;
	char text[NOTE_VKEY_MAX + 1];
	ssize_t length = audit_files_read(files, public_name, AUDIT_KEY_FILE_MAX, &found);
	int r;

	if (!note_key_text(text, note_signer_key(signer)))
		return unavailable(fault, "the public key", -ENOMEM);
	strcat(text, "\n");
	if (length == -ENOENT) {
		r = audit_files_replace(files, public_name, text, strlen(text));
		return r == 0 ? ERR_OK : unavailable(fault, "log.vkey cannot be written", r);
	}
	if (length < 0)
		return unavailable(fault, "log.vkey cannot be read", length);
	if (strcmp(found, text) != 0)
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE,
		    "log.vkey is not the public half of keys/log.key");
	return ERR_OK;
}

enum err
audit_key_open(const struct audit_files *files, const char *origin, const struct clock *clock,
    bool create, struct note_signer **ret, struct fault *fault)
{
	struct note_signer *signer = NULL;
	bool missing = false;
	enum err r = read_key(files, origin, &missing, &signer, fault);

	if (missing && create)
		r = make_key(files, origin, clock, &signer, fault);
	if (r == ERR_OK)
		r = check_public(files, signer, fault);
	if (r != ERR_OK) {
		note_signer_free(&signer);
		return r;
	}
	*ret = signer;
	return ERR_OK;
}
