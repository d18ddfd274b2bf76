#include "common/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "common/text.h"

/* An EVP_MD_CTX under a name of ours, so that no header of ours includes OpenSSL's. */
struct digest_state;

static EVP_MD_CTX *
context(struct digest_state *state)
{
	return (EVP_MD_CTX *)state;
}

static void
require(int ok)
{
	if (ok != 1)
		abort(); /* libcrypto without SHA-256: nothing we could say would be true */
}

struct digest
digest_of(const void *data, size_t length)
{
	struct digest digest;

	require(EVP_Digest(data, length, digest.bytes, NULL, EVP_sha256(), NULL));
	return digest;
}

struct digest_state *
digest_begin(void)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (md != NULL)
		require(EVP_DigestInit_ex(md, EVP_sha256(), NULL));
	return (struct digest_state *)md;
}

void
digest_add(struct digest_state *state, const void *data, size_t length)
{
	require(EVP_DigestUpdate(context(state), data, length));
}

struct digest
digest_end(struct digest_state **state)
{
	struct digest digest;

	require(EVP_DigestFinal_ex(context(*state), digest.bytes, NULL));
	EVP_MD_CTX_free(context(*state));
	*state = NULL;
	return digest;
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return CRYPTO_memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

void
digest_text(char to[DIGEST_TEXT_MAX], const struct digest *digest)
{
	memcpy(to, "sha256:", 7);
	text_hex(to + 7, digest->bytes, DIGEST_BYTES);
}

bool
digest_parse(const char *text, struct digest *ret)
{
	if (strncmp(text, "sha256:", 7) != 0 || strpbrk(text + 7, "ABCDEF") != NULL)
		return false;
	return text_unhex(text + 7, ret->bytes, DIGEST_BYTES);
}
