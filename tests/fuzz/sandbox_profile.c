/* Any text either is refused with ERR_POLICY or compiles to a filter that the kernel would take. */
#include <stdint.h>
#include <stdlib.h>

#include "sandbox/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile *profile = NULL;
	struct fault fault = {0};
	enum err r = profile_parse((const char *)data, size, "fuzz", 0, &profile, &fault);

	require(r == ERR_OK ? profile != NULL : profile == NULL && fault.code == ERR_POLICY);
	if (profile != NULL) {
		struct seccomp_data call = {.nr = (int)(size % 512), .arch = profile->arch};
		struct profile_answer answer;

		profile_ask(profile, &call, &answer);
		require(answer.reason != NULL && (answer.rule == 0) == (answer.reason[0] == '\0'));
		require(profile->length > 0 && profile->length <= BPF_MAXINSNS);
		require(BPF_CLASS(profile->filter[profile->length - 1].code) == BPF_RET);
	}
	profile_free(&profile);
	return 0;
}
