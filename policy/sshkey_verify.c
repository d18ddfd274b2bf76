#include "policy/sshkey.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "common/digest.h"

enum {
	ED25519_BYTES = 64,
	ECDSA_NUMBER_MAX = 66, /* of nistp521 */
	SK_USER_PRESENT = 1,   /* flag of PROTOCOL.u2f */
};

#define SCOPED_OPENSSL(name, type)              \
	static void scope_##name(type **object) \
	{                                       \
		name(*object);                  \
	}
SCOPED_OPENSSL(BN_free, BIGNUM)
SCOPED_OPENSSL(ECDSA_SIG_free, ECDSA_SIG)
SCOPED_OPENSSL(EVP_MD_CTX_free, EVP_MD_CTX)
SCOPED_OPENSSL(EVP_PKEY_CTX_free, EVP_PKEY_CTX)
SCOPED_OPENSSL(EVP_PKEY_free, EVP_PKEY)
SCOPED_OPENSSL(OSSL_PARAM_BLD_free, OSSL_PARAM_BLD)
SCOPED_OPENSSL(OSSL_PARAM_free, OSSL_PARAM)
#define SCOPED(name) __attribute__((cleanup(scope_##name)))

static EVP_PKEY *
key_of_params(const char *type, OSSL_PARAM_BLD *builder)
{
	SCOPED(EVP_PKEY_CTX_free)
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	SCOPED(OSSL_PARAM_free) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY *key = NULL;

	if (context == NULL || params == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return key;
}

static EVP_PKEY *
curve_key(const struct policy_sshkey *key, const char *group)
{
	SCOPED(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

	if (builder == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(
		builder, OSSL_PKEY_PARAM_PUB_KEY, key->public.at, key->public.length) != 1)
		return NULL;
	return key_of_params("EC", builder);
}

static EVP_PKEY *
rsa_key(const struct policy_sshkey *key)
{
	SCOPED(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	SCOPED(BN_free)
	BIGNUM *n = BN_bin2bn(key->modulus.at, (int)key->modulus.length, NULL);
	SCOPED(BN_free)
	BIGNUM *e = BN_bin2bn(key->exponent.at, (int)key->exponent.length, NULL);

	if (builder == NULL || n == NULL || e == NULL ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return NULL;
	return key_of_params("RSA", builder);
}

static EVP_PKEY *
ed25519_key(const struct policy_sshkey *key)
{
	return EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_ED25519, NULL, key->public.at, key->public.length);
}

/* hash NULL: the algorithm has its own. Whatever OpenSSL cannot do is no valid signature. */
static bool
holds(EVP_PKEY *key, const char *hash, struct policy_bytes signature, struct policy_bytes data)
{
	SCOPED(EVP_MD_CTX_free) EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool valid;

	valid = key != NULL && md != NULL &&
		EVP_DigestVerifyInit_ex(md, NULL, hash, NULL, NULL, key, NULL) == 1 &&
		EVP_DigestVerify(md, signature.at, signature.length, data.at, data.length) == 1;
	ERR_clear_error();
	return valid;
}

static bool
verify_ed25519(
    const struct policy_sshkey *key, struct policy_bytes signature, struct policy_bytes data)
{
	SCOPED(EVP_PKEY_free) EVP_PKEY *public = ed25519_key(key);

	return signature.length == ED25519_BYTES && holds(public, NULL, signature, data);
}

static BIGNUM *
take_number(struct policy_bytes *from)
{
	struct policy_bytes number;

	if (!policy_bytes_take(from, &number) || number.length == 0 ||
	    number.length > ECDSA_NUMBER_MAX + 1 || (number.at[0] & 0x80) != 0)
		return NULL;
	return BN_bin2bn(number.at, (int)number.length, NULL);
}

/* Two numbers (RFC 5656 section 3.1.2), which OpenSSL wants as DER. */
static bool
verify_curve(const struct policy_sshkey *key, const char *group, const char *hash,
    struct policy_bytes signature, struct policy_bytes data)
{
	SCOPED(EVP_PKEY_free) EVP_PKEY *public = curve_key(key, group);
	SCOPED(ECDSA_SIG_free) ECDSA_SIG *numbers = ECDSA_SIG_new();
	SCOPED(BN_free) BIGNUM *r = take_number(&signature);
	SCOPED(BN_free) BIGNUM *s = take_number(&signature);
	unsigned char der[2 * ECDSA_NUMBER_MAX + 16], *end = der;
	int length;

	if (numbers == NULL || r == NULL || s == NULL || signature.length > 0 ||
	    ECDSA_SIG_set0(numbers, r, s) != 1)
		return false;
	r = s = NULL; /* they are the signature's now */
	length = i2d_ECDSA_SIG(numbers, NULL);
	if (length <= 0 || (size_t)length > sizeof(der))
		return false;
	length = i2d_ECDSA_SIG(numbers, &end);
	return length > 0 && holds(public, hash, (struct policy_bytes){der, (size_t)length}, data);
}

static bool
verify_nistp256(
    const struct policy_sshkey *key, struct policy_bytes signature, struct policy_bytes data)
{
	return verify_curve(key, "P-256", "SHA256", signature, data);
}

static bool
verify_nistp384(
    const struct policy_sshkey *key, struct policy_bytes signature, struct policy_bytes data)
{
	return verify_curve(key, "P-384", "SHA384", signature, data);
}

static bool
verify_nistp521(
    const struct policy_sshkey *key, struct policy_bytes signature, struct policy_bytes data)
{
	return verify_curve(key, "P-521", "SHA512", signature, data);
}

static bool
verify_rsa(const struct policy_sshkey *key, const char *hash, struct policy_bytes signature,
    struct policy_bytes data)
{
	SCOPED(EVP_PKEY_free) EVP_PKEY *public = rsa_key(key);
	unsigned char whole[SSHKEY_RSA_BITS_MAX / 8] = {0};
	size_t missing;

	/* Some agents leave out zeros in front (RFC 8332 section 3). */
	if (signature.length > key->modulus.length)
		return false;
	missing = key->modulus.length - signature.length;
	if (signature.length > 0)
		memcpy(whole + missing, signature.at, signature.length);
	return holds(public, hash, (struct policy_bytes){whole, key->modulus.length}, data);
}

static bool
verify_rsa_256(
    const struct policy_sshkey *key, struct policy_bytes signature, struct policy_bytes data)
{
	return verify_rsa(key, "SHA256", signature, data);
}

static bool
verify_rsa_512(
    const struct policy_sshkey *key, struct policy_bytes signature, struct policy_bytes data)
{
	return verify_rsa(key, "SHA512", signature, data);
}

/* Signature types. RSA's name their hash; "ssh-rsa" is SHA-1 and has no row. */
static const struct {
	const char *name;
	enum policy_sshkey_type key;
	bool (*verify)(const struct policy_sshkey *key, struct policy_bytes signature,
	    struct policy_bytes data);
} rows[] = {
    {"ssh-ed25519", SSHKEY_ED25519, verify_ed25519},
    {"ecdsa-sha2-nistp256", SSHKEY_NISTP256, verify_nistp256},
    {"ecdsa-sha2-nistp384", SSHKEY_NISTP384, verify_nistp384},
    {"ecdsa-sha2-nistp521", SSHKEY_NISTP521, verify_nistp521},
    {"rsa-sha2-256", SSHKEY_RSA, verify_rsa_256},
    {"rsa-sha2-512", SSHKEY_RSA, verify_rsa_512},
    {"sk-ssh-ed25519@openssh.com", SSHKEY_SK_ED25519, verify_ed25519},
    {"sk-ecdsa-sha2-nistp256@openssh.com", SSHKEY_SK_NISTP256, verify_nistp256},
};

/* What a token signs: SHA256(application) || flags || counter || SHA256(data). */
struct token_data {
	unsigned char bytes[DIGEST_BYTES + 1 + 4 + DIGEST_BYTES];
};

/* tail: the flags and the counter behind the signature. */
static void
make_token_data(const struct policy_sshkey *key, struct policy_bytes tail, struct policy_bytes data,
    struct token_data *ret)
{
	struct digest application = digest_of(key->application.at, key->application.length);
	struct digest message = digest_of(data.at, data.length);

	memcpy(ret->bytes, application.bytes, DIGEST_BYTES);
	memcpy(ret->bytes + DIGEST_BYTES, tail.at, 5);
	memcpy(ret->bytes + DIGEST_BYTES + 5, message.bytes, DIGEST_BYTES);
}

enum err
policy_sshkey_verify(const struct policy_sshkey *key, struct policy_bytes signature,
    struct policy_bytes data, struct fault *fault)
{
	bool token = key->type == SSHKEY_SK_ED25519 || key->type == SSHKEY_SK_NISTP256;
	struct policy_bytes rest = signature, name, body;
	struct token_data token_data;
	unsigned row = 0;
	char shown[64];

	if (!policy_bytes_take(&rest, &name) || !policy_bytes_take(&rest, &body) ||
	    rest.length != (token ? 5U : 0U))
		return fault_set(fault, ERR_POLICY, "the signature is malformed");
	while (row < ARRAY_SIZE(rows) &&
	       (rows[row].key != key->type || !policy_bytes_are(name, rows[row].name)))
		row++;
	text_copy_bytes(shown, sizeof(shown), name.at, name.length);
	if (row == ARRAY_SIZE(rows))
		return fault_set(fault, ERR_POLICY,
		    "a signature of the type \"%s\" by a key of the type %s is not accepted", shown,
		    policy_sshkey_type_name(key->type));
	if (token) {
		if ((rest.at[0] & SK_USER_PRESENT) == 0)
			return fault_set(
			    fault, ERR_POLICY, "nobody touched the hardware key when it signed");
		make_token_data(key, rest, data, &token_data);
		data = (struct policy_bytes){token_data.bytes, sizeof(token_data.bytes)};
	}
	if (!rows[row].verify(key, body, data))
		return fault_set(fault, ERR_POLICY,
		    "it is no signature of these bytes: the file was changed after it was "
		    "signed, or the signature is another file's");
	return ERR_OK;
}
