#include "policy/sshkey.h"

#include "common/digest.h"
#include "common/text.h"

bool
policy_bytes_take(struct policy_bytes *from, struct policy_bytes *ret)
{
	size_t length;

	if (from->length < 4)
		return false;
	length = (size_t)from->at[0] << 24 | (size_t)from->at[1] << 16 | (size_t)from->at[2] << 8 |
		 from->at[3];
	if (length > from->length - 4)
		return false;
	*ret = (struct policy_bytes){from->at + 4, length};
	from->at += 4 + length;
	from->length -= 4 + length;
	return true;
}

bool
policy_bytes_equal(struct policy_bytes a, struct policy_bytes b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

bool
policy_bytes_are(struct policy_bytes bytes, const char *text)
{
	return policy_bytes_equal(
	    bytes, (struct policy_bytes){(const unsigned char *)text, strlen(text)});
}

/* A positive number in its only form: no zero in front that is not needed for the sign. */
static bool
take_positive(struct policy_bytes *from, struct policy_bytes *ret)
{
	if (!policy_bytes_take(from, ret) || ret->length == 0 || (ret->at[0] & 0x80) != 0)
		return false;
	if (ret->at[0] != 0)
		return true;
	ret->at++;
	ret->length--;
	return ret->length > 0 && (ret->at[0] & 0x80) != 0;
}

static bool
take_ed25519(struct policy_bytes *from, struct policy_sshkey *key)
{
	return policy_bytes_take(from, &key->public) && key->public.length == 32;
}

/* Uncompressed points only, as OpenSSH writes them (RFC 5656 section 3.1). */
static bool
take_curve(
    struct policy_bytes *from, const char *curve, size_t coordinate, struct policy_sshkey *key)
{
	struct policy_bytes name;

	return policy_bytes_take(from, &name) && policy_bytes_are(name, curve) &&
	       policy_bytes_take(from, &key->public) && key->public.length == 1 + 2 * coordinate &&
	       key->public.at[0] == 4;
}

static bool
take_nistp256(struct policy_bytes *from, struct policy_sshkey *key)
{
	return take_curve(from, "nistp256", 32, key);
}

static bool
take_nistp384(struct policy_bytes *from, struct policy_sshkey *key)
{
	return take_curve(from, "nistp384", 48, key);
}

static bool
take_nistp521(struct policy_bytes *from, struct policy_sshkey *key)
{
	return take_curve(from, "nistp521", 66, key);
}

static bool
take_rsa(struct policy_bytes *from, struct policy_sshkey *key)
{
	return take_positive(from, &key->exponent) && take_positive(from, &key->modulus);
}

static bool
take_sk_ed25519(struct policy_bytes *from, struct policy_sshkey *key)
{
	return take_ed25519(from, key) && policy_bytes_take(from, &key->application);
}

static bool
take_sk_nistp256(struct policy_bytes *from, struct policy_sshkey *key)
{
	return take_nistp256(from, key) && policy_bytes_take(from, &key->application);
}

#define TYPE_ROW(name, text, take) [SSHKEY_##name] = {text, take},
static const struct {
	const char *name;
	bool (*take)(struct policy_bytes *from, struct policy_sshkey *key);
} types[] = {POLICY_SSHKEY_TYPES(TYPE_ROW)};

const char *
policy_sshkey_type_name(enum policy_sshkey_type type)
{
	return types[type].name;
}

static enum err
check_rsa(const struct policy_sshkey *key, struct fault *fault)
{
	size_t bits = key->modulus.length * 8 - (size_t)__builtin_clz(key->modulus.at[0]) +
		      (sizeof(unsigned) - 1) * 8;

	if (bits < SSHKEY_RSA_BITS_MIN || bits > SSHKEY_RSA_BITS_MAX)
		return fault_set(fault, ERR_POLICY,
		    "an RSA key of %zu bits is not accepted; it needs %d to %d", bits,
		    SSHKEY_RSA_BITS_MIN, SSHKEY_RSA_BITS_MAX);
	if ((key->exponent.at[key->exponent.length - 1] & 1) == 0 || key->exponent.length > 8)
		return fault_set(fault, ERR_POLICY, "the RSA key's exponent is not sound");
	return ERR_OK;
}

enum err
policy_sshkey_parse(struct policy_bytes blob, struct policy_sshkey *ret, struct fault *fault)
{
	struct policy_sshkey key = {.blob = blob};
	struct policy_bytes rest = blob, name;
	char shown[64];
	int type = 0;

	if (blob.length > SSHKEY_BLOB_MAX || !policy_bytes_take(&rest, &name))
		return fault_set(fault, ERR_POLICY, "that is no public key of OpenSSH's");
	while (type < SSHKEY_TYPE_COUNT && !policy_bytes_are(name, types[type].name))
		type++;
	text_copy_bytes(shown, sizeof(shown), name.at, name.length);
	if (type == SSHKEY_TYPE_COUNT)
		return fault_set(fault, ERR_POLICY,
		    "a key of the type \"%s\" is not accepted; use ssh-ed25519, ecdsa-sha2-*, "
		    "ssh-rsa or a hardware key (sk-*)",
		    shown);
	key.type = (enum policy_sshkey_type)type;
	if (!types[type].take(&rest, &key) || rest.length > 0)
		return fault_set(fault, ERR_POLICY, "the %s key is malformed", shown);
	if (key.type == SSHKEY_RSA && check_rsa(&key, fault) != ERR_OK)
		return ERR_POLICY;
	*ret = key;
	return ERR_OK;
}

void
policy_sshkey_fingerprint(const struct policy_sshkey *key, char to[SSHKEY_FINGERPRINT_MAX])
{
	struct digest digest = digest_of(key->blob.at, key->blob.length);
	SCOPED_FREE char *text = text_base64(digest.bytes, sizeof(digest.bytes));

	text_copy(to, SSHKEY_FINGERPRINT_MAX, "SHA256:");
	if (text != NULL)
		text_copy_bytes(to + 7, SSHKEY_FINGERPRINT_MAX - 7, text, strcspn(text, "="));
}
