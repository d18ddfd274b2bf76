/* The explanation says what the decision says, and names everything of the nearest rule that
 * failed. */
#include <stdio.h>

#include "policy/explain.h"
#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

struct ask {
	enum policy_action action;
	const char *name, *event, *args, *input;
	const char *misses; /* "field operator line;" each */
};

static const struct ask asks[] = {
    {POLICY_TOOL, "git.read.diff", NULL, "{\"commit\":\"b\",\"context\":30}", "{\"commit\":\"a\"}",
	"commit equals_trigger 23;context range 24;"},
    {POLICY_TOOL, "git.read.diff", NULL, "{\"context\":3}", "{\"commit\":\"a\"}",
	"commit schema 22;commit missing 23;"},
    {POLICY_TOOL, "git.read.diff", NULL, "{\"commit\":\"a\",\"flags\":{\"deep\":true}}",
	"{\"commit\":\"a\"}", "flags unnamed 22;"},
    {POLICY_TOOL, "git.read.diff", NULL, "{\"commit\":\"a\"}", "{\"commit\":\"a\"}", ""},
    {POLICY_TOOL, "git.push", NULL, "{}", "{}", " deny 29;"},
    {POLICY_TOOL, "git.pull", NULL, "{}", "{}", ""},
    {POLICY_TRIGGER, "cli", "close", NULL, "{}", ""},
    {POLICY_TRIGGER, "cli", "closed", NULL, "{\"commit\":\"a\"}", "event event 12;"},
    {POLICY_TRIGGER, "webhook", "close", NULL, "{}", "source source 18;"},
    {POLICY_TRIGGER, "cli", "review", NULL, "{\"commit\":\"\",\"draft\":true}", "event event 18;"},
    {POLICY_MEMORY_READ, "ws/ws_acme/code-revie/x", NULL, NULL, "{}", " text 32;"},
    {POLICY_MEMORY_WRITE, "ws/ws_acme/code-review/x/y", NULL, NULL, "{}", "repo value 35;"},
};

static void
explain_names_what_failed_and_decides_nothing(void **state)
{
	SCOPED_FREE char *text = fixture_read("good/decide.policy.yaml");
	struct policy *policy = fixture_policy(text);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
		const struct ask *ask = &asks[i];
		struct policy_request request = {.action = ask->action,
		    .workspace = "ws_acme",
		    .name = ask->name,
		    .event = ask->event};
		struct policy_explanation explanation;
		struct policy_decision decision;
		struct arena arena;
		char got[512] = "";

		arena_init(&arena, 1 << 20);
		request.args = ask->args != NULL ? fixture_value(&arena, ask->args) : NULL;
		request.input = fixture_value(&arena, ask->input);
		decision = policy_decide(policy, &request);
		explanation = policy_explain(policy, &request);
		assert_int_equal(decision.verdict, explanation.decision.verdict);
		assert_int_equal(decision.line, explanation.decision.line);
		assert_string_equal(decision.rule, explanation.decision.rule);
		for (uint32_t j = 0; j < explanation.count; j++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s %s %u;",
			    explanation.misses[j].field, explanation.misses[j].operator,
			    explanation.misses[j].line);
		assert_string_equal(got, ask->misses);
		arena_clear(&arena);
	}
	policy_free(&policy);
}

static void
explain_answers_what_is_not_a_request(void **state)
{
	struct policy *policy = fixture_policy(FIXTURE_HEAD FIXTURE_TRIGGER);
	const struct policy_request bad[] = {{0}, {.action = POLICY_TOOL, .name = "x"},
	    {.action = POLICY_TRIGGER, .workspace = "w"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct policy_explanation explanation = policy_explain(policy, &bad[i]);

		assert_int_equal(explanation.decision.verdict, POLICY_DENY);
		assert_int_equal(explanation.count, 0);
	}
	policy_free(&policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(explain_names_what_failed_and_decides_nothing),
	    cmocka_unit_test(explain_answers_what_is_not_a_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
