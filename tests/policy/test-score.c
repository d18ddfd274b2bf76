/* The mutation score against brute force. */
#include "policy/score.h"

#include <stdio.h>

#include "policy/mutate.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"
#include "tests/policy/random_policy.h"

/* Random policies: PRAXA_POLICY_PAIRS says how many. */
enum { POLICIES_DEFAULT = 150 };

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

	if (!mutant_concerns(c->change, request))
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
		noticed = noticed || (mutant_concerns(mutant, &policy->fixtures[i].request) &&
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
