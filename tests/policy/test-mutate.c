/* What the mutants of a policy are, one by one. */
#include "policy/mutate.h"

#include <stdio.h>

#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

enum { CHANGES_MAX = 64 };

/* Changes that a policy has, in the order in which they are made. */
struct changes {
	char text[CHANGES_MAX][MUTANT_CHANGE_MAX + 64];
	uint32_t count;
};

static void
note(void *context, const struct mutant *mutant)
{
	struct changes *changes = context;

	assert_true(changes->count < CHANGES_MAX);
	snprintf(changes->text[changes->count++], sizeof(changes->text[0]), "%s:%u: %s",
	    mutant->rule, mutant->line, mutant->change);
}

static void
mutants_are(const char *rules, const char *const *expected)
{
	struct policy *policy = fixture_policy(rules);
	struct changes changes = {.count = 0};
	uint32_t i = 0;

	assert_true(mutate_policy(policy, note, &changes));
	for (; expected[i] != NULL && i < changes.count; i++)
		assert_string_equal(changes.text[i], expected[i]);
	if (expected[i] != NULL || i < changes.count)
		fail_msg("mutant %u: %s", i, i < changes.count ? changes.text[i] : "missing");
	policy_free(&policy);
}

static void
mutate_makes_every_small_change_of_a_trigger(void **state)
{
	static const char rules[] = FIXTURE_HEAD "trigger:\n"
						 "  - source: cli\n"
						 "    event: [ review, recheck ]\n"
						 "    where:\n"
						 "      $.a:\n"
						 "        glob: \"a/*/**/*\"\n"
						 "        prefix: a/\n"
						 "      $.b: { suffix: é.c }\n"
						 "      $.c: { absent: true }\n"
						 "      $.d: { eq: 1, optional: true }\n"
						 "  - { source: cli, event: close }\n";
	static const char *const expected[] = {
	    "trigger:8: without the rule",
	    "trigger:8: without the event review",
	    "trigger:8: without the event recheck",
	    "trigger.where.$.a:12: without glob",
	    "trigger.where.$.a:12: glob a/**/**/* for a/*/**/*",
	    "trigger.where.$.a:12: glob a/*/**/** for a/*/**/*",
	    "trigger.where.$.a:13: without prefix",
	    "trigger.where.$.a:13: prefix \"a\" for \"a/\"",
	    "trigger.where.$.a:11: $.a made optional",
	    "trigger.where.$.b:14: without suffix",
	    "trigger.where.$.b:14: suffix \".c\" for \"é.c\"",
	    "trigger.where.$.b:14: $.b made optional",
	    "trigger.where.$.c:15: without absent",
	    "trigger.where.$.d:16: without eq",
	    "trigger.where.$.d:16: $.d not optional",
	    "trigger:17: without the rule",
	    NULL,
	};

	(void)state;
	mutants_are(rules, expected);
}

static void
mutate_makes_every_small_change_of_a_tool(void **state)
{
	static const char rules[] = FIXTURE_HEAD FIXTURE_TRIGGER
	    "tools:\n"
	    "  git.read.diff:\n"
	    "    allow:\n"
	    "      commit: { equals_trigger: $.commit, type: string }\n"
	    "      context: { range: { min: 0, max: 20 }, optional: true }\n"
	    "      format: { in: [ patch ] }\n"
	    "      paths: { each: { in: [ a, b ] }, len: { min: 1, max: 2 } }\n"
	    "      ratio: { range: { min: 0.25, max: 0.5 } }\n"
	    "  git.push: { deny: always }\n";
	static const char *const expected[] = {
	    "trigger:7: without the rule",
	    "tools.git.push:16: with an allow for the deny",
	    "tools.git.read.diff.allow:10: without the rule",
	    "tools.git.read.diff.allow.commit:11: without the argument commit",
	    "tools.git.read.diff.allow.commit:11: without equals_trigger",
	    "tools.git.read.diff.allow.commit:11: without type",
	    "tools.git.read.diff.allow.commit:11: commit made optional",
	    "tools.git.read.diff.allow.context:12: without the argument context",
	    "tools.git.read.diff.allow.context:12: without range",
	    "tools.git.read.diff.allow.context:12: range from -1 for 0",
	    "tools.git.read.diff.allow.context:12: range to 21 for 20",
	    "tools.git.read.diff.allow.context:12: context not optional",
	    "tools.git.read.diff.allow.format:13: without the argument format",
	    "tools.git.read.diff.allow.format:13: without in",
	    "tools.git.read.diff.allow.format:13: in with \"stat\", too",
	    "tools.git.read.diff.allow.format:13: format made optional",
	    "tools.git.read.diff.allow.paths:14: without the argument paths",
	    "tools.git.read.diff.allow.paths:14: without each",
	    "tools.git.read.diff.allow.paths:14: in without \"a\"",
	    "tools.git.read.diff.allow.paths:14: in without \"b\"",
	    "tools.git.read.diff.allow.paths:14: without len",
	    "tools.git.read.diff.allow.paths:14: len from 0 for 1",
	    "tools.git.read.diff.allow.paths:14: len to 3 for 2",
	    "tools.git.read.diff.allow.paths:14: paths made optional",
	    "tools.git.read.diff.allow.ratio:15: without the argument ratio",
	    "tools.git.read.diff.allow.ratio:15: without range",
	    "tools.git.read.diff.allow.ratio:15: range without min",
	    "tools.git.read.diff.allow.ratio:15: range without max",
	    "tools.git.read.diff.allow.ratio:15: ratio made optional",
	    NULL,
	};

	(void)state;
	mutants_are(rules, expected);
}

static void
mutate_makes_every_small_change_of_a_quota(void **state)
{
	static const char rules[] = FIXTURE_HEAD FIXTURE_TRIGGER
	    "tools:\n"
	    "  git.push: { allow: {}, limits: { per_run: 1, per_day: 20 } }\n"
	    "budget: { run: { calls: 7, tokens: 9 }, day: { usd: 2 } }\n";
	static const char *const expected[] = {
	    "trigger:7: without the rule",
	    "tools.git.push.allow:9: without the rule",
	    "tools.git.push.limits.per_run:9: without the quota",
	    "tools.git.push.limits.per_run:9: 2 for 1",
	    "tools.git.push.limits.per_day:9: without the quota",
	    "tools.git.push.limits.per_day:9: 21 for 20",
	    "budget.run.calls:10: without the quota",
	    "budget.run.calls:10: 8 for 7",
	    NULL,
	};

	(void)state;
	mutants_are(rules, expected);
}

static void
mutate_makes_every_small_change_of_a_subagent_and_a_model(void **state)
{
	static const char rules[] = FIXTURE_HEAD FIXTURE_TRIGGER
	    "tools: { git.push: { allow: {} } }\n"
	    "subagents:\n"
	    "  one: { max_depth: 1, max_per_run: 3, grant: [] }\n"
	    "  two: { max_depth: 2, max_per_run: 1, grant: [ git.push ] }\n"
	    "llm:\n"
	    "  - { provider: bedrock, models: [ \"a*\", b ], region: [ r1, r2 ] }\n"
	    "budget: { run: { usd: 2 } }\n";
	static const char *const expected[] = {
	    "trigger:7: without the rule",
	    "tools.git.push.allow:8: without the rule",
	    "subagents.one:10: without the rule",
	    "subagents.one.max_depth:10: 2 for 1",
	    "subagents.one.max_per_run:10: 4 for 3",
	    "subagents.one.grant:10: with git.push",
	    "subagents.two:11: without the rule",
	    "subagents.two.max_depth:11: 3 for 2",
	    "subagents.two.max_per_run:11: 2 for 1",
	    "subagents.two.grant:11: without git.push",
	    "llm:13: without the rule",
	    "llm:13: without a*",
	    "llm:13: models a** for a*",
	    "llm:13: models ** for a*",
	    "llm:13: without b",
	    "llm:13: models ** for b",
	    "llm:13: without the region r1",
	    "llm:13: without the region r2",
	    "budget.run.usd:14: without the quota",
	    "budget.run.usd:14: 2.000001 for 2.00",
	    NULL,
	};

	(void)state;
	mutants_are(rules, expected);
}

static void
mutate_makes_every_small_change_of_a_pattern(void **state)
{
	static const char rules[] =
	    FIXTURE_HEAD FIXTURE_TRIGGER "memory:\n"
					 "  read: [ \"ws/{workspace}/r/{repo}/x*\" ]\n"
					 "  write:\n"
					 "    - \"ws/{workspace}/**\"\n"
					 "    - \"ws/{workspace}/a\"\n";
	static const char *const expected[] = {
	    "trigger:7: without the rule",
	    "memory.read:9: without ws/{workspace}/r/{repo}/x*",
	    "memory.read:9: ws/{workspace}/** for ws/{workspace}/r/{repo}/x*",
	    "memory.read:9: ws/{workspace}/r/** for ws/{workspace}/r/{repo}/x*",
	    "memory.read:9: ws/{workspace}/r/{repo}/** for ws/{workspace}/r/{repo}/x*",
	    "memory.read:9: ws/{workspace}/r/{repo}/x** for ws/{workspace}/r/{repo}/x*",
	    "memory.write:11: without ws/{workspace}/**",
	    "memory.write:12: without ws/{workspace}/a",
	    "memory.write:12: ws/{workspace}/** for ws/{workspace}/a",
	    "memory.write:12: ws/{workspace}/a** for ws/{workspace}/a",
	    NULL,
	};

	(void)state;
	mutants_are(rules, expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mutate_makes_every_small_change_of_a_trigger),
	    cmocka_unit_test(mutate_makes_every_small_change_of_a_tool),
	    cmocka_unit_test(mutate_makes_every_small_change_of_a_quota),
	    cmocka_unit_test(mutate_makes_every_small_change_of_a_subagent_and_a_model),
	    cmocka_unit_test(mutate_makes_every_small_change_of_a_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
