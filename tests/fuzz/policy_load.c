/* The loader: a policy beside a sound manifest, or a manifest beside a policy that names it. What
 * loads is asked and tested; what does not says why. Input: one byte that chooses, then the file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/coverage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char sound_policy[] =
    "policy: 1\nskill: s\nowner: { team: t }\nbundle: { path: s, digest: "
    "sha256:0000000000000000000000000000000000000000000000000000000000000000, run: [ /a ] }\n"
    "trigger: [ { source: cli, event: e } ]\nsandbox: { profile: python }\n"
    "manifests: [ m ]\ntools: { git.a: { allow: { a: { type: string } } } }\n";
static const char sound_manifest[] =
    "tools: 1\nintegration: git\nbundle: { path: t, digest: "
    "sha256:0000000000000000000000000000000000000000000000000000000000000000 }\n"
    "tool: { git.a: { summary: s, run: [ /a ], profile: shell, arguments: { required: [ a ], "
    "properties: { a: { type: string }, m: { type: integer, maximum: 9 } } } } }\n";

static void
ask(const struct policy *policy)
{
	struct value_pair pair = {value_string("a"), value_string("x")};
	struct value map = {.type = VALUE_MAP, .length = 1, .pairs = &pair};

	for (int action = POLICY_ACTION_NONE; action < POLICY_ACTION_COUNT; action++) {
		static const char *const names[] = {
		    "", "cli", "git.a", "ws/ws_a/x", "ws/ws_a/x", "a", "m"};
		struct policy_request request = {.action = (enum policy_action)action,
		    .workspace = "ws_a",
		    .name = names[action],
		    .event = "e",
		    .depth = 1,
		    .tool = "git.a",
		    .provider = "anthropic",
		    .args = &map,
		    .input = &map};
		struct policy_decision decision = policy_decide(policy, &request);
		struct fault fault;

		if ((policy_fault(&request, &decision, &fault) == ERR_OK) !=
		    (decision.verdict == POLICY_ALLOW))
			abort();
	}
}

/* A fixture that loads passes or fails, can be written again or not, and never does anything else.
 */
static void
test(const struct policy *policy)
{
	const struct policy_fixture *fixture;
	struct policy_coverage coverage;

	for (uint32_t i = 0; (fixture = policy_fixture(policy, i)) != NULL; i++) {
		struct policy_fixture_result result = policy_fixture_run(policy, fixture);

		if (result.passed && result.decision.code != fixture->expected)
			abort();
		free(policy_fixture_text(fixture));
	}
	if (policy_coverage(policy, &coverage) != ERR_OK)
		return;
	if (coverage.covered > coverage.count)
		abort();
	policy_coverage_done(&coverage);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool is_manifest = size > 0 && data[0] % 2 == 1;
	struct pack_file files[2] = {
	    {"manifest/m", 10, (const unsigned char *)sound_manifest, sizeof(sound_manifest) - 1},
	    {"policy", 6, (const unsigned char *)sound_policy, sizeof(sound_policy) - 1},
	};
	struct pack pack = {.files = files, .count = 2};
	struct policy_problems problems;
	struct policy *policy = NULL;
	char text[2048];
	uint8_t *copy;

	if (size == 0)
		return 0;
	/* Without a terminator: a read past the end is one that the sanitizer sees. */
	copy = malloc(size);
	if (copy == NULL)
		return 0;
	memcpy(copy, data + 1, size - 1);
	files[is_manifest ? 0 : 1].data = copy;
	files[is_manifest ? 0 : 1].length = (uint32_t)(size - 1);
	if (policy_load(&pack, "dir/p", &policy, &problems) == ERR_OK) {
		ask(policy);
		test(policy);
	}
	for (uint32_t i = 0; i < problems.count && i < POLICY_PROBLEMS_MAX; i++)
		policy_problem_text(text, sizeof(text), &problems.items[i]);
	policy_free(&policy);
	free(copy);
	return 0;
}
