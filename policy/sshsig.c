#include "policy/sshsig.h"

#include <openssl/evp.h>

#include "common/text.h"

#define ARMOR_BEGIN "-----BEGIN SSH SIGNATURE-----"
#define ARMOR_END "-----END SSH SIGNATURE-----"
#define MAGIC "SSHSIG"

enum {
	MAGIC_BYTES = 6,
	VERSION = 1,
	BASE64_MAX = (SSHSIG_BLOB_MAX + 2) / 3 * 4,
	SIGNED_MAX = 1024, /* magic, namespace, reserved, hash and a digest */
};

static struct policy_bytes
take_line(struct policy_bytes *text)
{
	const unsigned char *end = text->length > 0 ? memchr(text->at, '\n', text->length) : NULL;
	struct policy_bytes line = {
	    text->at, end != NULL ? (size_t)(end - text->at) : text->length};
	size_t taken = line.length + (end != NULL ? 1 : 0);

	text->at += taken;
	text->length -= taken;
	/* Git and mail may have made it a file with carriage returns; the base64 is the same. */
	if (line.length > 0 && line.at[line.length - 1] == '\r')
		line.length--;
	return line;
}

/* The base64 of one block without its line ends; false: no end, or too long. */
static bool
take_armored(struct policy_bytes *text, char *to, size_t *ret_length)
{
	size_t used = 0;

	while (text->length > 0) {
		struct policy_bytes line = take_line(text);

		if (policy_bytes_are(line, ARMOR_END)) {
			*ret_length = used;
			return true;
		}
		if (line.length > BASE64_MAX - used)
			return false;
		memcpy(to + used, line.at, line.length);
		used += line.length;
	}
	return false;
}

static bool
take_blob(struct policy_bytes rest, struct policy_sshsig *ret)
{
	static const unsigned char head[] = {'S', 'S', 'H', 'S', 'I', 'G', 0, 0, 0, VERSION};

	if (rest.length < sizeof(head) || memcmp(rest.at, head, sizeof(head)) != 0)
		return false;
	rest.at += sizeof(head);
	rest.length -= sizeof(head);
	return policy_bytes_take(&rest, &ret->key) && policy_bytes_take(&rest, &ret->namespace) &&
	       policy_bytes_take(&rest, &ret->reserved) && policy_bytes_take(&rest, &ret->hash) &&
	       policy_bytes_take(&rest, &ret->signature) && rest.length == 0;
}

bool
policy_sshsig_next(struct policy_bytes *text, struct policy_sshsig *ret, struct fault *fault)
{
	char base64[BASE64_MAX];
	struct policy_bytes line = {0};
	size_t length = 0;
	long bytes;

	*fault = (struct fault){0};
	while (text->length > 0 && line.length == 0)
		line = take_line(text);
	if (line.length == 0)
		return false;
	if (!policy_bytes_are(line, ARMOR_BEGIN)) {
		fault_set(fault, ERR_POLICY,
		    "that is no signature; expected " ARMOR_BEGIN
		    ", as ssh-keygen -Y sign writes it");
		return false;
	}
	if (!take_armored(text, base64, &length)) {
		fault_set(fault, ERR_POLICY, "the signature does not end with " ARMOR_END);
		return false;
	}
	bytes = text_unbase64(base64, length, ret->blob, sizeof(ret->blob));
	if (bytes < 0 || !take_blob((struct policy_bytes){ret->blob, (size_t)bytes}, ret)) {
		fault_set(fault, ERR_POLICY, "the signature is malformed or cut");
		return false;
	}
	return true;
}

/* The message's hash, in the algorithm that the signature names and signs. 0: none of ours. */
static size_t
hash_message(struct policy_bytes algorithm, struct policy_bytes message, unsigned char *to)
{
	static const char *const names[] = {"sha256", "sha512"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		size_t length = 0;

		if (policy_bytes_are(algorithm, names[i]))
			return EVP_Q_digest(NULL, names[i], NULL, message.at, message.length, to,
				   &length) == 1
				   ? length
				   : 0;
	}
	return 0;
}

struct signed_data {
	unsigned char bytes[SIGNED_MAX];
	size_t length;
};

static bool
put(struct signed_data *to, struct policy_bytes string)
{
	unsigned char *at = to->bytes + to->length;

	if (string.length > SIGNED_MAX - 4 - to->length)
		return false;
	at[0] = at[1] = 0;
	at[2] = (unsigned char)(string.length >> 8);
	at[3] = (unsigned char)string.length;
	if (string.length > 0)
		memcpy(at + 4, string.at, string.length);
	to->length += 4 + string.length;
	return true;
}

enum err
policy_sshsig_verify(const struct policy_sshsig *signature, const struct policy_sshkey *key,
    struct policy_bytes message, struct fault *fault)
{
	struct signed_data data = {.bytes = MAGIC, .length = MAGIC_BYTES};
	unsigned char hash[EVP_MAX_MD_SIZE];
	size_t hash_length;
	char shown[64];

	text_copy_bytes(shown, sizeof(shown), signature->namespace.at, signature->namespace.length);
	if (!policy_bytes_are(signature->namespace, POLICY_NAMESPACE))
		return fault_set(fault, ERR_POLICY,
		    "it was made for the namespace \"%s\", not for " POLICY_NAMESPACE, shown);
	hash_length = hash_message(signature->hash, message, hash);
	text_copy_bytes(shown, sizeof(shown), signature->hash.at, signature->hash.length);
	if (hash_length == 0)
		return fault_set(
		    fault, ERR_POLICY, "its hash is \"%s\"; expected sha512 or sha256", shown);
	if (!put(&data, signature->namespace) || !put(&data, signature->reserved) ||
	    !put(&data, signature->hash) || !put(&data, (struct policy_bytes){hash, hash_length}))
		return fault_set(fault, ERR_POLICY, "the signature is malformed");
	return policy_sshkey_verify(
	    key, signature->signature, (struct policy_bytes){data.bytes, data.length}, fault);
}
