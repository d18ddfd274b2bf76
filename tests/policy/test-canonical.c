/* The digest of the compiled form: what says the same has the same, and everything else another. */
#include "policy/canonical.h"

#include <stdio.h>

#include "policy/model.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"
#include "tests/policy/mutate.h"

#define RULE(arguments) \
	FIXTURE_HEAD FIXTURE_TRIGGER "tools:\n  git.read.diff: { allow: { " arguments " } }\n"

static bool
same(const char *a, const char *b)
{
	struct policy *first = fixture_policy(a), *second = fixture_policy(b);
	bool equal = digest_equal(policy_digest(first), policy_digest(second));

	assert_false(digest_equal(policy_source_digest(first), policy_source_digest(second)));
	policy_free(&first);
	policy_free(&second);
	return equal;
}

static void
digest_is_the_same_for_what_says_the_same(void **state)
{
	static const char *const pairs[][2] = {
	    {FIXTURE_HEAD FIXTURE_TRIGGER, FIXTURE_TRIGGER FIXTURE_HEAD},
	    {FIXTURE_HEAD FIXTURE_TRIGGER, "# a comment\n" FIXTURE_HEAD "\n\n" FIXTURE_TRIGGER},
	    {FIXTURE_HEAD FIXTURE_TRIGGER,
		FIXTURE_HEAD "trigger:\n  - event: [ \"review\" ]\n    source: 'cli'\n"},
	    {FIXTURE_HEAD FIXTURE_TRIGGER,
		FIXTURE_HEAD FIXTURE_TRIGGER "budget: { run: { calls: 40, wall: 1m } }\n"},
	    {FIXTURE_HEAD FIXTURE_TRIGGER, FIXTURE_HEAD FIXTURE_TRIGGER "memory: { read: [] }\n"},
	    {FIXTURE_HEAD
		"trigger: [ { source: cli, event: [ a, b ] }, { source: cli, event: c } ]\n",
		FIXTURE_HEAD
		"trigger: [ { source: cli, event: c }, { source: cli, event: [ b, a ] } ]\n"},
	    {FIXTURE_HEAD FIXTURE_TRIGGER "audit: { retention: 2d }\n",
		FIXTURE_HEAD FIXTURE_TRIGGER "audit: { retention: 48h }\n"},
	    {FIXTURE_HEAD FIXTURE_TRIGGER
		"memory: { write: [ \"ws/{workspace}/a\", \"ws/{workspace}/b\" ] }\n",
		FIXTURE_HEAD FIXTURE_TRIGGER "memory: { write: [ \"ws/{workspace}/b\", "
					     "\"ws/{workspace}/a\", \"ws/{workspace}/b\" ] }\n"},
	    {RULE("commit: { len: { max: 40 }, prefix: a }, ratio: { range: { max: 1 } }"),
		RULE("ratio: { range: { max: 1.0 } }, commit: { prefix: a, len: { max: 40 } }")},
	    {RULE("commit: { type: string }, format: { in: [ patch, stat ] }"),
		RULE("commit: { type: string }, format: { in: [ stat, \"patch\" ] }")},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!same(pairs[i][0], pairs[i][1]))
			fail_msg("two digests:\n%s\n%s", pairs[i][0], pairs[i][1]);
}

static void
check_differs(void *context, const char *path, const struct policy *mutated)
{
	if (digest_equal(policy_digest(mutated), context))
		fail_msg("the digest does not depend on %s", path);
}

static void
digest_is_another_when_any_value_is(void **state)
{
	struct policy *policy = mutate_full();
	struct digest digest = *policy_digest(policy);

	(void)state;
	assert_true(mutate_every_value(check_differs, &digest) > 80);
	policy_free(&policy);
}

static void
digest_is_another_when_a_rule_goes(void **state)
{
	static const char *const texts[] = {
	    FIXTURE_HEAD FIXTURE_TRIGGER,
	    FIXTURE_HEAD "trigger: [ { source: cli, event: review, where: { $.a: { eq: 1 } } } ]\n",
	    FIXTURE_HEAD
	    "trigger: [ { source: cli, event: review, where: { $.a: { eq: \"1\" } } } ]\n",
	    FIXTURE_HEAD FIXTURE_TRIGGER "memory: { read: [ \"ws/{workspace}/a\" ] }\n",
	    FIXTURE_HEAD FIXTURE_TRIGGER "memory: { write: [ \"ws/{workspace}/a\" ] }\n",
	    RULE("commit: { type: string }"),
	    RULE("commit: { type: string }, context: { type: integer }"),
	    RULE("commit: { type: string }, context: { type: integer, optional: true }"),
	    FIXTURE_HEAD FIXTURE_TRIGGER "tools: { git.push: { allow: {} } }\n",
	    FIXTURE_HEAD FIXTURE_TRIGGER "tools: { git.push: { deny: always } }\n",
	    FIXTURE_HEAD FIXTURE_TRIGGER "tools: { git.push: { deny: always, allow: {} } }\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (size_t j = 0; j < i; j++)
			if (same(texts[i], texts[j]))
				fail_msg("one digest:\n%s\n%s", texts[i], texts[j]);
}

/* So that anybody can compute it. */
static void
digest_is_that_of_the_text(void **state)
{
	struct policy *policy = mutate_full();
	SCOPED_FREE char *text = policy_canonical(policy);
	struct digest digest;

	(void)state;
	assert_non_null(text);
	digest = digest_of(text, strlen(text));
	assert_true(digest_equal(policy_digest(policy), &digest));
	assert_null(strstr(text, "forge.unnamed"));
	assert_null(strchr(text, '\n'));
	policy_free(&policy);
}

static bool
write_once(void *context)
{
	SCOPED_FREE char *text = policy_canonical(context);

	return text == NULL || text[0] == '{';
}

static void
canonical_survives_every_failed_allocation(void **state)
{
	struct policy *policy = mutate_full();

	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, write_once, policy) > 5);
	policy_free(&policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(digest_is_the_same_for_what_says_the_same),
	    cmocka_unit_test(digest_is_another_when_any_value_is),
	    cmocka_unit_test(digest_is_another_when_a_rule_goes),
	    cmocka_unit_test(digest_is_that_of_the_text),
	    cmocka_unit_test(canonical_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
