/* Signatures that ssh-keygen makes only with hardware, or not any more: built here with OpenSSL. */
#include "policy/sshkey.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "tests/lib/check.h"

/* A blob under construction. */
struct blob {
	unsigned char bytes[2048];
	size_t length;
};

static void
put_raw(struct blob *blob, const void *from, size_t length)
{
	assert_true(length <= sizeof(blob->bytes) - blob->length);
	memcpy(blob->bytes + blob->length, from, length);
	blob->length += length;
}

static void
put(struct blob *blob, const void *from, size_t length)
{
	const unsigned char head[] = {0, 0, (unsigned char)(length >> 8), (unsigned char)length};

	put_raw(blob, head, sizeof(head));
	put_raw(blob, from, length);
}

static void
put_text(struct blob *blob, const char *text)
{
	put(blob, text, strlen(text));
}

static void
put_number(struct blob *blob, const BIGNUM *number)
{
	unsigned char bytes[1024] = {0};
	int length = BN_num_bytes(number);

	BN_bn2bin(number, bytes + 1);
	if (length > 0 && (bytes[1] & 0x80) != 0)
		put(blob, bytes, (size_t)length + 1);
	else
		put(blob, bytes + 1, (size_t)length);
}

static struct policy_bytes
bytes_of(const struct blob *blob)
{
	return (struct policy_bytes){blob->bytes, blob->length};
}

static const struct policy_bytes data = {(const unsigned char *)"SSHSIG and more", 15};
static const char application[] = "ssh:praxa";

/* What a token signs over data. */
static struct blob
token_data(unsigned char flags, uint32_t counter)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	const unsigned char tail[] = {flags, (unsigned char)(counter >> 24),
	    (unsigned char)(counter >> 16), (unsigned char)(counter >> 8), (unsigned char)counter};
	struct blob blob = {.length = 0};

	SHA256((const unsigned char *)application, strlen(application), hash);
	put_raw(&blob, hash, sizeof(hash));
	put_raw(&blob, tail, sizeof(tail));
	SHA256(data.at, data.length, hash);
	put_raw(&blob, hash, sizeof(hash));
	return blob;
}

static size_t
sign(EVP_PKEY *key, const EVP_MD *hash, const void *what, size_t length, unsigned char to[1024])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t size = 1024;

	assert_int_equal(EVP_DigestSignInit(md, NULL, hash, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(md, to, &size, what, length), 1);
	EVP_MD_CTX_free(md);
	return size;
}

static struct blob
ed25519_token(EVP_PKEY *key)
{
	struct blob blob = {.length = 0};
	unsigned char public[32];
	size_t length = sizeof(public);

	put_text(&blob, "sk-ssh-ed25519@openssh.com");
	assert_int_equal(EVP_PKEY_get_raw_public_key(key, public, &length), 1);
	put(&blob, public, length);
	put_text(&blob, application);
	return blob;
}

static struct blob
nistp256_token(EVP_PKEY *key)
{
	struct blob blob = {.length = 0};
	unsigned char point[128];
	size_t length = 0;

	put_text(&blob, "sk-ecdsa-sha2-nistp256@openssh.com");
	put_text(&blob, "nistp256");
	assert_int_equal(EVP_PKEY_get_octet_string_param(
			     key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &length),
	    1);
	put(&blob, point, length);
	put_text(&blob, application);
	return blob;
}

/* A token's signature with these flags; type names it, numbers: as ECDSA has it. */
static struct blob
token_signature(
    EVP_PKEY *key, const char *type, bool numbers, unsigned char flags, uint32_t counter)
{
	struct blob signed_bytes = token_data(flags, counter), blob = {.length = 0},
		    inner = {.length = 0};
	unsigned char raw[1024];
	size_t length =
	    sign(key, numbers ? EVP_sha256() : NULL, signed_bytes.bytes, signed_bytes.length, raw);

	put_text(&blob, type);
	if (numbers) {
		const unsigned char *at = raw;
		ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)length);

		put_number(&inner, ECDSA_SIG_get0_r(pair));
		put_number(&inner, ECDSA_SIG_get0_s(pair));
		put(&blob, inner.bytes, inner.length);
		ECDSA_SIG_free(pair);
	} else {
		put(&blob, raw, length);
	}
	put_raw(&blob, signed_bytes.bytes + SHA256_DIGEST_LENGTH, 5);
	return blob;
}

static void
expect_token(EVP_PKEY *key, struct blob blob, const char *type, bool numbers)
{
	struct policy_sshkey public;
	struct fault fault;
	struct blob signature;

	assert_int_equal(policy_sshkey_parse(bytes_of(&blob), &public, &fault), ERR_OK);
	signature = token_signature(key, type, numbers, 1, 77);
	assert_int_equal(policy_sshkey_verify(&public, bytes_of(&signature), data, &fault), ERR_OK);
	/* With a PIN as well. */
	signature = token_signature(key, type, numbers, 5, 78);
	assert_int_equal(policy_sshkey_verify(&public, bytes_of(&signature), data, &fault), ERR_OK);
	/* The counter is signed. */
	signature.bytes[signature.length - 1] ^= 1;
	assert_int_equal(
	    policy_sshkey_verify(&public, bytes_of(&signature), data, &fault), ERR_POLICY);
	/* Nobody there. */
	signature = token_signature(key, type, numbers, 4, 79);
	assert_int_equal(
	    policy_sshkey_verify(&public, bytes_of(&signature), data, &fault), ERR_POLICY);
	assert_non_null(strstr(fault.message, "nobody touched"));
	/* Without flags and counter, or with more behind them. */
	signature = token_signature(key, type, numbers, 1, 80);
	signature.length -= 5;
	assert_int_equal(
	    policy_sshkey_verify(&public, bytes_of(&signature), data, &fault), ERR_POLICY);
	signature.length += 6;
	assert_int_equal(
	    policy_sshkey_verify(&public, bytes_of(&signature), data, &fault), ERR_POLICY);
}

static void
a_hardware_key_counts_when_somebody_touched_it(void **state)
{
	EVP_PKEY *ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY *nistp256 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	(void)state;
	expect_token(ed25519, ed25519_token(ed25519), "sk-ssh-ed25519@openssh.com", false);
	expect_token(
	    nistp256, nistp256_token(nistp256), "sk-ecdsa-sha2-nistp256@openssh.com", true);
	EVP_PKEY_free(ed25519);
	EVP_PKEY_free(nistp256);
}

static struct blob
rsa_blob(EVP_PKEY *key)
{
	struct blob blob = {.length = 0};
	BIGNUM *n = NULL, *e = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e), 1);
	put_text(&blob, "ssh-rsa");
	put_number(&blob, e);
	put_number(&blob, n);
	BN_free(n);
	BN_free(e);
	return blob;
}

static void
rsa_signs_with_sha2_and_never_with_sha1(void **state)
{
	static const struct {
		const char *type;
		const EVP_MD *(*hash)(void);
		enum err expected;
	} rows[] = {
	    {"rsa-sha2-256", EVP_sha256, ERR_OK},
	    {"rsa-sha2-512", EVP_sha512, ERR_OK},
	    {"ssh-rsa", EVP_sha1, ERR_POLICY},
	    {"rsa-sha2-256", EVP_sha1, ERR_POLICY},
	    {"rsa-sha2-512", EVP_sha256, ERR_POLICY},
	    {"ssh-ed25519", EVP_sha256, ERR_POLICY},
	};
	EVP_PKEY *key = EVP_RSA_gen(2048);
	struct blob blob = rsa_blob(key);
	struct policy_sshkey public;
	struct fault fault;

	(void)state;
	assert_int_equal(policy_sshkey_parse(bytes_of(&blob), &public, &fault), ERR_OK);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct blob signature = {.length = 0};
		unsigned char raw[1024];
		size_t length = sign(key, rows[i].hash(), data.at, data.length, raw);

		put_text(&signature, rows[i].type);
		put(&signature, raw, length);
		assert_int_equal(policy_sshkey_verify(&public, bytes_of(&signature), data, &fault),
		    rows[i].expected);
	}
	EVP_PKEY_free(key);
}

static void
expect_bad_key(const struct blob *blob, const char *words)
{
	struct policy_sshkey key;
	struct fault fault;

	assert_int_equal(policy_sshkey_parse(bytes_of(blob), &key, &fault), ERR_POLICY);
	if (strstr(fault.message, words) == NULL)
		fail_msg("\"%s\" has no \"%s\"", fault.message, words);
}

static void
a_key_that_is_cut_padded_or_of_another_kind_is_refused(void **state)
{
	static const unsigned char zeros[256];
	EVP_PKEY *curve = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct blob whole = nistp256_token(curve), blob;
	struct policy_sshkey key;
	struct fault fault;

	(void)state;
	for (size_t i = 0; i < whole.length; i++) {
		blob = whole;
		blob.length = i;
		assert_int_equal(policy_sshkey_parse(bytes_of(&blob), &key, &fault), ERR_POLICY);
	}
	blob = whole;
	put_raw(&blob, "x", 1);
	expect_bad_key(&blob, "malformed");

	blob.length = 0;
	put_text(&blob, "ssh-ed25519-cert-v01@openssh.com");
	expect_bad_key(&blob, "type \"ssh-ed25519-cert-v01@openssh.com\" is not accepted");
	blob.length = 0;
	put_text(&blob, "ssh-ed25519");
	put(&blob, zeros, 31);
	expect_bad_key(&blob, "malformed");
	blob.length = 0;
	put_text(&blob, "ecdsa-sha2-nistp256");
	put_text(&blob, "nistp384");
	put(&blob, zeros, 65);
	expect_bad_key(&blob, "malformed");
	/* An exponent with a zero in front, and one that is negative. */
	blob.length = 0;
	put_text(&blob, "ssh-rsa");
	put(&blob, "\0\1", 2);
	expect_bad_key(&blob, "malformed");
	blob.length = 0;
	put_text(&blob, "ssh-rsa");
	put(&blob, "\xff", 1);
	expect_bad_key(&blob, "malformed");
	EVP_PKEY_free(curve);
}

static void
a_point_that_is_not_on_its_curve_verifies_nothing(void **state)
{
	EVP_PKEY *curve = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct blob blob = nistp256_token(curve);
	struct blob signature =
	    token_signature(curve, "sk-ecdsa-sha2-nistp256@openssh.com", true, 1, 1);
	struct policy_sshkey key;
	struct fault fault;

	(void)state;
	blob.bytes[blob.length - sizeof(application) - 8] ^= 1;
	assert_int_equal(policy_sshkey_parse(bytes_of(&blob), &key, &fault), ERR_OK);
	assert_int_equal(
	    policy_sshkey_verify(&key, bytes_of(&signature), data, &fault), ERR_POLICY);
	EVP_PKEY_free(curve);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_hardware_key_counts_when_somebody_touched_it),
	    cmocka_unit_test(rsa_signs_with_sha2_and_never_with_sha1),
	    cmocka_unit_test(a_key_that_is_cut_padded_or_of_another_kind_is_refused),
	    cmocka_unit_test(a_point_that_is_not_on_its_curve_verifies_nothing),
	};

	return cmocka_run_group_tests_name("policy-sshkey", tests, NULL, NULL);
}
