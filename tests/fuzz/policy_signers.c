/* Allowed_signers files. What loads is asked for each of its keys. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/signers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_signers signers = {0};
	struct fault fault = {0};
	char *copy = malloc(size + 1);

	if (copy == NULL)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	if (policy_signers_parse(copy, size, "signers", &signers, &fault) != ERR_OK &&
	    fault.message[0] == '\0')
		abort();
	for (uint32_t i = 0; i < signers.count; i++) {
		const struct policy_signer *found =
		    policy_signers_find(&signers, signers.items[i].key.blob, 1, &fault);

		if (found != NULL && found->person != signers.items[i].person)
			abort();
	}
	policy_signers_done(&signers);
	free(copy);
	return 0;
}
