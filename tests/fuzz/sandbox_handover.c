/* Any bytes either are no handover or give an environment that ends inside them. */
#include <stdint.h>
#include <stdlib.h>

#include "sandbox/handover.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), *env[PLAN_ENV_MAX + 1];

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	for (unsigned fds = 0; fds <= HANDOVER_FDS_MAX + 1; fds++)
		if (handover_parse(copy, size, fds, env))
			for (char **at = env; *at != NULL; at++)
				if (*at < copy || *at + strlen(*at) >= copy + size)
					abort();
	free(copy);
	return 0;
}
