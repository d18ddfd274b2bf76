/* The table of decisions holds, in whatever order the file says the same, without allocating, and a
 * denial says what to do. */
#include <errno.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/decide_table.h"
#include "tests/policy/fixture.h"

#define DIFF "git.read.diff"

static void
decide_answers_the_table(void **state)
{
	struct policy *policy = decide_policy();

	(void)state;
	for (size_t i = 0; i < decide_row_count; i++)
		decide_check(policy, &decide_rows[i]);
	policy_free(&policy);
}

static void
decide_allocates_nothing(void **state)
{
	struct policy *policy = decide_policy();

	(void)state;
	for (size_t i = 0; i < decide_row_count; i++) {
		struct policy_request request;
		struct fault fault;
		struct arena arena;

		arena_init(&arena, 1 << 20);
		request = decide_request(&decide_rows[i], &arena);
		fail_nth_arm(FAIL_MEMORY | FAIL_IO, 1, EIO);
		for (int twice = 0; twice < 2; twice++) {
			struct policy_decision decision = policy_decide(policy, &request);

			policy_fault(&request, &decision, &fault);
		}
		assert_false(fail_nth_disarm());
		arena_clear(&arena);
	}
	policy_free(&policy);
}

/* Blocks of a policy that may stand in any order, innermost last. */
static const char *const blocks[] = {
    "skill: code-review\n",
    "owner: { team: t }\n",
    ("bundle: { run: [ /a ], path: skill, digest: "
     "sha256:0000000000000000000000000000000000000000000000000000000000000000 }\n"),
    "manifests: [ git.tools.yaml ]\n",
    "sandbox: { profile: python }\n",
    "budget: { day: { usd: 25, calls: 12 }, run: { tokens: 1000, calls: 9 } }\n",
    ("approval:\n  - { by: { person: maria }, expires: 24h, when: { confidence: { below: 0.3 }, "
     "args: { ratio: { type: number } }, tool: git.read.diff } }\n"
     "  - { expires: 240m, by: { not: run_initiator, group: code-owners }, when: { tool: "
     "git.read.diff, args: { format: { eq: stat } } } }\n"),
    ("subagents:\n  translator: { grant: [], max_per_run: 1, max_depth: 1 }\n"
     "  summarizer: { grant: [ git.read.diff ], max_depth: 2, max_per_run: 3 }\n"),
    ("llm:\n  - { models: [ \"experimental/**\", \"claude-*\" ], provider: anthropic }\n"
     "  - { region: [ eu-west-1, us-east-1 ], provider: bedrock, models: \"anthropic.claude-*\" "
     "}\n"),
    "policy: 1\n",
};
static const char *const triggers[] = {
    "  - { source: cli, event: close }\n",
    ("  - { event: [ recheck, review ], source: cli, where: { $.draft: { absent: true }, "
     "$.commit: { len: { min: 1 }, type: string }, "
     "$.branch: { optional: true, prefix: \"feature/\" } } }\n"),
    "  - { source: cli, event: never, where: { $.x: { eq: 1 } } }\n",
};
static const char *const tool_rules[] = {
    "  git.push: { why: \"pushing is a human act\", deny: always }\n",
    ("  git.read.diff: { allow: { ratio: { optional: true, range: { max: 0.5 } }, "
     "format: { in: [ stat, patch ], optional: true }, commit: { equals_trigger: $.commit }, "
     "paths: { len: { max: 2 }, optional: true, each: { glob: \"src/*/**.c\" } }, "
     "context: { range: { max: 20, min: 0 }, optional: true } }, "
     "limits: { per_hour: 5, per_run: 3 } }\n"),
};
static const char *const reads[] = {
    "    - \"ws/{workspace}/shared/*/style\"\n",
    "    - \"ws/{workspace}/code-review/**\"\n",
    "    - \"ws/{workspace}/unrelated\"\n",
};
static const char *const writes[] = {
    "    - \"ws/{workspace}/code-review/summary\"\n",
    "    - \"ws/{workspace}/code-review/{repo}/**\"\n",
};

static uint32_t
draw(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void
append_shuffled(char *to, const char *const *parts, size_t count, uint32_t *seed)
{
	bool used[12] = {false};

	for (size_t done = 0; done < count; done++) {
		size_t pick = draw(seed) % count;

		while (used[pick])
			pick = (pick + 1) % count;
		used[pick] = true;
		strcat(to, parts[pick]);
	}
}

/* The policy of the table in another order. */
static void
write_shuffled(char *to, uint32_t *seed)
{
	char trigger[1024] = "trigger:\n", tools[1024] = "tools:\n";
	char memory[1024] = "memory:\n  write:\n", *all[] = {trigger, tools, memory};

	append_shuffled(trigger, triggers, ARRAY_SIZE(triggers), seed);
	append_shuffled(tools, tool_rules, ARRAY_SIZE(tool_rules), seed);
	append_shuffled(memory, writes, ARRAY_SIZE(writes), seed);
	strcat(memory, "  read:\n");
	append_shuffled(memory, reads, ARRAY_SIZE(reads), seed);
	to[0] = '\0';
	append_shuffled(to, blocks, ARRAY_SIZE(blocks), seed);
	append_shuffled(to, (const char *const *)all, ARRAY_SIZE(all), seed);
}

static void
decide_does_not_depend_on_the_order_of_the_file(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 100; round++) {
		char text[8192];
		struct policy *policy;

		write_shuffled(text, &seed);
		policy = fixture_policy(text);
		for (size_t i = 0; i < decide_row_count; i++)
			decide_check(policy, &decide_rows[i]);
		policy_free(&policy);
	}
}

static void
decide_deny_beats_allow_and_only_ever_closes(void **state)
{
	static const char before[] = "  git.read.diff:\n", granted[] = "[ git.read.diff ]";
	SCOPED_FREE char *text = fixture_read("good/decide.policy.yaml");
	SCOPED_FREE char *denied = calloc(1, strlen(text) + 64);
	char *at = strstr(text, before), *asked;
	struct policy *policy, *closed;

	(void)state;
	assert_non_null(at);
	at += strlen(before);
	memcpy(denied, text, (size_t)(at - text));
	strcat(denied, "    deny: always\n");
	strcat(denied, at);
	/* What is denied can be neither approved nor granted. */
	asked = strstr(denied, "approval:\n");
	at = strstr(denied, "subagents:\n");
	assert_true(asked != NULL && at != NULL && asked < at);
	memmove(asked, at, strlen(at) + 1);
	at = strstr(denied, granted);
	assert_non_null(at);
	memset(at, ' ', sizeof(granted) - 1);
	memcpy(at, "[]", 2);
	policy = fixture_policy(text);
	closed = fixture_policy(denied);
	for (size_t i = 0; i < decide_row_count; i++) {
		struct policy_request request;
		struct policy_decision open, shut;
		struct arena arena;

		arena_init(&arena, 1 << 20);
		request = decide_request(&decide_rows[i], &arena);
		open = policy_decide(policy, &request);
		shut = policy_decide(closed, &request);
		assert_true(open.verdict == POLICY_ALLOW || shut.verdict == POLICY_DENY);
		if (request.action == POLICY_TOOL && strcmp(request.name, DIFF) == 0)
			assert_int_equal(shut.reason, POLICY_REASON_DENY_RULE);
		arena_clear(&arena);
	}
	assert_null(policy_tool_allowed(closed, 0));
	policy_free(&policy);
	policy_free(&closed);
}

static void
decide_denies_what_is_not_a_request(void **state)
{
	struct policy *policy = decide_policy();
	const struct policy_request bad[] = {
	    {0},
	    {.action = POLICY_TOOL},
	    {.action = POLICY_TOOL, .name = DIFF},
	    {.action = POLICY_TOOL, .workspace = "ws_acme"},
	    {.action = (enum policy_action)99, .workspace = "ws_acme", .name = DIFF},
	    {.action = POLICY_MEMORY_READ, .workspace = "", .name = "ws//x"},
	    {.action = POLICY_MEMORY_READ, .workspace = "ws/a", .name = "ws/ws/a/code-review/x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct policy_decision decision = policy_decide(policy, &bad[i]);
		struct fault fault;

		assert_int_equal(decision.verdict, POLICY_DENY);
		assert_int_not_equal(decision.code, ERR_OK);
		assert_int_equal(policy_fault(&bad[i], &decision, &fault), decision.code);
	}
	assert_int_equal(policy_decide(NULL, &bad[2]).verdict, POLICY_DENY);
	policy_free(&policy);
}

static void
decide_judges_an_argument_that_is_there_twice_twice(void **state)
{
	struct policy *policy = decide_policy();
	struct value input_commit = value_string("abc");
	struct value_pair pairs[] = {
	    {value_string("commit"), input_commit},
	    {value_string("commit"), value_string("evil")},
	};
	struct value_pair payload[] = {{value_string("commit"), input_commit}};
	struct value args = {.type = VALUE_MAP, .length = 2, .pairs = pairs};
	struct value input = {.type = VALUE_MAP, .length = 1, .pairs = payload};
	struct policy_request request = {.action = POLICY_TOOL,
	    .workspace = "ws_acme",
	    .name = DIFF,
	    .args = &args,
	    .input = &input};

	(void)state;
	assert_int_equal(policy_decide(policy, &request).verdict, POLICY_DENY);
	args.length = 1;
	assert_int_equal(policy_decide(policy, &request).verdict, POLICY_ALLOW);
	policy_free(&policy);
}

static const struct {
	const char *claim, *message;
} said[] = {
    {"T4 another event",
	"no rule allows the trigger \"cli\"; start it by an event that the policy names"},
    {"C1 no such tool", "no rule allows the tool \"git.pull\"; use a tool that tool.list "
			"shows, or ask the owner for a rule"},
    {"C2 denied", "a rule denies the tool \"git.push\": pushing is a human act"},
    {"C4 too long", "\"commit\" of the tool \"git.read.diff\" does not fit its schema; "
		    "expected: a string of 1 to 64 characters"},
    {"C4 not an object",
	"the call of the tool \"git.read.diff\" does not fit its schema; expected: an "
	"object"},
    {"C5 an argument that the rule does not name",
	"the rule for the tool \"git.read.diff\" does not name \"flags\"; leave it out"},
    {"C5 above the range", "\"context\" of the tool \"git.read.diff\" is outside what the "
			   "rule allows; expected: a number min 0 max 20 (optional)"},
    {"C7 more than used up", "the limit of the tool \"git.read.diff\" is reached: the "
			     "policy gives it 5 calls in an "
			     "hour"},
    {"C8 the run's calls are used up", "no budget is left for the tool \"git.read.diff\": "
				       "the policy gives 9 calls of one run; "
				       "end with what there is"},
    {"C9 a stat", "the tool \"git.read.diff\" needs the approval of somebody of the group "
		  "code-owners, not who started the run, within 4h"},
    {"A1 a child without an edge", "no rule allows the sub-agent \"critic\"; do it in this "
				   "Skill, or ask the owner for an edge"},
    {"A2 one level too deep", "the sub-agent \"summarizer\" would stand too deep: the "
			      "policy gives it 2 levels beneath the trigger's run"},
    {"A3 one too many", "the run may dispatch no more of the sub-agent \"summarizer\": the "
			"policy gives 3 of it in one run"},
    {"A4 a tool that the edge does not grant",
	"the sub-agent \"translator\" is not granted the tool \"git.read.diff\"; granted: "
	"no "
	"tool"},
    {"L3 another region", "no rule allows the model \"anthropic.claude-3\"; use a model of a "
			  "provider and a region that llm names"},
    {"M1 not in ws/", "the memory key \"code-review/x\" is malformed; use a key that "
		      "memory.read opens"},
    {"M2 only its name", "the key \"ws/ws_other\" belongs to another workspace; keys begin "
			 "with ws/ws_acme/"},
    {"M4 an empty variable", "no rule allows the memory key \"ws/ws_acme/code-review/x\": "
			     "the trigger's payload has no usable text for {repo}"},
};

static void
fault_says_what_to_do_next(void **state)
{
	struct policy *policy = decide_policy();
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < decide_row_count; i++)
		for (size_t j = 0; j < ARRAY_SIZE(said); j++) {
			struct policy_decision decision;
			struct policy_request request;
			struct fault fault;
			struct arena arena;

			if (strcmp(decide_rows[i].claim, said[j].claim) != 0)
				continue;
			arena_init(&arena, 1 << 20);
			request = decide_request(&decide_rows[i], &arena);
			decision = policy_decide(policy, &request);
			assert_int_equal(
			    policy_fault(&request, &decision, &fault), decide_rows[i].code);
			assert_string_equal(fault.message, said[j].message);
			assert_int_equal(fault.line, decision.line);
			found++;
			arena_clear(&arena);
		}
	assert_int_equal(found, ARRAY_SIZE(said));
	policy_free(&policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decide_answers_the_table),
	    cmocka_unit_test(decide_allocates_nothing),
	    cmocka_unit_test(decide_does_not_depend_on_the_order_of_the_file),
	    cmocka_unit_test(decide_deny_beats_allow_and_only_ever_closes),
	    cmocka_unit_test(decide_denies_what_is_not_a_request),
	    cmocka_unit_test(decide_judges_an_argument_that_is_there_twice_twice),
	    cmocka_unit_test(fault_says_what_to_do_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
