/* The mutation score against brute force, and what the mutants of a policy are. */
#include "policy/score.h"

#include <stdio.h>

#include "policy/mutate.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"
#include "tests/policy/random_policy.h"

/* Random policies: PRAXA_POLICY_PAIRS says how many. */
enum { POLICIES_DEFAULT = 150, CHANGES_MAX = 64 };

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

/* What a mutant's fate is compared with. */
struct fates {
	const struct policy *policy;
	const struct policy_score *score;
	uint32_t next; /* of the survivors */
	uint32_t killed, survived, harmless;
	const char *wrong;
};

struct comparing {
	const struct policy *policy, *mutant;
	const struct mutant *change;
	bool differs;
};

static bool
compare(void *context, const struct policy_request *request)
{
	struct comparing *c = context;

	if (request->action != c->change->action)
		return true;
	c->differs =
	    policy_decide(c->policy, request).verdict != policy_decide(c->mutant, request).verdict;
	return !c->differs;
}

static bool
is_survivor(const struct fates *f, const struct mutant *mutant)
{
	const struct policy_survivor *survivor = &f->score->survivors[f->next];

	return f->next < f->score->survivor_count && survivor->line == mutant->line &&
	       strcmp(survivor->rule, mutant->rule) == 0 &&
	       strcmp(survivor->change, mutant->change) == 0;
}

static bool
notices(
    const struct policy *policy, const struct mutant *mutant, const struct policy_fixture *fixture)
{
	return policy_fixture_run(policy, fixture).passed &&
	       !policy_fixture_run(&mutant->policy, fixture).passed;
}

static bool
any_notices(const struct policy *policy, const struct mutant *mutant)
{
	bool noticed = false;

	for (uint32_t i = 0; i < policy->fixture_count; i++)
		noticed = noticed || (policy->fixtures[i].request.action == mutant->action &&
					 notices(policy, mutant, &policy->fixtures[i]));
	return noticed;
}

/* Each mutant is what the score says it is: its fixtures decide it, then the killer, then every
 * small request there is. */
static void
check(void *context, const struct mutant *mutant)
{
	struct fates *f = context;
	struct comparing c = {.policy = f->policy, .mutant = &mutant->policy, .change = mutant};
	bool noticed = any_notices(f->policy, mutant);
	const struct policy_fixture *killer;

	if (is_survivor(f, mutant)) {
		killer = f->score->survivors[f->next++].killer;
		f->survived++;
		if (noticed)
			f->wrong = "a survivor that a fixture notices";
		if (killer != NULL && !notices(f->policy, mutant, killer))
			f->wrong = "a test that does not notice";
		return;
	}
	f->killed += noticed;
	f->harmless += !noticed;
	if (noticed)
		return;
	random_requests(compare, &c);
	if (c.differs)
		f->wrong = "a change that is not harmless";
}

static void
check_score(unsigned long number, const struct policy *policy, const struct policy_score *score)
{
	struct fates f = {.policy = policy, .score = score};

	assert_true(mutate_policy(policy, check, &f));
	if (f.wrong != NULL)
		fail_msg("policy %lu: %s", number, f.wrong);
	assert_int_equal(f.killed, score->killed);
	assert_int_equal(f.survived, score->survived);
	assert_int_equal(f.harmless, score->harmless);
	assert_int_equal(score->untried, 0);
	assert_int_equal(f.killed + f.survived + f.harmless, score->mutants);
}

/* Copies every second killer, or all, to be the policy's own fixtures. */
static struct policy_fixture *
adopt(struct policy *policy, const struct policy_score *score, uint32_t step)
{
	struct policy_fixture *fixtures = calloc(score->killer_count + 1, sizeof(*fixtures));

	assert_non_null(fixtures);
	policy->fixture_count = 0;
	for (uint32_t i = 0; i < score->killer_count; i += step)
		fixtures[policy->fixture_count++] = *score->killers[i];
	policy->fixtures = fixtures;
	return fixtures;
}

static void
score_is_what_brute_force_finds(void **state)
{
	const char *wanted = getenv("PRAXA_POLICY_PAIRS"), *from = getenv("PRAXA_POLICY_SEED");
	unsigned long count = wanted != NULL ? strtoul(wanted, NULL, 10) : POLICIES_DEFAULT;
	unsigned long first = from != NULL ? strtoul(from, NULL, 10) : 0;
	unsigned long mutants = 0, harmless = 0, unknown = 0;

	(void)state;
	for (unsigned long i = first; i < first + count; i++) {
		struct random random = {.state = i * UINT64_C(0x2545f4914f6cdd1d)};
		struct policy *policy = random_policy(&random, NULL);
		struct policy_score none, half, all;
		SCOPED_FREE struct policy_fixture *some = NULL, *every = NULL;

		assert_int_equal(policy_score(policy, &none), ERR_OK);
		check_score(i, policy, &none);
		some = adopt(policy, &none, 2);
		assert_int_equal(policy_score(policy, &half), ERR_OK);
		check_score(i, policy, &half);
		every = adopt(policy, &none, 1);
		assert_int_equal(policy_score(policy, &all), ERR_OK);
		check_score(i, policy, &all);
		/* What is left is what nobody could decide: the proposed tests are all it takes. */
		for (uint32_t j = 0; j < all.survivor_count; j++)
			if (none.unsearched == 0 && all.survivors[j].killer != NULL)
				fail_msg("policy %lu: %s, %s: the test came late", i,
				    all.survivors[j].rule, all.survivors[j].change);
		if (all.survived == 0)
			assert_int_equal(all.percent, 100);
		mutants += all.mutants;
		harmless += all.harmless;
		unknown += all.survived;
		policy_score_done(&all);
		policy_score_done(&half);
		policy_score_done(&none);
		policy_free(&policy);
	}
	print_message("# %lu policies: %lu mutants, %lu harmless, %lu undecided\n", count, mutants,
	    harmless, unknown);
	assert_true(unknown * 100 <= mutants);
}

#define CALL                                                                                  \
	FIXTURE_HEAD FIXTURE_TRIGGER                                                          \
	    "tools: { git.read.diff: { allow: { commit: { equals_trigger: $.commit } } } }\n" \
	    "tests:\n  - { trigger: cli, event: review, expect: allow }\n"

static void
score_counts_what_a_failing_test_would_notice_as_unnoticed(void **state)
{
	static const char rules[] = CALL "  - { call: git.read.diff, args: { commit: a }, "
					 "expect: allow }\n";
	struct policy *policy = fixture_policy(rules);
	struct policy_score score;

	(void)state;
	assert_int_equal(policy_score(policy, &score), ERR_OK);
	/* The trigger; then without the rule, the argument, the operator. Made optional it is what
	 * the schema asks for anyway. */
	assert_int_equal(score.mutants, 5);
	assert_int_equal(score.killed, 1);
	assert_int_equal(score.survived, 3);
	assert_int_equal(score.harmless, 1);
	assert_int_equal(score.percent, 25);
	policy_score_done(&score);
	policy_free(&policy);
}

static void
score_proposes_the_test_that_is_missing(void **state)
{
	static const char rules[] =
	    CALL "  - { call: git.read.diff, args: { commit: a }, input: { commit: a }, "
		 "expect: allow }\n";
	struct policy *policy = fixture_policy(rules);
	SCOPED_FREE char *text = NULL;
	struct policy_score score;

	(void)state;
	assert_int_equal(policy_score(policy, &score), ERR_OK);
	assert_int_equal(score.survived, 1);
	assert_string_equal(score.survivors[0].change, "without equals_trigger");
	assert_int_equal(score.survivors[0].line, 8);
	assert_true(score.survivors[0].opens);
	assert_int_equal(score.killer_count, 1);
	assert_ptr_equal(score.survivors[0].killer, score.killers[0]);
	text = policy_fixture_text(score.killers[0]);
	assert_non_null(text);
	assert_string_equal(text, "{ call: git.read.diff, args: { commit: a }, input: { commit: "
				  "\"\" }, expect: ToolArgumentError }");
	policy_score_done(&score);
	policy_free(&policy);
}

/* A call that nothing but its arguments could refuse shows when a quota is another. */
static void
score_proposes_a_call_after_so_many(void **state)
{
	struct policy *policy = fixture_policy(FIXTURE_HEAD FIXTURE_TRIGGER
	    "tools: { git.push: { allow: { remote: { prefix: a } }, limits: { per_run: 3 } } }\n"
	    "tests:\n  - { call: git.push, args: { remote: abc }, expect: allow }\n");
	SCOPED_FREE char *text = NULL;
	struct policy_score score;
	bool found = false;

	(void)state;
	assert_int_equal(policy_score(policy, &score), ERR_OK);
	for (uint32_t i = 0; i < score.killer_count && !found; i++) {
		free(text);
		text = policy_fixture_text(score.killers[i]);
		assert_non_null(text);
		found = strcmp(text, "{ call: git.push, args: { remote: abc }, used: { tool: { "
				     "per_run: 3 } }, expect: RateLimitError }") == 0;
	}
	assert_true(found);
	policy_score_done(&score);
	policy_free(&policy);
}

static void
score_of_what_cannot_change_is_whole(void **state)
{
	struct policy *policy = fixture_policy(FIXTURE_HEAD FIXTURE_TRIGGER
	    "tests:\n  - { trigger: cli, event: review, expect: allow }\n");
	struct policy_score score;

	(void)state;
	assert_int_equal(policy_score(policy, &score), ERR_OK);
	assert_int_equal(score.percent, 100);
	assert_int_equal(score.mutants, 1);
	policy_score_done(&score);
	policy_free(&policy);
}

static void
score_counts_what_is_not_decided_as_unnoticed(void **state)
{
	struct policy *policy = fixture_policy(FIXTURE_HEAD
	    "trigger: [ { source: cli, event: e, where: { $.a: { len: { min: 2000000 } } } } ]\n");
	struct policy_score score;

	(void)state;
	assert_int_equal(policy_score(policy, &score), ERR_OK);
	assert_int_equal(score.harmless, 0);
	assert_int_equal(score.survived, score.mutants);
	assert_int_equal(score.percent, 0);
	assert_string_equal(score.survivors[0].change, "without the rule");
	assert_null(score.survivors[0].killer);
	assert_false(score.survivors[0].opens);
	policy_score_done(&score);
	policy_free(&policy);
}

static bool
score_once(void *context)
{
	struct policy_score score;
	enum err r = policy_score(context, &score);

	if (r == ERR_OK)
		policy_score_done(&score);
	return r == ERR_OK || r == ERR_INTERNAL;
}

static void
score_survives_every_failed_allocation(void **state)
{
	static const char rules[] = FIXTURE_HEAD FIXTURE_TRIGGER
	    "memory: { read: [ \"ws/{workspace}/{repo}/*\" ] }\n"
	    "tools: { git.read.diff: { allow: { commit: { prefix: ab } } } }\n";
	struct policy *policy = fixture_policy(rules);

	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, score_once, policy) > 20);
	policy_free(&policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mutate_makes_every_small_change_of_a_trigger),
	    cmocka_unit_test(mutate_makes_every_small_change_of_a_tool),
	    cmocka_unit_test(mutate_makes_every_small_change_of_a_quota),
	    cmocka_unit_test(mutate_makes_every_small_change_of_a_pattern),
	    cmocka_unit_test(score_is_what_brute_force_finds),
	    cmocka_unit_test(score_counts_what_a_failing_test_would_notice_as_unnoticed),
	    cmocka_unit_test(score_proposes_the_test_that_is_missing),
	    cmocka_unit_test(score_proposes_a_call_after_so_many),
	    cmocka_unit_test(score_of_what_cannot_change_is_whole),
	    cmocka_unit_test(score_counts_what_is_not_decided_as_unnoticed),
	    cmocka_unit_test(score_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
