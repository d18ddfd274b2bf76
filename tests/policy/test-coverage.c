/* Which parts of a policy its fixtures exercise. */
#include "policy/coverage.h"

#include <stdio.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"

enum { TEXT_MAX = 8192 };

#define RULES                                                                                    \
	FIXTURE_HEAD                                                                             \
	"trigger:\n"                                                                             \
	"  - { source: cli, event: review, where: { $.repo: { glob: \"*\", len: { max: 3 } } } " \
	"}\n"                                                                                    \
	"tools:\n"                                                                               \
	"  git.read.diff:\n"                                                                     \
	"    allow:\n"                                                                           \
	"      commit: { equals_trigger: $.commit }\n"                                           \
	"      paths: { each: { prefix: src/ }, optional: true }\n"                              \
	"    limits: { per_run: 4 }\n"                                                           \
	"  git.push: { deny: always }\n"                                                         \
	"budget: { run: { calls: 9, usd: 1 } }\n"                                                \
	"subagents: { child: { max_depth: 1, max_per_run: 3, grant: [ git.read.diff ] } }\n"     \
	"llm: [ { provider: anthropic, models: [ \"a*\", b ] } ]\n"                              \
	"memory: { read: [ \"ws/{workspace}/a/**\" ] }\n"

#define CALL "{ call: git.read.diff, args: { commit: a }, input: { commit: a }"

/* A part of RULES and the fixtures that exercise it: P passes, F fails. */
static const struct {
	const char *fixtures, *rule, *part, *way;
} rows[] = {
    {"{ call: git.x, expect: allow }", "trigger", "rule", ""},
    {"{ trigger: cli, event: merge, expect: allow }", "trigger", "rule", "F"},
    {"{ trigger: cli, event: merge, input: { repo: a }, expect: allow }", "trigger.where.$.repo",
	"glob", ""},
    {"{ trigger: cli, event: review, input: { repo: a }, expect: allow }", "trigger", "rule", "P"},
    {"{ trigger: cli, event: review, input: { repo: a }, expect: allow }", "trigger.where.$.repo",
	"glob", "P"},
    {"{ trigger: cli, event: review, input: { repo: a/b }, expect: allow }", "trigger.where.$.repo",
	"glob", "F"},
    {"{ trigger: cli, event: review, input: { repo: a/b }, expect: allow }", "trigger.where.$.repo",
	"len", "P"},
    {"{ trigger: cli, event: review, expect: allow }", "trigger.where.$.repo", "len", ""},
    {"{ call: git.read.diff, args: { commit: a }, input: { commit: a }, expect: allow }",
	"tools.git.read.diff.allow", "rule", "P"},
    {"{ call: git.read.diff, args: { commit: 1 }, expect: allow }", "tools.git.read.diff.allow",
	"rule", "F"},
    {"{ call: git.read.diff, args: { commit: 1 }, expect: allow }",
	"tools.git.read.diff.allow.commit", "equals_trigger", ""},
    {"{ call: git.read.diff, args: { commit: a, paths: [ src/a, b ] }, expect: allow }",
	"tools.git.read.diff.allow.paths", "prefix", "PF"},
    {"{ call: git.read.diff, args: { commit: a, paths: [] }, expect: allow }",
	"tools.git.read.diff.allow.paths", "prefix", ""},
    {"{ call: git.read.diff, args: { commit: a, paths: [] }, expect: allow }",
	"tools.git.read.diff.allow.paths", "each", "P"},
    {"{ call: git.push, expect: allow }", "tools.git.push", "deny", "P"},
    {CALL ", expect: allow }", "tools.git.read.diff.limits.per_run", "limit", "P"},
    {CALL ", used: { tool: { per_run: 4 } }, expect: allow }", "tools.git.read.diff.limits.per_run",
	"limit", "F"},
    {CALL ", used: { tool: { per_run: 4 } }, expect: allow }", "budget.run.calls", "budget", ""},
    {CALL ", used: { run: { calls: 9 } }, expect: allow }", "budget.run.calls", "budget", "F"},
    {"{ call: git.read.diff, expect: allow }", "budget.run.calls", "budget", ""},
    {"{ subagent: child, expect: allow }", "subagents.child", "rule", "P"},
    {"{ subagent: other, expect: allow }", "subagents.child", "rule", ""},
    {"{ subagent: child, depth: 2, expect: allow }", "subagents.child.max_depth", "limit", "F"},
    {"{ subagent: child, used: { dispatched: 3 }, expect: allow }", "subagents.child.max_per_run",
	"limit", "F"},
    {"{ subagent: child, grant: git.read.diff, expect: allow }", "subagents.child.grant", "grant",
	"P"},
    {"{ subagent: child, grant: git.push, expect: allow }", "subagents.child.grant", "grant", "F"},
    {"{ subagent: child, depth: 2, grant: git.push, expect: allow }", "subagents.child.grant",
	"grant", ""},
    {"{ model: ab, provider: anthropic, expect: allow }", "llm", "rule", "P"},
    {"{ model: ab, provider: anthropic, expect: allow }", "llm", "a*", "P"},
    {"{ model: ab, provider: anthropic, expect: allow }", "llm", "b", "F"},
    {"{ model: ab, provider: bedrock, region: eu, expect: allow }", "llm", "rule", "F"},
    {"{ model: ab, provider: bedrock, region: eu, expect: allow }", "llm", "a*", ""},
    {"{ model: ab, provider: anthropic, used: { run: { usd: 1 } }, expect: allow }",
	"budget.run.usd", "budget", "F"},
    {"{ read: ws/ws_acme/a/b, expect: allow }\n  - { read: ws/ws_acme/b, expect: allow }",
	"memory.read", "ws/{workspace}/a/**", "PF"},
    {"{ write: ws/ws_acme/a/b, expect: allow }", "memory.read", "ws/{workspace}/a/**", ""},
};

static struct policy *
with_tests(const char *fixtures)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), RULES "tests:\n  - %s\n", fixtures);
	return fixture_policy(text);
}

static const struct policy_covered *
find(const struct policy_coverage *coverage, const char *rule, const char *part)
{
	for (uint32_t i = 0; i < coverage->count; i++)
		if (strcmp(coverage->items[i].rule, rule) == 0 &&
		    strcmp(coverage->items[i].part, part) == 0)
			return &coverage->items[i];
	fail_msg("%s has no part %s", rule, part);
	return NULL;
}

static void
coverage_counts_only_requests_that_reach_a_part(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy *policy = with_tests(rows[i].fixtures);
		const struct policy_covered *covered;
		struct policy_coverage coverage;

		assert_int_equal(policy_coverage(policy, &coverage), ERR_OK);
		covered = find(&coverage, rows[i].rule, rows[i].part);
		if (covered->passes != (strchr(rows[i].way, 'P') != NULL) ||
		    covered->fails != (strchr(rows[i].way, 'F') != NULL))
			fail_msg("%s: %s of %s", rows[i].fixtures, rows[i].part, rows[i].rule);
		policy_coverage_done(&coverage);
		policy_free(&policy);
	}
}

static void
coverage_has_every_rule_and_operator_with_its_line(void **state)
{
	struct policy *policy = with_tests("{ call: git.push, expect: ToolNotAllowedError }");
	struct policy_coverage coverage;

	(void)state;
	assert_int_equal(policy_coverage(policy, &coverage), ERR_OK);
	assert_int_equal(coverage.count, 19);
	assert_int_equal(coverage.covered, 1);
	assert_true(policy_covered_is_whole(find(&coverage, "tools.git.push", "deny")));
	assert_int_equal(find(&coverage, "trigger.where.$.repo", "len")->line, 8);
	assert_int_equal(find(&coverage, "tools.git.read.diff.allow.paths", "prefix")->line, 13);
	policy_coverage_done(&coverage);
	policy_free(&policy);
}

static bool
cover_once(void *context)
{
	struct policy_coverage coverage;
	enum err r = policy_coverage(context, &coverage);

	if (r == ERR_OK)
		policy_coverage_done(&coverage);
	return r == ERR_OK || r == ERR_INTERNAL;
}

static void
coverage_survives_every_failed_allocation(void **state)
{
	struct policy *policy = with_tests("{ call: git.push, expect: ToolNotAllowedError }");

	(void)state;
	assert_int_equal(fail_nth_until_ok(FAIL_MEMORY, 0, cover_once, policy), 1);
	policy_free(&policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(coverage_counts_only_requests_that_reach_a_part),
	    cmocka_unit_test(coverage_has_every_rule_and_operator_with_its_line),
	    cmocka_unit_test(coverage_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
