/* Fixtures: read, decided, and written so that they read back. */
#include "policy/fixture.h"

#include <stdio.h>

#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

enum { TEXT_MAX = 8192 };

#define RULES                                                                                     \
	FIXTURE_HEAD                                                                              \
	"trigger: [ { source: cli, event: review, where: { $.repo: { glob: \"*\" } } } ]\n"       \
	"tools:\n"                                                                                \
	"  git.read.diff: { allow: { commit: { equals_trigger: $.commit } }, limits: { per_run: " \
	"4 } }\n"                                                                                 \
	"  git.push: { deny: always, why: \"pushing is a human act\" }\n"                         \
	"subagents: { child: { max_depth: 1, max_per_run: 3, grant: [ git.read.diff ] } }\n"      \
	"llm: [ { provider: anthropic, models: \"claude-*\" } ]\n"                                \
	"budget: { run: { usd: 0.50 } }\n"                                                        \
	"memory: { read: [ \"ws/{workspace}/a/**\" ], write: [ \"ws/{workspace}/{repo}\" ] }\n"

/* A policy with one test. */
static struct policy *
with_test(const char *fixture)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), RULES "tests:\n  - %s\n", fixture);
	return fixture_policy(text);
}

/* A fixture, and whether it passes. */
static const struct {
	const char *fixture;
	bool passes;
} outcomes[] = {
    {"{ trigger: cli, event: review, input: { repo: pay }, expect: allow }", true},
    {"{ trigger: cli, event: review, input: { repo: a/b }, expect: allow }", false},
    {"{ trigger: cli, event: review, expect: TriggerNotAllowedError }", true},
    {"{ trigger: cli, event: merge, input: { repo: pay }, expect: TriggerNotAllowedError }", true},
    {"{ call: git.read.diff, args: { commit: x }, input: { commit: x }, expect: allow }", true},
    {"{ call: git.read.diff, args: { commit: x }, input: { commit: z }, expect: allow }", false},
    {"{ call: git.read.diff, args: { commit: x }, expect: ToolArgumentError }", true},
    {"{ call: git.read.diff, expect: ToolNotAllowedError }", false},
    {"{ call: git.push, expect: ToolNotAllowedError, rule: tools.git.push }", true},
    {"{ call: git.push, expect: ToolNotAllowedError, rule: tools.git.push.allow }", false},
    {"{ call: git.read.diff, args: { commit: x }, input: { commit: x }, used: { tool: { per_run: 3 "
     "} }, expect: allow }",
	true},
    {"{ call: git.read.diff, args: { commit: x }, input: { commit: x }, used: { tool: { per_run: 4 "
     "} }, expect: RateLimitError }",
	true},
    {"{ call: git.read.diff, args: { commit: x }, input: { commit: x }, used: { run: { calls: 40 } "
     "}, expect: BudgetExceededError, rule: budget.run.calls }",
	true},
    {"{ call: git.nothing, expect: ToolNotAllowedError }", true},
    {"{ subagent: child, expect: allow }", true},
    {"{ subagent: child, depth: 2, expect: SubAgentDispatchError }", true},
    {"{ subagent: child, used: { dispatched: 2 }, expect: allow }", true},
    {"{ subagent: child, used: { dispatched: 3 }, expect: allow }", false},
    {"{ subagent: child, grant: git.read.diff, expect: allow }", true},
    {"{ subagent: child, grant: git.push, expect: SubAgentDispatchError }", true},
    {"{ subagent: other, expect: SubAgentDispatchError }", true},
    {"{ model: claude-x, provider: anthropic, expect: allow }", true},
    {"{ model: claude-x, provider: bedrock, region: eu, expect: ModelNotAllowedError }", true},
    {"{ model: claude-x, provider: anthropic, used: { run: { usd: 0.50 } }, expect: "
     "BudgetExceededError, rule: budget.run.usd }",
	true},
    {"{ read: ws/ws_acme/a/b, expect: allow }", true},
    {"{ read: ws/ws_acme/a/b, workspace: ws_other, expect: WorkspaceScopeError }", true},
    {"{ read: ws/ws_other/a/b, workspace: ws_other, expect: allow }", true},
    {"{ read: ws/ws_acme/b, expect: allow, why: \"it is refused\" }", false},
    {"{ write: ws/ws_acme/pay, input: { repo: pay }, expect: allow }", true},
    {"{ write: ws/ws_acme/pay, input: { repo: [ pay ] }, expect: MemoryNamespaceError }", true},
};

static void
fixture_passes_when_verdict_error_and_rule_are_as_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		struct policy *policy = with_test(outcomes[i].fixture);
		const struct policy_fixture *fixture = policy_fixture(policy, 0);

		assert_int_equal(policy_fixture_count(policy), 1);
		assert_non_null(fixture);
		assert_null(policy_fixture(policy, 1));
		if (policy_fixture_run(policy, fixture).passed != outcomes[i].passes)
			fail_msg("%s", outcomes[i].fixture);
		policy_free(&policy);
	}
}

/* Reviewers sign the tests with the rest of the file; what is in force is the same without them. */
static void
fixture_is_part_of_the_source_and_not_of_what_is_in_force(void **state)
{
	struct policy *one = with_test("{ call: git.push, expect: ToolNotAllowedError }");
	struct policy *two = with_test("{ call: git.pull, expect: ToolNotAllowedError }");

	(void)state;
	assert_false(digest_equal(policy_source_digest(one), policy_source_digest(two)));
	assert_true(digest_equal(policy_digest(one), policy_digest(two)));
	policy_free(&one);
	policy_free(&two);
}

static void
fixture_has_values_of_every_type(void **state)
{
	struct policy *policy = with_test("{ call: git.push, args: { a: text, b: \"yes\", c: 7, "
					  "d: 1.5, e: true, f: null, g: [ 1, [] ], h: { \"1\": "
					  "\"\" } }, expect: allow }");
	struct arena arena;
	const struct value *want;

	(void)state;
	arena_init(&arena, 1 << 16);
	want = fixture_value(&arena, "{\"a\":\"text\",\"b\":\"yes\",\"c\":7,\"d\":1.5,\"e\":true,"
				     "\"f\":null,\"g\":[1,[]],\"h\":{\"1\":\"\"}}");
	assert_true(value_equal(want, policy_fixture(policy, 0)->request.args));
	arena_clear(&arena);
	policy_free(&policy);
}

/* What the text of a fixture is, or NULL where a file cannot spell it. */
static const struct {
	const char *args, *text;
} texts[] = {
    {"{}", "{ call: git.push, expect: allow }"},
    {"{\"a\":\"b/c.d-e_f\"}", "{ call: git.push, args: { a: b/c.d-e_f }, expect: allow }"},
    {"{\"a\":\"no\",\"y\":\"1e3\"}",
	"{ call: git.push, args: { a: \"no\", \"y\": \"1e3\" }, expect: allow }"},
    {"{\"a b\":\"\"}", "{ call: git.push, args: { \"a b\": \"\" }, expect: allow }"},
    {"{\"a\":\"\\\"\\\\ # {é\"}",
	"{ call: git.push, args: { a: \"\\\"\\\\ # {é\" }, expect: allow }"},
    {"{\"a\":[1,-2.5,2.0,null,false]}",
	"{ call: git.push, args: { a: [ 1, -2.5, 2.0, null, false ] }, expect: allow }"},
    {"{\"a\":[],\"b\":{}}", "{ call: git.push, args: { a: [], b: {} }, expect: allow }"},
    {"{\"a\":-9223372036854775808}",
	"{ call: git.push, args: { a: -9223372036854775808 }, expect: allow }"},
    {"{\"a\":\"line\\nline\"}", NULL},
    {"{\"a\":1e300}", NULL},
    {"{\"a\":0.1234567890123456}", NULL},
    {"{\"\":1}", NULL},
};

static void
fixture_text_reads_back_or_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct arena arena;
		struct policy_fixture fixture = {.request = {.action = POLICY_TOOL,
						     .workspace = POLICY_FIXTURE_WORKSPACE,
						     .name = "git.push"},
		    .why = ""};
		SCOPED_FREE char *text = NULL;
		struct policy *policy;

		arena_init(&arena, 1 << 16);
		fixture.request.args = fixture_value(&arena, texts[i].args);
		text = policy_fixture_text(&fixture);
		if (texts[i].text == NULL) {
			assert_null(text);
		} else {
			assert_non_null(text);
			assert_string_equal(text, texts[i].text);
			policy = with_test(text);
			assert_true(value_equal(
			    fixture.request.args, policy_fixture(policy, 0)->request.args));
			policy_free(&policy);
		}
		arena_clear(&arena);
	}
}

/* Everything a fixture may have, and each of the asks. */
static void
fixture_text_has_every_key(void **state)
{
	static const char *const written[] = {
	    "{ read: ws/ws_b/a, input: { a: 1 }, workspace: ws_b, expect: allow, why: \"a b\" }",
	    "{ trigger: cli, event: e, expect: TriggerNotAllowedError, rule: trigger }",
	    "{ call: git.push, args: { a: 1 }, input: { b: x }, expect: allow }",
	    "{ call: a, used: { run: { usd: 0.50 }, tool: { per_day: 2 } }, expect: allow }",
	    "{ call: a, used: { day: { tokens: 7 } }, expect: allow }",
	    "{ subagent: a, depth: 2, grant: b, used: { dispatched: 3 }, expect: allow }",
	    "{ subagent: a, used: { day: { calls: 1 }, dispatched: 3 }, expect: allow }",
	    "{ model: a, provider: bedrock, region: eu-west-1, expect: ModelNotAllowedError }",
	    "{ read: ws/ws_acme/a, expect: allow }",
	    "{ write: \"ws/ws_acme/ä b\", expect: MemoryNamespaceError }",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
		struct policy *policy = with_test(written[i]);
		SCOPED_FREE char *text = policy_fixture_text(policy_fixture(policy, 0));

		assert_non_null(text);
		assert_string_equal(text, written[i]);
		policy_free(&policy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fixture_passes_when_verdict_error_and_rule_are_as_expected),
	    cmocka_unit_test(fixture_is_part_of_the_source_and_not_of_what_is_in_force),
	    cmocka_unit_test(fixture_has_values_of_every_type),
	    cmocka_unit_test(fixture_text_reads_back_or_is_none),
	    cmocka_unit_test(fixture_text_has_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
