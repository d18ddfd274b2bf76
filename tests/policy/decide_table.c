/* The decisions as a table: read it as a document. Numbers are the steps of policy/decide*.c and of
 * docs/policy.md. */
#include "tests/policy/decide_table.h"

#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

#define INPUT "{\"commit\":\"abc\",\"repo\":\"pay\",\"n\":7}"

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
/* A call that the rule allows, after so much. */
#define AFTER(claim, reason, code, rule, ...)                                                  \
	{                                                                                      \
		claim, POLICY_TOOL, DIFF, NULL, "{\"commit\":\"abc\"}", INPUT,                 \
		    POLICY_REASON_##reason, ERR_##code, rule, "", &(const struct policy_usage) \
		{                                                                              \
			__VA_ARGS__                                                            \
		}                                                                              \
	}
/* A dispatch, after so many. */
#define EDGE(says, child, level, granted, before, why, error, part, which)                         \
	{                                                                                          \
		.claim = says, .action = POLICY_SUBAGENT, .name = child, .depth = level,           \
		.tool = granted, .reason = POLICY_REASON_##why, .code = ERR_##error, .rule = part, \
		.field = which, .usage = &(const struct policy_usage)                              \
		{                                                                                  \
			.dispatched = before                                                       \
		}                                                                                  \
	}
#define MODEL(says, whose, where, model, why, error, part, ...)                                    \
	{                                                                                          \
		.claim = says, .action = POLICY_MODEL, .name = model, .provider = whose,           \
		.region = where, .reason = POLICY_REASON_##why, .code = ERR_##error, .rule = part, \
		.field = "", .usage = &(const struct policy_usage)                                 \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
/* A call of which the Skill is this sure. */
#define SURE(says, how, arguments, why, error, part)                                   \
	{                                                                              \
		.claim = says, .action = POLICY_TOOL, .name = DIFF, .args = arguments, \
		.input = INPUT, .confidence = how, .reason = POLICY_REASON_##why,      \
		.code = ERR_##error, .rule = part, .field = ""                         \
	}
#define BUDGET(name) .budget[POLICY_BUDGET_##name]
#define RATE(name) .tool[POLICY_RATE_##name]
#define ALLOW "tools.git.read.diff.allow"

const struct decide_row decide_rows[] = {
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

    CALL("C10 the trigger's commit", DIFF, "{\"commit\":\"abc\"}", ALLOW_RULE, OK, ALLOW, ""),
    CALL("C10 every argument", DIFF,
	"{\"commit\":\"abc\",\"context\":20,\"paths\":[\"src/a/b/c.c\"],\"format\":\"patch\"}",
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

    AFTER("C10 below every limit", ALLOW_RULE, OK, ALLOW, RATE(RUN) = 2, RATE(HOUR) = 4,
	RATE(DAY) = 1000, BUDGET(RUN_CALLS) = 8, BUDGET(DAY_CALLS) = 11),
    AFTER("C7 the tool's calls of the run are used up", RATE, RATE_LIMIT,
	"tools.git.read.diff.limits.per_run", RATE(RUN) = 3),
    AFTER("C7 more than used up", RATE, RATE_LIMIT, "tools.git.read.diff.limits.per_hour",
	RATE(HOUR) = UINT64_MAX),
    AFTER("C7 the run before the hour", RATE, RATE_LIMIT, "tools.git.read.diff.limits.per_run",
	RATE(RUN) = 3, RATE(HOUR) = 5, BUDGET(RUN_CALLS) = 9),
    AFTER("C8 the run's calls are used up", BUDGET, BUDGET_EXCEEDED, "budget.run.calls",
	BUDGET(RUN_CALLS) = 9),
    AFTER("C8 the day's calls are used up", BUDGET, BUDGET_EXCEEDED, "budget.day.calls",
	BUDGET(DAY_CALLS) = 12),
    AFTER(
	"C10 money is not what a tool costs", ALLOW_RULE, OK, ALLOW, BUDGET(DAY_USD) = UINT64_MAX),

    SURE("C9 a stat", "1", "{\"commit\":\"abc\",\"format\":\"stat\"}", APPROVAL, APPROVAL_REQUIRED,
	"approval"),
    SURE("C9 not sure enough", "0.29", "{\"commit\":\"abc\",\"ratio\":0.5}", APPROVAL,
	APPROVAL_REQUIRED, "approval"),
    SURE("C9 not sure at all", NULL, "{\"commit\":\"abc\",\"ratio\":0.5}", APPROVAL,
	APPROVAL_REQUIRED, "approval"),
    SURE("C9 no number", "\"very\"", "{\"commit\":\"abc\",\"ratio\":0.5}", APPROVAL,
	APPROVAL_REQUIRED, "approval"),
    SURE(
	"C10 just sure enough", "0.3", "{\"commit\":\"abc\",\"ratio\":0.5}", ALLOW_RULE, OK, ALLOW),
    SURE("C10 other arguments", "0", "{\"commit\":\"abc\",\"format\":\"patch\"}", ALLOW_RULE, OK,
	ALLOW),
    EDGE("A5 a child", "summarizer", 1, NULL, 0, ALLOW_RULE, OK, "subagents.summarizer", ""),
    EDGE("A5 a child with a tool", "summarizer", 2, DIFF, 2, ALLOW_RULE, OK, "subagents.summarizer",
	""),
    EDGE("A5 without a tool", "translator", 1, NULL, 0, ALLOW_RULE, OK, "subagents.translator", ""),
    EDGE("A1 a child without an edge", "critic", 1, NULL, 0, NO_RULE, SUBAGENT_DISPATCH,
	"subagents", ""),
    EDGE(
	"A1 a prefix of one", "summarize", 1, NULL, 0, NO_RULE, SUBAGENT_DISPATCH, "subagents", ""),
    EDGE("A2 nobody says how deep", "summarizer", 0, NULL, 0, BAD_REQUEST, SUBAGENT_DISPATCH,
	"subagents.summarizer", ""),
    EDGE("A2 one level too deep", "summarizer", 3, NULL, 0, DEPTH, SUBAGENT_DISPATCH,
	"subagents.summarizer.max_depth", ""),
    EDGE("A3 one too many", "summarizer", 1, NULL, 3, FAN_OUT, SUBAGENT_DISPATCH,
	"subagents.summarizer.max_per_run", ""),
    EDGE("A4 a tool that the edge does not grant", "translator", 1, DIFF, 0, GRANT,
	SUBAGENT_DISPATCH, "subagents.translator.grant", DIFF),
    EDGE("A4 a tool that the parent may not call either", "summarizer", 1, "git.push", 0, GRANT,
	SUBAGENT_DISPATCH, "subagents.summarizer.grant", "git.push"),

    MODEL("L5 a model in a region", "bedrock", "eu-west-1", "anthropic.claude-3", ALLOW_RULE, OK,
	"llm", BUDGET(RUN_TOKENS) = 999),
    MODEL("L5 of a provider without regions", "anthropic", NULL, "claude-3", ALLOW_RULE, OK, "llm",
	BUDGET(RUN_USD) = UINT64_MAX),
    MODEL("L5 ** crosses", "anthropic", NULL, "experimental/a/b", ALLOW_RULE, OK, "llm",
	.dispatched = 9),
    MODEL("L1 nobody's", NULL, NULL, "claude-3", BAD_REQUEST, MODEL_NOT_ALLOWED, "llm",
	.dispatched = 0),
    MODEL("L1 a model without a name", "anthropic", NULL, "", BAD_REQUEST, MODEL_NOT_ALLOWED, "llm",
	.dispatched = 0),
    MODEL("L3 another region", "bedrock", "us-west-2", "anthropic.claude-3", NO_RULE,
	MODEL_NOT_ALLOWED, "llm", .dispatched = 0),
    MODEL("L3 no region", "bedrock", NULL, "anthropic.claude-3", NO_RULE, MODEL_NOT_ALLOWED, "llm",
	.dispatched = 0),
    MODEL("L3 a region of one that has none", "anthropic", "us-east-1", "claude-3", NO_RULE,
	MODEL_NOT_ALLOWED, "llm", .dispatched = 0),
    MODEL("L3 another provider", "vertex", "us-east-1", "anthropic.claude-3", NO_RULE,
	MODEL_NOT_ALLOWED, "llm", .dispatched = 0),
    MODEL("L3 the other provider's model", "anthropic", NULL, "anthropic.claude-3", NO_RULE,
	MODEL_NOT_ALLOWED, "llm", .dispatched = 0),
    MODEL("L3 * does not cross", "anthropic", NULL, "claude-3/fast", NO_RULE, MODEL_NOT_ALLOWED,
	"llm", .dispatched = 0),
    MODEL("L4 the run's tokens are used up", "anthropic", NULL, "claude-3", BUDGET, BUDGET_EXCEEDED,
	"budget.run.tokens", BUDGET(RUN_TOKENS) = 1000),
    MODEL("L4 the day's money is", "anthropic", NULL, "claude-3", BUDGET, BUDGET_EXCEEDED,
	"budget.day.usd", BUDGET(DAY_USD) = 25000000),
    MODEL("L4 the run's calls are", "anthropic", NULL, "claude-3", BUDGET, BUDGET_EXCEEDED,
	"budget.run.calls", BUDGET(RUN_CALLS) = 9),

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

const size_t decide_row_count = ARRAY_SIZE(decide_rows);

struct policy_request
decide_request(const struct decide_row *row, struct arena *arena)
{
	return (struct policy_request){
	    .action = row->action,
	    .workspace = "ws_acme",
	    .name = row->name,
	    .event = row->event,
	    .args = row->args != NULL ? fixture_value(arena, row->args) : NULL,
	    .input = row->input != NULL ? fixture_value(arena, row->input) : NULL,
	    .usage = row->usage,
	    .depth = row->depth,
	    .tool = row->tool,
	    .provider = row->provider,
	    .region = row->region,
	    .confidence = row->confidence != NULL ? fixture_value(arena, row->confidence) : NULL,
	};
}

void
decide_check(const struct policy *policy, const struct decide_row *row)
{
	struct policy_decision decision;
	struct policy_request request;
	struct arena arena;
	bool allowed = row->reason == POLICY_REASON_ALLOW_RULE;

	arena_init(&arena, 1 << 20);
	request = decide_request(row, &arena);
	decision = policy_decide(policy, &request);
	if (decision.reason != row->reason || decision.code != row->code)
		print_error("%s: %s, %s\n", row->claim, policy_reason_text(decision.reason),
		    err_name(decision.code));
	assert_int_equal(decision.reason, row->reason);
	assert_int_equal(decision.code, row->code);
	assert_int_equal(decision.verdict, allowed                                 ? POLICY_ALLOW
					   : row->reason == POLICY_REASON_APPROVAL ? POLICY_ASK
										   : POLICY_DENY);
	if (row->rule != NULL)
		assert_string_equal(decision.rule, row->rule);
	assert_string_equal(decision.field, row->field);
	assert_true(decision.line > 0);
	arena_clear(&arena);
}

struct policy *
decide_policy(void)
{
	SCOPED_FREE char *text = fixture_read("good/decide.policy.yaml");

	return fixture_policy(text);
}
