/* Any bytes either are no plan or keep the promises of sandbox/plan.h. */
#include <stdint.h>
#include <stdlib.h>

#include "sandbox/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static void
target_is_sound(const char *target)
{
	require(target[0] == '/' && target[1] != '\0' && strlen(target) < PLAN_TARGET_MAX);
	require(strstr(target, "//") == NULL && strstr(target, "/./") == NULL &&
		strstr(target, "/../") == NULL);
	require(strncmp(target, "/proc/", 6) != 0 && strcmp(target, "/usr") != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Aligned as a mapping is. */
	void *copy = malloc(size + 1);
	struct plan plan;

	require(copy != NULL);
	memcpy(copy, data, size);
	if (plan_parse(copy, size, &plan)) {
		require(strlen(plan.hostname) < PLAN_HOSTNAME_MAX && plan.argv[0][0] == '/');
		for (uint32_t i = 0; i < plan.head->mount_count; i++)
			target_is_sound(plan.targets[i]);
		if (plan.bundle_at != NULL)
			target_is_sound(plan.bundle_at);
		require(plan.argv[plan.head->arg_count] == NULL);
		require(plan.envp[plan.head->env_count] == NULL);
	}
	free(copy);
	return 0;
}
