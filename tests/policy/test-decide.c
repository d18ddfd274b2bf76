/* The decisions as a table: read it as a document. Numbers are the steps of policy/decide.c and of
 * docs/policy.md. */
#include <errno.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"

#define INPUT "{\"commit\":\"abc\",\"repo\":\"pay\",\"n\":7}"

struct row {
	const char *claim;
	enum policy_action action;
	const char *name, *event, *args, *input;
	enum policy_reason reason;
	enum err code;
	const char *rule, *field;
};

#define TRIGGER(claim, name, event, input, reason, rule, field)                                   \
	{                                                                                         \
		claim, POLICY_TRIGGER, name, event, NULL, input, POLICY_REASON_##reason,          \
		    POLICY_REASON_##reason == POLICY_REASON_ALLOW_RULE ? ERR_OK                   \
								       : ERR_TRIGGER_NOT_ALLOWED, \
		    rule, field                                                                   \
	}
#define CALL(claim, name, args, reason, code, rule, field)                                       \
	{                                                                                        \
		claim, POLICY_TOOL, name, NULL, args, INPUT, POLICY_REASON_##reason, ERR_##code, \
		    rule, field                                                                  \
	}
#define KEY(claim, action, name, input, reason, code, field)                                    \
	{                                                                                       \
		claim, POLICY_MEMORY_##action, name, NULL, NULL, input, POLICY_REASON_##reason, \
		    ERR_##code, NULL, field                                                     \
	}

#define DIFF "git.read.diff"
#define ALLOW "tools.git.read.diff.allow"

static const struct row rows[] = {
    TRIGGER("T3 a named event", "cli", "review", INPUT, ALLOW_RULE, "trigger", ""),
    TRIGGER("T3 the other of a list", "cli", "recheck", INPUT, ALLOW_RULE, "trigger", ""),
    TRIGGER("T3 a rule without where", "cli", "close", NULL, ALLOW_RULE, "trigger", ""),
    TRIGGER("T1 no event", "cli", NULL, INPUT, BAD_REQUEST, "trigger", ""),
    TRIGGER("T4 another event", "cli", "deploy", INPUT, NO_RULE, "trigger", ""),
    TRIGGER("T4 another source", "github.webhook", "review", INPUT, NO_RULE, "trigger", ""),
    TRIGGER("T3 no payload", "cli", "review", NULL, ARGUMENT, "trigger.where.$.commit", "$.commit"),
    TRIGGER("T3 a missing field", "cli", "review", "{}", ARGUMENT, "trigger.where.$.commit",
	"$.commit"),
    TRIGGER("T3 an empty field", "cli", "review", "{\"commit\":\"\"}", ARGUMENT,
	"trigger.where.$.commit", "$.commit"),
    TRIGGER("T3 another type", "cli", "review", "{\"commit\":5}", ARGUMENT,
	"trigger.where.$.commit", "$.commit"),
    TRIGGER("T3 one that must be absent", "cli", "review", "{\"commit\":\"a\",\"draft\":false}",
	ARGUMENT, "trigger.where.$.draft", "$.draft"),
    TRIGGER("T3 an optional one that fails", "cli", "review",
	"{\"commit\":\"a\",\"branch\":\"main\"}", ARGUMENT, "trigger.where.$.branch", "$.branch"),
    TRIGGER("T3 an optional one that holds", "cli", "review",
	"{\"commit\":\"a\",\"branch\":\"feature/x\"}", ALLOW_RULE, "trigger", ""),

    CALL("C7 the trigger's commit", DIFF, "{\"commit\":\"abc\"}", ALLOW_RULE, OK, ALLOW, ""),
    CALL("C7 every argument", DIFF,
	"{\"commit\":\"abc\",\"context\":20,\"paths\":[\"src/a/b/c.c\"],\"format\":\"stat\","
	"\"ratio\":0.5}",
	ALLOW_RULE, OK, ALLOW, ""),
    CALL("C1 no such tool", "git.pull", "{}", NO_RULE, TOOL_NOT_ALLOWED, "tools", ""),
    CALL("C1 a prefix of a tool", "git.read", "{}", NO_RULE, TOOL_NOT_ALLOWED, "tools", ""),
    CALL("C1 no name", "", "{}", NO_RULE, TOOL_NOT_ALLOWED, "tools", ""),
    CALL("C2 denied", "git.push", "{}", DENY_RULE, TOOL_NOT_ALLOWED, "tools.git.push", ""),
    CALL("C2 denied before its arguments are looked at", "git.push", "{\"x\":1}", DENY_RULE,
	TOOL_NOT_ALLOWED, "tools.git.push", ""),
    CALL("C4 no arguments at all", DIFF, NULL, SCHEMA, TOOL_ARGUMENT, ALLOW, "commit"),
    CALL("C4 a required one missing", DIFF, "{\"context\":1}", SCHEMA, TOOL_ARGUMENT, ALLOW,
	"commit"),
    CALL("C4 not an object", DIFF, "[]", SCHEMA, TOOL_ARGUMENT, ALLOW, ""),
    CALL("C4 another type", DIFF, "{\"commit\":[\"abc\"]}", SCHEMA, TOOL_ARGUMENT, ALLOW, "commit"),
    CALL("C4 too long", DIFF,
	"{\"commit\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
	SCHEMA, TOOL_ARGUMENT, ALLOW, "commit"),
    CALL("C4 no such argument", DIFF, "{\"commit\":\"abc\",\"force\":true}", SCHEMA, TOOL_ARGUMENT,
	ALLOW, "force"),
    CALL("C4 a real is no integer", DIFF, "{\"commit\":\"abc\",\"context\":1.0}", SCHEMA,
	TOOL_ARGUMENT, ALLOW, "context"),
    CALL("C4 deep inside", DIFF, "{\"commit\":\"abc\",\"paths\":[\"src/a/b.c\",7]}", SCHEMA,
	TOOL_ARGUMENT, ALLOW, "paths[1]"),
    CALL("C4 inside an object", DIFF, "{\"commit\":\"abc\",\"flags\":{\"name\":\"x\"}}", SCHEMA,
	TOOL_ARGUMENT, ALLOW, "flags.deep"),
    CALL("C4 not of the enumeration", DIFF, "{\"commit\":\"abc\",\"format\":\"html\"}", SCHEMA,
	TOOL_ARGUMENT, ALLOW, "format"),
    CALL("C5 an argument that the rule does not name", DIFF,
	"{\"commit\":\"abc\",\"flags\":{\"deep\":true}}", UNKNOWN_ARGUMENT, TOOL_ARGUMENT, ALLOW,
	"flags"),
    CALL("C5 another commit than the trigger's", DIFF, "{\"commit\":\"abd\"}", ARGUMENT,
	TOOL_ARGUMENT, ALLOW ".commit", "commit"),
    CALL("C5 above the range", DIFF, "{\"commit\":\"abc\",\"context\":21}", ARGUMENT, TOOL_ARGUMENT,
	ALLOW ".context", "context"),
    CALL("C5 a hair above", DIFF, "{\"commit\":\"abc\",\"ratio\":0.5000000000000001}", ARGUMENT,
	TOOL_ARGUMENT, ALLOW ".ratio", "ratio"),
    CALL("C5 one item of a list", DIFF,
	"{\"commit\":\"abc\",\"paths\":[\"src/a/b.c\",\"etc/x.c\"]}", ARGUMENT, TOOL_ARGUMENT,
	ALLOW ".paths", "paths"),
    CALL("C5 * does not cross", DIFF, "{\"commit\":\"abc\",\"paths\":[\"src/b.c\"]}", ARGUMENT,
	TOOL_ARGUMENT, ALLOW ".paths", "paths"),
    CALL("C5 too many items", DIFF,
	"{\"commit\":\"abc\",\"paths\":[\"src/a/1.c\",\"src/a/2.c\",\"src/a/3.c\"]}", ARGUMENT,
	TOOL_ARGUMENT, ALLOW ".paths", "paths"),

    KEY("M3 a key of its own", READ, "ws/ws_acme/code-review/x/y", INPUT, ALLOW_RULE, OK, ""),
    KEY("M3 one segment by *", READ, "ws/ws_acme/shared/c/style", INPUT, ALLOW_RULE, OK, ""),
    KEY("M3 the trigger's repo", WRITE, "ws/ws_acme/code-review/pay/last", INPUT, ALLOW_RULE, OK,
	""),
    KEY("M3 a pattern without a wildcard", WRITE, "ws/ws_acme/code-review/summary", INPUT,
	ALLOW_RULE, OK, ""),
    KEY("M1 empty", READ, "", INPUT, BAD_REQUEST, MEMORY_NAMESPACE, ""),
    KEY("M1 not in ws/", READ, "code-review/x", INPUT, BAD_REQUEST, MEMORY_NAMESPACE, ""),
    KEY("M1 a step up", READ, "ws/ws_acme/code-review/../secret", INPUT, BAD_REQUEST,
	MEMORY_NAMESPACE, ""),
    KEY("M1 a step up and over", READ, "ws/ws_acme/../ws_other/x", INPUT, BAD_REQUEST,
	MEMORY_NAMESPACE, ""),
    KEY("M1 an empty segment", READ, "ws/ws_acme//code-review", INPUT, BAD_REQUEST,
	MEMORY_NAMESPACE, ""),
    KEY("M1 a slash at the end", READ, "ws/ws_acme/code-review/", INPUT, BAD_REQUEST,
	MEMORY_NAMESPACE, ""),
    KEY("M1 a control character", READ, "ws/ws_acme/code-review/a\nb", INPUT, BAD_REQUEST,
	MEMORY_NAMESPACE, ""),
    KEY("M1 an invisible one", READ, "ws/ws_acme/code-review/a\xe2\x80\x8b", INPUT, BAD_REQUEST,
	MEMORY_NAMESPACE, ""),
    KEY("M1 not UTF-8", READ, "ws/ws_acme/code-review/\xff", INPUT, BAD_REQUEST, MEMORY_NAMESPACE,
	""),
    KEY("M2 another workspace", READ, "ws/ws_other/code-review/x", INPUT, OTHER_WORKSPACE,
	WORKSPACE_SCOPE, ""),
    KEY("M2 only its name", READ, "ws/ws_other", INPUT, OTHER_WORKSPACE, WORKSPACE_SCOPE, ""),
    KEY("M2 a name that begins alike", WRITE, "ws/ws_acme2/code-review/pay/x", INPUT,
	OTHER_WORKSPACE, WORKSPACE_SCOPE, ""),
    KEY("M2 a name that ends early", WRITE, "ws/ws_acm/code-review/pay/x", INPUT, OTHER_WORKSPACE,
	WORKSPACE_SCOPE, ""),
    KEY("M2 a wildcard as a workspace", READ, "ws/*/code-review/x", INPUT, OTHER_WORKSPACE,
	WORKSPACE_SCOPE, ""),
    KEY("M4 outside every pattern", READ, "ws/ws_acme/other/x", INPUT, NO_RULE, MEMORY_NAMESPACE,
	""),
    KEY("M4 * stays inside a segment", READ, "ws/ws_acme/shared/a/b/style", INPUT, NO_RULE,
	MEMORY_NAMESPACE, ""),
    KEY("M4 reading is not writing", WRITE, "ws/ws_acme/shared/c/style", INPUT, NO_RULE,
	MEMORY_NAMESPACE, ""),
    KEY("M4 another repo", WRITE, "ws/ws_acme/code-review/pays/x", INPUT, NO_RULE, MEMORY_NAMESPACE,
	""),
    KEY("M4 the directory is not in it", WRITE, "ws/ws_acme/code-review/pay", INPUT, NO_RULE,
	MEMORY_NAMESPACE, ""),
    KEY("M4 a variable without payload", WRITE, "ws/ws_acme/code-review/pay/x", NULL, NO_RULE,
	MEMORY_NAMESPACE, "repo"),
    KEY("M4 a variable that is no text", WRITE, "ws/ws_acme/code-review/7/x", "{\"repo\":7}",
	NO_RULE, MEMORY_NAMESPACE, "repo"),
    KEY("M4 an empty variable", WRITE, "ws/ws_acme/code-review/x", "{\"repo\":\"\"}", NO_RULE,
	MEMORY_NAMESPACE, "repo"),
    KEY("M4 a variable with a slash", WRITE, "ws/ws_acme/code-review/a/b/x", "{\"repo\":\"a/b\"}",
	NO_RULE, MEMORY_NAMESPACE, "repo"),
    KEY("M4 a variable that climbs", WRITE, "ws/ws_acme/code-review/x/y", "{\"repo\":\"..\"}",
	NO_RULE, MEMORY_NAMESPACE, "repo"),
    KEY("M3 a wildcard in a value is a character", WRITE, "ws/ws_acme/code-review/**/x",
	"{\"repo\":\"**\"}", ALLOW_RULE, OK, ""),
    KEY("M4 and matches nothing else", WRITE, "ws/ws_acme/code-review/pay/x", "{\"repo\":\"**\"}",
	NO_RULE, MEMORY_NAMESPACE, ""),
};

static struct policy_request
request_of(const struct row *row, struct arena *arena)
{
	return (struct policy_request){
	    .action = row->action,
	    .workspace = "ws_acme",
	    .name = row->name,
	    .event = row->event,
	    .args = row->args != NULL ? fixture_value(arena, row->args) : NULL,
	    .input = row->input != NULL ? fixture_value(arena, row->input) : NULL,
	};
}

static void
check_row(const struct policy *policy, const struct row *row)
{
	struct policy_decision decision;
	struct policy_request request;
	struct arena arena;
	bool allowed = row->reason == POLICY_REASON_ALLOW_RULE;

	arena_init(&arena, 1 << 20);
	request = request_of(row, &arena);
	decision = policy_decide(policy, &request);
	if (decision.reason != row->reason || decision.code != row->code)
		print_error("%s: %s, %s\n", row->claim, policy_reason_text(decision.reason),
		    err_name(decision.code));
	assert_int_equal(decision.reason, row->reason);
	assert_int_equal(decision.code, row->code);
	assert_int_equal(decision.verdict, allowed ? POLICY_ALLOW : POLICY_DENY);
	if (row->rule != NULL)
		assert_string_equal(decision.rule, row->rule);
	assert_string_equal(decision.field, row->field);
	assert_true(decision.line > 0);
	arena_clear(&arena);
}

static struct policy *
decide_policy(void)
{
	SCOPED_FREE char *text = fixture_read("good/decide.policy.yaml");

	return fixture_policy(text);
}

static void
decide_answers_the_table(void **state)
{
	struct policy *policy = decide_policy();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(policy, &rows[i]);
	policy_free(&policy);
}

static void
decide_allocates_nothing(void **state)
{
	struct policy *policy = decide_policy();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy_request request;
		struct fault fault;
		struct arena arena;

		arena_init(&arena, 1 << 20);
		request = request_of(&rows[i], &arena);
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
     "context: { range: { max: 20, min: 0 }, optional: true } } }\n"),
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
	bool used[8] = {false};

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
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			check_row(policy, &rows[i]);
		policy_free(&policy);
	}
}

static void
decide_deny_beats_allow_and_only_ever_closes(void **state)
{
	static const char before[] = "  git.read.diff:\n";
	SCOPED_FREE char *text = fixture_read("good/decide.policy.yaml");
	SCOPED_FREE char *denied = calloc(1, strlen(text) + 64);
	char *at = strstr(text, before);
	struct policy *policy, *closed;

	(void)state;
	assert_non_null(at);
	at += strlen(before);
	memcpy(denied, text, (size_t)(at - text));
	strcat(denied, "    deny: always\n");
	strcat(denied, at);
	policy = fixture_policy(text);
	closed = fixture_policy(denied);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy_request request;
		struct policy_decision open, shut;
		struct arena arena;

		arena_init(&arena, 1 << 20);
		request = request_of(&rows[i], &arena);
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

static void
fault_says_what_to_do_next(void **state)
{
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
	    {"M1 not in ws/", "the memory key \"code-review/x\" is malformed; use a key that "
			      "memory.read opens"},
	    {"M2 only its name", "the key \"ws/ws_other\" belongs to another workspace; keys begin "
				 "with ws/ws_acme/"},
	    {"M4 an empty variable", "no rule allows the memory key \"ws/ws_acme/code-review/x\": "
				     "the trigger's payload has no usable text for {repo}"},
	};
	struct policy *policy = decide_policy();
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t j = 0; j < ARRAY_SIZE(said); j++) {
			struct policy_decision decision;
			struct policy_request request;
			struct fault fault;
			struct arena arena;

			if (strcmp(rows[i].claim, said[j].claim) != 0)
				continue;
			arena_init(&arena, 1 << 20);
			request = request_of(&rows[i], &arena);
			decision = policy_decide(policy, &request);
			assert_int_equal(policy_fault(&request, &decision, &fault), rows[i].code);
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
