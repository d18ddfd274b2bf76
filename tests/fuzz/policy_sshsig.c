/* Armored signatures, one after the other, checked against the key that each brings itself: the
 * parsers of the armor, the blob, the key and the signature. Input: a signature file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/sshsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct policy_bytes message = {(const unsigned char *)"policy: 1\n", 10};
	struct policy_sshsig *signature = calloc(1, sizeof(*signature));
	/* Without a terminator: a read past the end is one that the sanitizer sees. */
	uint8_t *copy = malloc(size + 1);
	struct policy_bytes rest = {copy, size};
	char fingerprint[SSHKEY_FINGERPRINT_MAX];
	struct fault fault;

	if (copy != NULL && size > 0)
		memcpy(copy, data, size);
	while (copy != NULL && signature != NULL && policy_sshsig_next(&rest, signature, &fault)) {
		struct policy_sshkey key;

		if (policy_sshkey_parse(signature->key, &key, &fault) != ERR_OK)
			continue;
		policy_sshkey_fingerprint(&key, fingerprint);
		if (policy_sshsig_verify(signature, &key, message, &fault) != ERR_OK &&
		    fault.message[0] == '\0')
			abort();
	}
	free(copy);
	free(signature);
	return 0;
}
