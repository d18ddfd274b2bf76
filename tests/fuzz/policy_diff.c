/* The differ: two policies over one manifest. It ends, and each witness is one. Input: the old
 * file, a NUL, the new one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char manifest[] =
    "tools: 1\nintegration: git\nbundle: { path: t, digest: "
    "sha256:0000000000000000000000000000000000000000000000000000000000000000 }\n"
    "tool: { git.a: { summary: s, run: [ /a ], profile: shell, arguments: { properties: "
    "{ a: { type: string }, m: { type: integer, maximum: 9 }, l: { type: array } } } } }\n";

static struct policy *
load(const uint8_t *data, size_t size)
{
	struct pack_file files[2] = {
	    {"manifest/m", 10, (const unsigned char *)manifest, sizeof(manifest) - 1},
	    {"policy", 6, data, (uint32_t)size},
	};
	struct pack pack = {.files = files, .count = 2};
	struct policy_problems problems;
	struct policy *policy = NULL;

	return policy_load(&pack, "p", &policy, &problems) == ERR_OK ? policy : NULL;
}

static void
check(const struct policy_side *side, const struct policy *allows, const struct policy *refuses)
{
	if (side->state == POLICY_SIDE_WITNESS && side->has_request &&
	    (policy_decide(allows, &side->request).verdict == POLICY_DENY ||
		(policy_decide(refuses, &side->request).verdict != POLICY_DENY &&
		    !diff_asks_less(allows, refuses, &side->request))))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
	struct policy *old = end != NULL ? load(data, (size_t)(end - data)) : NULL;
	struct policy *new = old != NULL ? load(end + 1, size - (size_t)(end - data) - 1) : NULL;
	struct policy_diff diff;

	if (new != NULL && policy_diff(old, new, &diff) == ERR_OK) {
		for (uint32_t i = 0; i < diff.count; i++) {
			check(&diff.items[i].opened, new, old);
			check(&diff.items[i].closed, old, new);
		}
		policy_diff_done(&diff);
	}
	policy_free(&new);
	policy_free(&old);
	return 0;
}
