/* Runs as the supervisor sees them: grants, ends, violations, and the log that comes and goes. */
#include "broker/run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include "common/codec.h"
#include "tests/broker/stage.h"
#include "tests/lib/check.h"

#define NOTE "{\"key\":\"ws/ws_acme/notes/pay/a\"}"
#define PUT "{\"key\":\"ws/ws_acme/notes/pay/a\",\"value\":{\"n\":1}}"
#define DIFF "{\"tool\":\"git.read.diff\",\"arguments\":{\"commit\":\"1234567\"}}"
#define OTHER_RUN "rn_01ARZ3NDEKTSV4RRFFQ69G5FAW"

static int
set_up_bare(void **state)
{
	*state = stage_new_bare();
	return 0;
}

static void
assert_refused(struct stage *stage, const char *type)
{
	unsigned count = stage->message_count + 1;
	const struct stage_message *message = stage_until_messages(stage, count);

	assert_int_equal(message->type, WIRE_TYPE_GRANT_REFUSED);
	assert_string_equal(err_name(message->body.refused.fault.code), type);
}

static void
a_grant_that_cannot_be_served_is_refused_with_its_reason(void **state)
{
	struct stage *stage = *state;
	static char much[BROKER_INPUT_BYTES_MAX + 3];

	stage_grant(stage, STAGE_RUN, "ws_other", stage_policy(), STAGE_INPUT);
	assert_refused(stage, "WorkspaceScopeError");
	stage_grant(stage, STAGE_RUN, STAGE_WORKSPACE, "policy: 1\nskil: x\n", STAGE_INPUT);
	assert_refused(stage, "PolicyError");
	stage_grant(stage, STAGE_RUN, STAGE_WORKSPACE, stage_policy(), "{\"a\":1,\"a\":2}");
	assert_refused(stage, "ProtocolError");
	memset(much, '7', sizeof(much) - 1);
	much[0] = much[sizeof(much) - 2] = '"';
	stage_grant(stage, STAGE_RUN, STAGE_WORKSPACE, stage_policy(), much);
	assert_refused(stage, "LimitError");
	assert_null(stage->broker->runs);
	assert_int_equal(stage->broker->run_count, 0);
	/* What was refused was not kept: the same run can be granted. */
	stage_grant(stage, STAGE_RUN, STAGE_WORKSPACE, stage_policy(), STAGE_INPUT);
	assert_int_equal(stage_until_messages(stage, 5)->type, WIRE_TYPE_GRANT_READY);
	stage_grant(stage, STAGE_RUN, STAGE_WORKSPACE, stage_policy(), STAGE_INPUT);
	assert_refused(stage, "ProtocolError");
}

static void
a_policy_whose_digest_is_not_the_grants_is_refused(void **state)
{
	struct stage *stage = *state;
	struct broker_policies cache = {0};
	struct broker_policy *policy = NULL;
	const struct pack_file file = {"policy", 6, (const unsigned char *)"x", 1};
	struct digest other = {{1}};
	struct fault fault = {0};
	int fd = -1;

	(void)stage;
	assert_int_equal(pack_from_files(&file, 1, &fd, &fault), ERR_OK);
	assert_int_equal(broker_policies_get(&cache, fd, &other, &policy, &fault), ERR_POLICY);
	assert_null(policy);
	broker_policies_done(&cache);
	close(fd);
}

static void
a_policy_is_compiled_once_for_all_its_runs(void **state)
{
	struct stage *stage = *state;
	const struct policy *policy = stage->broker->runs->policy->policy;

	stage_grant(stage, OTHER_RUN, STAGE_WORKSPACE, stage_policy(), STAGE_INPUT);
	assert_int_equal(stage_until_messages(stage, 1)->type, WIRE_TYPE_GRANT_READY);
	assert_ptr_equal(stage->broker->runs->policy->policy, policy);
	assert_int_equal(stage->broker->policies.first->users, 2);
}

static void
end_run(struct stage *stage)
{
	struct wire_grant_end end = {.run = STAGE_RUN, .reason = END_EXITED};

	stage_tell(stage, WIRE_TYPE_GRANT_END, 6, &end);
}

static const struct wire_grant_closed *
closed(struct stage *stage)
{
	unsigned count = stage->message_count + 1;
	const struct stage_message *message = stage_until_messages(stage, count);

	assert_int_equal(message->type, WIRE_TYPE_GRANT_CLOSED);
	assert_int_equal(message->serial, 6);
	return &message->body.closed;
}

static void
the_end_says_what_was_called_denied_and_decided(void **state)
{
	struct stage *stage = *state;
	const struct wire_grant_closed *told;

	stage_ask(stage, "memory.get", NOTE);
	stage_ask(stage, "memory.get", "{\"key\":\"ws/ws_acme/secret/a\"}");
	stage_ask(stage, "decision.record",
	    "{\"reasoning\":[\"a\"],\"alternatives\":[],\"confidence\":1,\"output\":1}");
	end_run(stage);
	told = closed(stage);
	assert_int_equal(told->calls, 3);
	assert_int_equal(told->denied, 1);
	assert_string_equal(told->decision, "ae_00000000000000000000000003");
	assert_null(stage->broker->runs);
	assert_int_equal(recv(stage->skill, &(char){0}, 1, 0), 0);
}

static void
the_end_waits_for_the_runs_last_record(void **state)
{
	struct stage *stage = *state;

	stage->hold = true;
	stage_ask(stage, "memory.get", NOTE);
	end_run(stage);
	stage_until_records(stage, 1);
	stage_settle(stage);
	assert_int_equal(stage->message_count, 0);
	stage_release(stage);
	closed(stage);
}

static void
the_end_of_an_unknown_run_is_answered(void **state)
{
	end_run(*state);
	assert_int_equal(closed(*state)->calls, 0);
}

static void
an_end_cancels_the_tool_and_gives_its_intent_a_result(void **state)
{
	struct stage *stage = *state;
	struct stage_message *exec;

	stage_call(stage, 1, "tool.call", DIFF);
	exec = stage_until_messages(stage, 1);
	end_run(stage);
	assert_int_equal(stage_until_messages(stage, 2)->type, WIRE_TYPE_TOOL_CANCEL);
	closed(stage);
	assert_int_equal(
	    stage_last(stage, EVENT_CALL_RESULT, "git.read.diff")->head.error, ERR_RUN_ENDED);
	/* Its end was on the way: nobody waits for it, and nothing breaks. */
	signal(SIGPIPE, SIG_IGN);
	stage_tell(stage, WIRE_TYPE_TOOL_DONE, 0,
	    &(struct wire_tool_done){.run = STAGE_RUN, .call = exec->body.exec.call});
	stage_settle(stage);
	assert_false(stage->supervisor_closed);
}

static const struct wire_grant_violation *
violation(struct stage *stage)
{
	const struct stage_message *message = stage_until_messages(stage, 1);

	assert_int_equal(message->type, WIRE_TYPE_GRANT_VIOLATION);
	assert_string_equal(message->body.violation.run, STAGE_RUN);
	assert_int_equal(message->body.violation.fault.code, ERR_PROTOCOL);
	return &message->body.violation;
}

static void
garbage_ends_its_own_run_only(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply;
	int garbage;

	garbage = stage->skill;
	stage->skill = -1;
	stage_grant(stage, OTHER_RUN, STAGE_WORKSPACE, stage_policy(), STAGE_INPUT);
	assert_int_equal(stage_until_messages(stage, 1)->type, WIRE_TYPE_GRANT_READY);
	stage->message_count = 0;
	assert_true(write(garbage, "GET / HTTP/1.1\r\n\r\n", 18) == 18);
	violation(stage);
	close(garbage);
	reply = stage_ask(stage, "tool.list", "{}");
	assert_int_equal(reply.error.type, VALUE_NULL);
	end_run(stage);
	assert_int_equal(stage_until_messages(stage, 2)->type, WIRE_TYPE_GRANT_CLOSED);
}

static void
a_message_that_is_never_completed_ends_the_run(void **state)
{
	struct stage *stage = *state;

	stage_send(stage, "\x94\x00", 2);
	assert_non_null(strstr(violation(stage)->fault.message, "not completed in time"));
}

static void
a_message_that_dribbles_has_no_more_time_than_one_that_stops(void **state)
{
	struct stage *stage = *state;

	stage_send(stage, "\x94\x00\x01\xda\x00\x20", 6);
	while (stage->message_count == 0) {
		stage_settle(stage);
		(void)!send(stage->skill, "a", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (recv(stage->skill, &(char){0}, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
			stage_until_messages(stage, 1);
	}
	violation(stage);
}

static void
the_same_id_twice_in_flight_ends_the_run(void **state)
{
	struct stage *stage = *state;

	stage->hold = true;
	stage_call(stage, 1, "memory.put", PUT);
	stage_call(stage, 1, "memory.get", NOTE);
	assert_non_null(strstr(violation(stage)->fault.message, "in flight"));
	stage_release(stage);
}

static void
a_skill_that_never_reads_ends_its_run(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply;
	unsigned sent = 0;

	(void)reply;
	/* Replies of 8 KiB: a log line that is echoed nowhere is too small to fill a socket. */
	while (stage->message_count == 0 && sent < 100000) {
		struct buffer request = {.limit = 4096};
		static const char head[] = "\x94\x00";
		unsigned char id[5] = {0xce, (unsigned char)(sent >> 24),
		    (unsigned char)(sent >> 16), (unsigned char)(sent >> 8), (unsigned char)sent};

		assert_true(buffer_add(&request, head, 2));
		assert_true(buffer_add(&request, id, 5));
		assert_true(buffer_add(&request, "\xa9run.input\x80", 11));
		if (send(stage->skill, request.data, request.length, MSG_NOSIGNAL | MSG_DONTWAIT) ==
		    (ssize_t)request.length)
			sent++;
		else
			event_base_loop(stage->base, EVLOOP_ONCE);
		stage->record_count = 0;
		stage->acked = 0;
		buffer_done(&request);
		event_base_loop(stage->base, EVLOOP_NONBLOCK);
	}
	assert_non_null(strstr(violation(stage)->fault.message, "does not read"));
	assert_true(stage->broker->runs->door != NULL);
}

static void
more_calls_than_may_be_in_flight_wait_and_are_all_answered(void **state)
{
	enum { CALLS = 3 * BROKER_CALLS_MAX };
	struct stage *stage = *state;
	bool seen[CALLS] = {false};

	stage->hold = true;
	for (uint32_t i = 0; i < CALLS; i++)
		stage_call(stage, i, "memory.put", PUT);
	stage_until_records(stage, BROKER_CALLS_MAX);
	stage_settle(stage);
	assert_int_equal(stage->record_count, BROKER_CALLS_MAX);
	assert_int_equal(stage->broker->runs->call_count, BROKER_CALLS_MAX);
	stage_release(stage);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct stage_reply reply = stage_reply(stage);

		assert_int_equal(reply.error.type, VALUE_NULL);
		assert_true(reply.id < CALLS && !seen[reply.id]);
		seen[reply.id] = true;
	}
	assert_int_equal(stage->broker->runs->held, 0);
}

static void
reads_wait_when_the_log_does_not_keep_up(void **state)
{
	struct stage *stage = *state;

	stage->hold = true;
	for (uint32_t i = 0; i < 2 * BROKER_RECORDS_WAITING_MAX; i++)
		stage_call(stage, i, "memory.get", NOTE);
	stage_until_records(stage, BROKER_RECORDS_WAITING_MAX);
	stage_settle(stage);
	assert_int_equal(stage->record_count, BROKER_RECORDS_WAITING_MAX);
	stage_release(stage);
	for (uint32_t i = 0; i < 2 * BROKER_RECORDS_WAITING_MAX; i++)
		stage_reply(stage);
}

static void
a_skill_that_is_denied_without_end_is_ended(void **state)
{
	struct stage *stage = *state;

	for (unsigned i = 0; i < BROKER_DENIED_MAX; i++)
		stage_ask(stage, "nothing", "{}");
	stage_call(stage, 1, "nothing", "{}");
	assert_non_null(strstr(violation(stage)->fault.message, "denied"));
	assert_int_equal(stage->record_count, BROKER_DENIED_MAX);
}

static void
a_skill_that_goes_away_is_no_violation(void **state)
{
	struct stage *stage = *state;

	stage_send(stage, "\x94\x00", 2);
	close(stage->skill);
	stage->skill = -1;
	stage_settle(stage);
	end_run(stage);
	closed(stage);
}

static void
without_the_log_nothing_is_done(void **state)
{
	static const char *const calls[][2] = {{"memory.put", PUT}, {"memory.get", NOTE},
	    {"tool.call", DIFF}, {"run.input", "{}"}, {"nothing", "{}"}};
	struct stage *stage = *state;
	struct stage_reply reply;

	stage_audit_down(stage);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		reply = stage_ask(stage, calls[i][0], calls[i][1]);
		stage_assert_error(&reply, "AuditUnavailableError");
		assert_true(value_get(&reply.error, "retry")->boolean);
	}
	assert_int_equal(stage->message_count, 0);
	assert_int_equal(stage->broker->runs->budget_calls, 0);
	stage_audit_up(stage);
	reply = stage_ask(stage, "memory.get", NOTE);
	assert_int_equal(reply.error.type, VALUE_NULL);
	assert_false(value_get(&reply.result, "found")->boolean);
}

static void
what_waits_when_the_log_goes_is_refused_and_not_done(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply;

	stage->hold = true;
	stage_call(stage, 1, "memory.put", PUT);
	stage_call(stage, 2, "tool.call", DIFF);
	stage_call(stage, 3, "nothing", "{}");
	stage_until_records(stage, 3);
	stage_audit_down(stage);
	for (int i = 0; i < 3; i++) {
		reply = stage_reply(stage);
		stage_assert_error(&reply, "AuditUnavailableError");
	}
	assert_int_equal(stage->message_count, 0);
	assert_int_equal(stage->broker->runs->budget_calls, 0);
	stage->hold = false;
	stage_audit_up(stage);
	reply = stage_ask(stage, "memory.get", NOTE);
	assert_false(value_get(&reply.result, "found")->boolean);
}

static void
a_record_that_the_log_refuses_stops_its_effect(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply;

	stage->refuse = 1;
	reply = stage_ask(stage, "memory.put", PUT);
	stage_assert_error(&reply, "AuditUnavailableError");
	assert_non_null(strstr(value_get(&reply.error, "message")->string, "the disk is full"));
	reply = stage_ask(stage, "memory.get", NOTE);
	assert_false(value_get(&reply.result, "found")->boolean);
}

static bool
has_no_runs(struct stage *stage)
{
	return stage->broker->runs == NULL;
}

static void
without_the_supervisor_all_runs_end_and_another_may_come(void **state)
{
	struct stage *stage = *state;
	int fd;

	stage_call(stage, 1, "tool.call", DIFF);
	stage_until_messages(stage, 1);
	peer_free(&stage->supervisor);
	stage_until(stage, has_no_runs);
	stage_last(stage, EVENT_CALL_RESULT, "git.read.diff");
	assert_int_equal(recv(stage->skill, &(char){0}, 1, 0), 0);
	assert_int_equal(peer_connect(stage->supervisor_path, &fd), 0);
	close(fd);
	stage_settle(stage);
}

static void
a_second_supervisor_is_turned_away_and_recorded(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply;
	int fd;

	assert_int_equal(peer_connect(stage->supervisor_path, &fd), 0);
	stage_until_records(stage, 1);
	assert_int_equal(stage->records[0].head.kind, EVENT_PEER_REFUSED);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	assert_int_equal(recv(fd, &(char){0}, 1, 0), 0);
	close(fd);
	reply = stage_ask(stage, "tool.list", "{}");
	assert_int_equal(reply.error.type, VALUE_NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
#define BARE(name) cmocka_unit_test_setup_teardown(name, set_up_bare, stage_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BARE(a_grant_that_cannot_be_served_is_refused_with_its_reason),
	    CASE(a_policy_whose_digest_is_not_the_grants_is_refused),
	    CASE(a_policy_is_compiled_once_for_all_its_runs),
	    CASE(the_end_says_what_was_called_denied_and_decided),
	    CASE(the_end_waits_for_the_runs_last_record),
	    BARE(the_end_of_an_unknown_run_is_answered),
	    CASE(an_end_cancels_the_tool_and_gives_its_intent_a_result),
	    CASE(garbage_ends_its_own_run_only),
	    CASE(a_message_that_is_never_completed_ends_the_run),
	    CASE(a_message_that_dribbles_has_no_more_time_than_one_that_stops),
	    CASE(the_same_id_twice_in_flight_ends_the_run),
	    CASE(a_skill_that_never_reads_ends_its_run),
	    CASE(more_calls_than_may_be_in_flight_wait_and_are_all_answered),
	    CASE(reads_wait_when_the_log_does_not_keep_up),
	    CASE(a_skill_that_is_denied_without_end_is_ended),
	    CASE(a_skill_that_goes_away_is_no_violation),
	    CASE(without_the_log_nothing_is_done),
	    CASE(what_waits_when_the_log_goes_is_refused_and_not_done),
	    CASE(a_record_that_the_log_refuses_stops_its_effect),
	    CASE(without_the_supervisor_all_runs_end_and_another_may_come),
	    CASE(a_second_supervisor_is_turned_away_and_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
