/* The mutation score: every small change of a policy that loads is made and judged, and each test
 * that is proposed holds for the policy. Input: the policy file. */
#include <stdint.h>
#include <stdlib.h>

#include "policy/score.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char manifest[] =
    "tools: 1\nintegration: git\nbundle: { path: t, digest: "
    "sha256:0000000000000000000000000000000000000000000000000000000000000000 }\n"
    "tool: { git.a: { summary: s, run: [ /a ], profile: shell, arguments: { required: [ a ], "
    "properties: { a: { type: string, enum: [ x, y1, z ] }, m: { type: integer, maximum: 9 }, "
    "l: { type: array, items: { type: string } } } } } }\n";

static void
check(const struct policy *policy, const struct policy_score *score)
{
	if (score->killed + score->harmless + score->survived + score->untried != score->mutants ||
	    score->percent > 100)
		abort();
	for (uint32_t i = 0; i < score->killer_count; i++) {
		if (!policy_fixture_run(policy, score->killers[i]).passed)
			abort();
		free(policy_fixture_text(score->killers[i]));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pack_file files[2] = {
	    {"manifest/m", 10, (const unsigned char *)manifest, sizeof(manifest) - 1},
	    {"policy", 6, data, (uint32_t)size},
	};
	struct pack pack = {.files = files, .count = 2};
	struct policy_problems problems;
	struct policy *policy = NULL;
	struct policy_score score;

	if (policy_load(&pack, "p", &policy, &problems) != ERR_OK)
		return 0;
	if (policy_score(policy, &score) == ERR_OK) {
		check(policy, &score);
		policy_score_done(&score);
	}
	policy_free(&policy);
	return 0;
}
