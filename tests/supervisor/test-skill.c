/* What praxad puts in force: no policy that asks for more than this build enforces. */
#include "supervisor/skill.h"

#include <fcntl.h>
#include <stdio.h>

#include "supervisor/enforced.h"
#include "tests/lib/check.h"

#define REST                                                                                    \
	"skill: s\nbundle: { path: s, digest: "                                                 \
	"sha256:0000000000000000000000000000000000000000000000000000000000000000, run: [ /a ] " \
	"}\ntrigger: [ { source: cli, event: e } ]\nsandbox: { profile: shell }\n"
#define SENT_BY(source)                                                                         \
	"policy: 1\nowner: { team: t }\nskill: s\nbundle: { path: s, digest: "                  \
	"sha256:0000000000000000000000000000000000000000000000000000000000000000, run: [ /a ] " \
	"}\ntrigger: [ { source: " source ", event: e } ]\nsandbox: { profile: shell }\n"

#define TOOL(rule) "manifests: [ t.yaml ]\ntools: { t.a: { " rule " } }\n"
#define HEAD "policy: 1\nowner: { team: t }\n" REST

/* Policies by the feature that each uses. */
static const char *const uses[POLICY_FEATURE_COUNT] = {
    [POLICY_FEATURE_REVIEWERS] = "policy: 1\nowner: { team: t, reviewers: 2 }\n" REST,
    [POLICY_FEATURE_REVISION] = HEAD "revision: 1\n",
    [POLICY_FEATURE_PER_HOUR] = HEAD TOOL("allow: {}, limits: { per_hour: 1 }"),
    [POLICY_FEATURE_PER_DAY] = HEAD TOOL("allow: {}, limits: { per_day: 1 }"),
    [POLICY_FEATURE_RUN_TOKENS] = HEAD "budget: { run: { tokens: 1 } }\n",
    [POLICY_FEATURE_RUN_USD] = HEAD "budget: { run: { usd: 0.5 } }\n",
    [POLICY_FEATURE_DAY_CALLS] = HEAD "budget: { day: { calls: 1 } }\n",
    [POLICY_FEATURE_DAY_TOKENS] = HEAD "budget: { day: { tokens: 1 } }\n",
    [POLICY_FEATURE_DAY_USD] = HEAD "budget: { day: { usd: 1 } }\n",
    [POLICY_FEATURE_SUBAGENTS] =
	HEAD "subagents: { s: { max_depth: 1, max_per_run: 1, grant: [] } }\n",
    [POLICY_FEATURE_RETENTION] = HEAD "audit: { retention: 90d }\n",
    [POLICY_FEATURE_GITHUB] = SENT_BY("github.webhook"),
    [POLICY_FEATURE_WEBHOOK] = SENT_BY("webhook"),
    [POLICY_FEATURE_SLACK] = SENT_BY("slack"),
    [POLICY_FEATURE_PARENT] = SENT_BY("parent"),
    [POLICY_FEATURE_APPROVAL] = HEAD TOOL(
	"allow: {}") "approval: [ { when: { tool: t.a }, by: { group: g }, expires: 1h } ]\n",
    [POLICY_FEATURE_MODELS] =
	HEAD "llm: [ { provider: anthropic, models: m } ]\nbudget: { run: { usd: 1 } }\n",
};

static const char manifest[] =
    "tools: 1\nintegration: t\nbundle: { path: t, digest: "
    "sha256:0000000000000000000000000000000000000000000000000000000000000000 }\n"
    "tool: { t.a: { summary: s, run: [ /a ], profile: shell } }\n";

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
skill_with_a_feature_that_is_not_enforced_does_not_load(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char dir[256], path[300], beside[300];

	(void)state;
	snprintf(dir, sizeof(dir), "%s/praxa-skill-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/p.yaml", dir);
	snprintf(beside, sizeof(beside), "%s/t.yaml", dir);
	write_file(beside, manifest);
	for (unsigned i = 0; i < POLICY_FEATURE_COUNT; i++) {
		const char *key = policy_feature_info((enum policy_feature)i)->key;
		const struct skill_resources none = {.count = 0};
		const struct skill_source from = {
		    .path = path, .profiles_fd = AT_FDCWD, .resources = &none};
		struct skill_seen seen;
		struct policy_problems problems = {0};
		struct skill *skill = NULL;
		struct fault fault = {0};
		enum err r;

		assert_non_null(uses[i]);
		write_file(path, uses[i]);
		r = skill_load(&from, &skill, &seen, &problems, &fault);
		assert_int_equal(problems.count, 0);
		assert_int_not_equal(r, ERR_OK);
		assert_null(skill);
		assert_string_equal(seen.id, "sk_s");
		/* Nobody said who may sign. */
		if ((SUPERVISOR_ENFORCED & ~SUPERVISOR_SIGNED & UINT64_C(1) << i) != 0)
			continue;
		if ((SUPERVISOR_SIGNED & UINT64_C(1) << i) != 0)
			assert_non_null(strstr(fault.message, "start with --allowed-signers"));
		assert_int_equal(r, ERR_POLICY);
		assert_string_equal(fault.rule, key);
		assert_true(fault.line > 0);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(beside), 0);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(skill_with_a_feature_that_is_not_enforced_does_not_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
