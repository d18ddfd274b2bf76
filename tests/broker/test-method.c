#include "broker/method.h"

#include <stdio.h>
#include <sys/socket.h>

#include "broker/run.h"
#include "tests/broker/stage.h"
#include "tests/lib/check.h"

#define DIFF "{\"tool\":\"git.read.diff\",\"arguments\":{\"commit\":\"1234567\"}}"
#define DECISION                                                    \
	"{\"reasoning\":[\"small\"],\"alternatives\":[{\"action\":" \
	"\"approve\",\"score\":0.9}],\"confidence\":0.8,\"output\":{\"verdict\":\"approve\"}}"

static const struct value *
body(const struct stage_record *record, const char *name)
{
	const struct value *value = value_get(&record->body, name);

	assert_non_null(value);
	return value;
}

static void
run_input_says_what_woke_the_skill_and_is_recorded(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply = stage_ask(stage, "run.input", "[]");

	stage_assert_json(&reply.result,
	    "{\"trigger\":{\"source\":\"cli\",\"event\":\"review\"},\"input\":" STAGE_INPUT
	    ",\"run\":\"" STAGE_RUN "\",\"skill\":\"sk_code-review\",\"workspace\":\"ws_acme\"}");
	stage_until_records(stage, 1);
	stage_last(stage, EVENT_CALL_READ, "run.input");
	assert_string_equal(stage->records[0].head.run, STAGE_RUN);
	assert_string_equal(stage->records[0].head.workspace, STAGE_WORKSPACE);
	assert_true(digest_equal(
	    &stage->records[0].head.policy, policy_digest(stage->broker->runs->policy->policy)));
	assert_false(digest_equal(&stage->records[0].head.policy, &stage->source));
}

static void
a_log_line_is_a_record_and_its_limits_hold(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply;

	reply = stage_ask(stage, "run.log", "{\"level\":\"info\",\"message\":\"hello\"}");
	assert_int_equal(reply.error.type, VALUE_NULL);
	stage_until_records(stage, 1);
	stage_assert_json(body(stage_last(stage, EVENT_CALL_READ, "run.log"), "arguments"),
	    "{\"level\":\"info\",\"message\":\"hello\"}");
	reply = stage_ask(stage, "run.log", "{\"level\":\"loud\",\"message\":\"hello\"}");
	stage_assert_error(&reply, "ProtocolError");
}

static void
a_notification_is_done_and_not_answered(void **state)
{
	static const char notification[] =
	    "\x93\x02\xa7run.log\x82\xa5level\xa4info\xa7message\xa2hi";
	struct stage *stage = *state;
	struct stage_reply reply;

	stage_send(stage, notification, sizeof(notification) - 1);
	stage_call(stage, 77, "tool.list", "{}");
	reply = stage_reply(stage);
	assert_int_equal(reply.id, 77);
	stage_until_records(stage, 1);
	assert_string_equal(stage->records[0].head.tool, "run.log");
}

static void
tool_list_shows_what_the_policy_allows(void **state)
{
	struct stage_reply reply = stage_ask(*state, "tool.list", "{}");

	stage_assert_json(&reply.result,
	    "{\"tools\":[{\"name\":\"git.read.diff\",\"summary\":\"one "
	    "commit and its patch\"}]}");
}

static void
a_tool_runs_after_its_intent_and_answers_with_its_json(void **state)
{
	struct stage *stage = *state;
	struct stage_message *exec;
	struct stage_reply reply;
	char arguments[64] = "";

	stage->hold = true;
	stage_call(stage, 3, "tool.call", DIFF);
	stage_until_records(stage, 1);
	stage_settle(stage);
	assert_int_equal(stage->message_count, 0);
	stage_assert_json(&stage_last(stage, EVENT_CALL_INTENT, "git.read.diff")->body,
	    "{\"method\":\"tool.call\",\"arguments\":{\"commit\":\"1234567\"}}");
	stage_release(stage);
	exec = stage_until_messages(stage, 1);
	assert_int_equal(exec->type, WIRE_TYPE_TOOL_EXEC);
	assert_string_equal(exec->body.exec.tool, "git.read.diff");
	assert_true(pread(exec->fds[0], arguments, sizeof(arguments) - 1, 0) > 0);
	assert_string_equal(arguments, "{\"commit\":\"1234567\"}");
	stage_tool_ends(stage, exec, "{\"files\":[1,2]}", "a warning", 0);
	reply = stage_reply(stage);
	assert_int_equal(reply.id, 3);
	stage_assert_json(&reply.result, "{\"files\":[1,2]}");
	stage_until_records(stage, 2);
	assert_int_equal(stage_last(stage, EVENT_CALL_RESULT, "git.read.diff")->head.layers, 5);
	assert_true(body(&stage->records[1], "ok")->boolean);
}

static void
assert_tool_fails(struct stage *stage, const char *out, const char *err, int status,
    const char *type, const char *message)
{
	unsigned before = stage->message_count;
	struct stage_reply reply;

	stage_call(stage, 3, "tool.call", DIFF);
	stage_tool_ends(stage, stage_until_messages(stage, before + 1), out, err, status);
	reply = stage_reply(stage);
	stage_assert_error(&reply, type);
	assert_non_null(strstr(value_get(&reply.error, "message")->string, message));
	stage_until_records(stage, 2);
	assert_int_equal(
	    stage_last(stage, EVENT_CALL_RESULT, "git.read.diff")->head.error, err_from_name(type));
}

static void
a_tool_that_exits_with_an_error_shows_the_end_of_its_stderr_printable(void **state)
{
	assert_tool_fails(
	    *state, "", "first\nno such commit\x1b[31m", 3 << 8, "ToolFailedError", "?[31m");
}

static void
a_tool_that_does_not_write_json_has_failed(void **state)
{
	assert_tool_fails(*state, "not json", "", 0, "ToolFailedError", "did not write JSON");
}

static void
a_tool_that_writes_nothing_is_told_so(void **state)
{
	assert_tool_fails(*state, "", "", 0, "ToolFailedError", "there is nothing");
}

/* The reasons of a run's end are words about Skills and runs; this is neither. */
static void
a_tool_that_is_ended_is_described_as_a_tool(void **state)
{
	static const struct {
		struct wire_tool_done done;
		const char *message;
	} rows[] = {
	    {{.reason = END_CRASHED, .status = 11}, "git.read.diff was ended by signal 11"},
	    {{.reason = END_WALL_TIME, .status = 9}, "took longer than its limits.wall"},
	};
	struct stage *stage = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wire_tool_done done = rows[i].done;
		struct stage_reply reply;

		stage_call(stage, i, "tool.call", DIFF);
		done.call = stage_until_messages(stage, i + 1)->body.exec.call;
		memcpy(done.run, STAGE_RUN, sizeof(STAGE_RUN));
		stage_tell(stage, WIRE_TYPE_TOOL_DONE, 0, &done);
		reply = stage_reply(stage);
		stage_assert_error(&reply, "ToolFailedError");
		assert_non_null(
		    strstr(value_get(&reply.error, "message")->string, rows[i].message));
	}
}

/* What the supervisor has counted stands in the result's record; what nobody has, does not. */
static void
the_result_of_a_tool_has_what_its_cell_has_used(void **state)
{
	static const struct {
		struct wire_tool_done done;
		const char *usage; /* NULL: none */
	} rows[] = {
	    {{.cpu_us = 7, .peak_kib = 8}, "{\"cpu_us\":7,\"peak_kib\":8}"},
	    {{.cpu_us = 7,
		 .peak_kib = UINT64_MAX,
		 .counted = 1,
		 .memory_peak_kib = 9,
		 .processes_peak = 3,
		 .oom_kills = 1},
		"{\"cpu_us\":7,\"peak_kib\":9223372036854775807,\"memory_peak_kib\":9,"
		"\"processes_peak\":3,\"oom_kills\":1}"},
	    {{.reason = END_CONFINEMENT}, NULL},
	};
	struct stage *stage = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wire_tool_done done = rows[i].done;
		const struct stage_record *record;

		stage_call(stage, i, "tool.call", DIFF);
		done.call = stage_until_messages(stage, i + 1)->body.exec.call;
		memcpy(done.run, STAGE_RUN, sizeof(STAGE_RUN));
		stage_tell(stage, WIRE_TYPE_TOOL_DONE, 0, &done);
		(void)stage_reply(stage);
		stage_until_records(stage, 2 * (i + 1));
		record = stage_last(stage, EVENT_CALL_RESULT, "git.read.diff");
		if (rows[i].usage != NULL)
			stage_assert_json(value_get(&record->body, "usage"), rows[i].usage);
		else
			assert_null(value_get(&record->body, "usage"));
	}
}

static void
a_tool_that_writes_too_much_is_cancelled_and_a_limit_error(void **state)
{
	struct stage *stage = *state;
	struct stage_message *exec;
	struct stage_reply reply;
	char much[9000];

	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	stage_call(stage, 3, "tool.call", DIFF);
	exec = stage_until_messages(stage, 1);
	while (stage->message_count < 2) {
		assert_true(write(exec->fds[1], much, sizeof(much)) > 0);
		stage_settle(stage);
	}
	assert_int_equal(stage->messages[1].type, WIRE_TYPE_TOOL_CANCEL);
	assert_int_equal(stage->messages[1].body.cancel.call, exec->body.exec.call);
	stage_tool_ends(stage, exec, "", "", 9);
	reply = stage_reply(stage);
	stage_assert_error(&reply, "LimitError");
}

static void
assert_denied(
    struct stage *stage, const char *method, const char *params, const char *type, const char *rule)
{
	unsigned before = stage->record_count;
	struct stage_reply reply;

	stage->hold = true;
	stage_call(stage, 9, method, params);
	stage_until_records(stage, before + 1);
	stage_settle(stage);
	assert_int_equal(stage->in.length, 0);
	assert_true(recv(stage->skill, &(char){0}, 1, MSG_DONTWAIT | MSG_PEEK) < 0);
	stage_release(stage);
	reply = stage_reply(stage);
	stage_assert_error(&reply, type);
	assert_int_equal(stage->records[before].head.kind, EVENT_CALL_DENIED);
	assert_int_equal(stage->records[before].head.error, err_from_name(type));
	assert_string_equal(stage->records[before].head.rule, rule);
	assert_int_equal(
	    stage->records[before].head.line, value_get(&reply.error, "line")->integer);
	assert_string_equal(value_get(&reply.error, "rule")->string, rule);
	assert_int_equal(stage->record_count, before + 1);
	assert_int_equal(stage->message_count, 0);
}

static void
every_denial_is_durable_before_the_skill_sees_it_and_nothing_happens(void **state)
{
	struct stage *stage = *state;

	assert_denied(
	    stage, "tool.call", "{\"tool\":\"git.push\"}", "ToolNotAllowedError", "tools.git.push");
	assert_denied(stage, "tool.call", "{\"tool\":\"rm\"}", "ToolNotAllowedError", "tools");
	assert_denied(stage, "tool.call",
	    "{\"tool\":\"git.read.diff\",\"arguments\":{\"commit\":\"7654321\"}}",
	    "ToolArgumentError", "tools.git.read.diff.allow.commit");
	assert_denied(stage, "memory.get", "{\"key\":\"ws/ws_acme/secret/a\"}",
	    "MemoryNamespaceError", "memory.read");
	assert_denied(stage, "memory.put", "{\"key\":\"ws/ws_acme/notes/other/a\",\"value\":1}",
	    "MemoryNamespaceError", "memory.write");
	assert_denied(stage, "memory.delete", "{\"key\":\"ws/ws_acme/notes/other/a\"}",
	    "MemoryNamespaceError", "memory.write");
}

static void
the_call_above_the_budget_is_denied_by_its_rule_and_line(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply;

	for (unsigned i = 0; i < 3; i++) {
		stage_call(stage, i, "tool.call", DIFF);
		stage_tool_ends(stage, stage_until_messages(stage, i + 1), "{}", "", 0);
		stage_reply(stage);
	}
	reply = stage_ask(stage, "tool.call", DIFF);
	stage_assert_error(&reply, "BudgetExceededError");
	assert_string_equal(value_get(&reply.error, "rule")->string, "budget.run.calls");
	assert_int_equal(value_get(&reply.error, "line")->integer, 22);
}

/* What a run may call of one tool, whatever is left of its budget. */
static void
the_call_above_a_tools_limit_is_denied_by_its_rule_and_line(void **state)
{
	static const char rule[] = "commit: { equals_trigger: $.commit }\n";
	struct stage *stage = stage_new_bare();
	const char *text = stage_policy(), *at = strstr(text, rule);
	struct stage_reply reply;
	char policy[2048];

	(void)state;
	assert_non_null(at);
	at += sizeof(rule) - 1;
	snprintf(policy, sizeof(policy), "%.*s    limits: { per_run: 2 }\n%s", (int)(at - text),
	    text, at);
	stage_grant(stage, STAGE_RUN, STAGE_WORKSPACE, policy, STAGE_INPUT);
	assert_int_equal(stage_until_messages(stage, 1)->type, WIRE_TYPE_GRANT_READY);
	/* A call that the log could not take is none. */
	stage_audit_down(stage);
	reply = stage_ask(stage, "tool.call", DIFF);
	stage_assert_error(&reply, "AuditUnavailableError");
	stage_audit_up(stage);
	for (unsigned i = 0; i < 2; i++) {
		stage_call(stage, i, "tool.call", DIFF);
		stage_tool_ends(stage, stage_until_messages(stage, i + 2), "{}", "", 0);
		stage_reply(stage);
	}
	reply = stage_ask(stage, "tool.call", DIFF);
	stage_assert_error(&reply, "RateLimitError");
	assert_string_equal(
	    value_get(&reply.error, "rule")->string, "tools.git.read.diff.limits.per_run");
	assert_int_equal(value_get(&reply.error, "line")->integer, 16);
	assert_string_equal(value_get(&reply.error, "allowed")->string, "2 calls in one run");
	assert_int_equal(stage->broker->runs->budget_calls, 2);
	stage_free(&stage);
}

static void
params_are_checked_before_a_handler_runs(void **state)
{
	static const char *const calls[][3] = {
	    {"memory.get", "{}", "key"},
	    {"memory.get", "{\"key\":1}", "key"},
	    {"memory.get", "{\"key\":\"ws/ws_acme/notes/a\",\"keys\":1}", "keys"},
	    {"run.input", "{\"x\":1}", "x"},
	    {"memory.list", "{\"prefix\":\"ws/ws_acme/notes/\",\"limit\":0}", "limit"},
	    {"memory.list", "{\"prefix\":\"ws/ws_acme/notes/\",\"limit\":257}", "limit"},
	    {"tool.call", "{\"tool\":\"git.read.diff\",\"arguments\":[]}", "arguments"},
	};
	struct stage *stage = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		struct stage_reply reply = stage_ask(stage, calls[i][0], calls[i][1]);

		stage_assert_error(&reply, "ProtocolError");
		assert_string_equal(value_get(&reply.error, "field")->string, calls[i][2]);
		stage_last(stage, EVENT_CALL_DENIED, calls[i][0]);
	}
}

static void
an_unknown_method_is_an_error_with_a_suggestion_and_not_the_end(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply = stage_ask(stage, "memory.gte", "{}");

	stage_assert_error(&reply, "ProtocolError");
	assert_non_null(strstr(value_get(&reply.error, "message")->string, "memory.get"));
	stage_last(stage, EVENT_CALL_DENIED, "memory.gte");
	reply = stage_ask(stage, "tool.list", "{}");
	assert_int_equal(reply.error.type, VALUE_NULL);
}

static void
a_decision_is_the_record_and_names_the_tools_that_worked(void **state)
{
	struct stage *stage = *state;
	const struct stage_record *record;
	struct stage_reply reply;

	assert_tool_fails(stage, "", "no", 1 << 8, "ToolFailedError", "no");
	stage_call(stage, 1, "tool.call", DIFF);
	stage_tool_ends(stage, stage_until_messages(stage, 2), "{}", "", 0);
	stage_reply(stage);
	stage_until_records(stage, 4);
	stage->now_ns += 1500000000;
	reply = stage_ask(stage, "decision.record", DECISION);
	record = stage_last(stage, EVENT_DECISION, "decision.record");
	assert_int_equal(record->head.duration_ms, 1500);
	stage_assert_json(&record->body,
	    "{\"trigger\":\"cli.review\",\"input\":" STAGE_INPUT ",\"reasoning\":[\"small\"],"
	    "\"alternatives\":[{\"action\":\"approve\",\"score\":0.9}],\"confidence\":0.8,"
	    "\"output\":{\"verdict\":\"approve\"},\"tools_used\":[\"git.read.diff\"]}");
	assert_true(
	    value_is_string(value_get(&reply.result, "event"), "ae_00000000000000000000000005"));
}

static void
a_decision_that_lacks_its_shape_is_denied_with_the_field(void **state)
{
	static const char *const cases[][2] = {
	    {"{\"reasoning\":[],\"alternatives\":[],\"confidence\":1,\"output\":1}", "reasoning"},
	    {"{\"reasoning\":[1],\"alternatives\":[],\"confidence\":1,\"output\":1}",
		"reasoning[0]"},
	    {"{\"reasoning\":[\"\"],\"alternatives\":[],\"confidence\":1,\"output\":1}",
		"reasoning[0]"},
	    {"{\"reasoning\":[\"a\"],\"alternatives\":[{\"action\":\"b\"}],\"confidence\":1,"
	     "\"output\":1}",
		"alternatives[0]"},
	    {"{\"reasoning\":[\"a\"],\"alternatives\":[{\"action\":\"b\",\"score\":\"1\"}],"
	     "\"confidence\":1,\"output\":1}",
		"alternatives[0]"},
	    {"{\"reasoning\":[\"a\"],\"alternatives\":[],\"confidence\":1.5,\"output\":1}",
		"confidence"},
	    {"{\"reasoning\":[\"a\"],\"alternatives\":[],\"confidence\":1}", "output"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stage_reply reply = stage_ask(*state, "decision.record", cases[i][0]);

		stage_assert_error(&reply, "ProtocolError");
		assert_string_equal(value_get(&reply.error, "field")->string, cases[i][1]);
	}
}

static void
a_decision_larger_than_a_record_is_denied_and_the_denial_recorded(void **state)
{
	static char params[70000];
	const struct stage_record *record;
	struct stage_reply reply;
	int at = snprintf(params, sizeof(params),
	    "{\"reasoning\":[\"a\"],\"alternatives\":[],\"confidence\":1,\"output\":\"");

	memset(params + at, 'v', 62000);
	snprintf(params + at + 62000, sizeof(params) - (size_t)at - 62000, "\"}");
	reply = stage_ask(*state, "decision.record", params);
	stage_assert_error(&reply, "LimitError");
	record = stage_last(*state, EVENT_CALL_DENIED, "decision.record");
	assert_non_null(record);
	assert_int_equal(record->head.error, ERR_LIMIT);
}

static void
after_the_deadline_nothing_is_done(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply;

	stage->now_ns += UINT64_C(60000000000);
	reply = stage_ask(stage, "tool.list", "{}");
	stage_assert_error(&reply, "RunEndedError");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(run_input_says_what_woke_the_skill_and_is_recorded),
	    CASE(a_log_line_is_a_record_and_its_limits_hold),
	    CASE(a_notification_is_done_and_not_answered),
	    CASE(tool_list_shows_what_the_policy_allows),
	    CASE(a_tool_runs_after_its_intent_and_answers_with_its_json),
	    CASE(a_tool_that_exits_with_an_error_shows_the_end_of_its_stderr_printable),
	    CASE(a_tool_that_does_not_write_json_has_failed),
	    CASE(a_tool_that_writes_nothing_is_told_so),
	    CASE(a_tool_that_is_ended_is_described_as_a_tool),
	    CASE(the_result_of_a_tool_has_what_its_cell_has_used),
	    CASE(a_tool_that_writes_too_much_is_cancelled_and_a_limit_error),
	    CASE(every_denial_is_durable_before_the_skill_sees_it_and_nothing_happens),
	    CASE(the_call_above_the_budget_is_denied_by_its_rule_and_line),
	    cmocka_unit_test(the_call_above_a_tools_limit_is_denied_by_its_rule_and_line),
	    CASE(params_are_checked_before_a_handler_runs),
	    CASE(an_unknown_method_is_an_error_with_a_suggestion_and_not_the_end),
	    CASE(a_decision_is_the_record_and_names_the_tools_that_worked),
	    CASE(a_decision_that_lacks_its_shape_is_denied_with_the_field),
	    CASE(a_decision_larger_than_a_record_is_denied_and_the_denial_recorded),
	    CASE(after_the_deadline_nothing_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
