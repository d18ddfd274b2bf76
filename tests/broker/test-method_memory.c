/* memory.* as a Skill sees it: the policy, the store behind it, and their limits. */
#include <sqlite3.h>
#include <stdio.h>

#include "tests/broker/stage.h"
#include "tests/lib/check.h"

#define NOTE "{\"key\":\"ws/ws_acme/notes/pay/a\"}"
#define PUT "{\"key\":\"ws/ws_acme/notes/pay/a\",\"value\":{\"n\":1}}"

static void
another_workspaces_keys_are_a_scope_error_in_every_memory_method(void **state)
{
	static const char *const calls[][2] = {
	    {"memory.get", "{\"key\":\"ws/ws_other/notes/a\"}"},
	    {"memory.put", "{\"key\":\"ws/ws_other/notes/a\",\"value\":1}"},
	    {"memory.delete", "{\"key\":\"ws/ws_other/notes/a\"}"},
	    {"memory.list", "{\"prefix\":\"ws/ws_other/notes/\"}"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		struct stage_reply reply = stage_ask(*state, calls[i][0], calls[i][1]);

		stage_assert_error(&reply, "WorkspaceScopeError");
	}
}

static void
a_fact_is_written_after_its_intent_and_read_with_its_provenance(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply;

	reply = stage_ask(stage, "memory.get", NOTE);
	stage_assert_json(&reply.result, "{\"found\":false}");
	stage->hold = true;
	stage_call(stage, 1, "memory.put", PUT);
	stage_until_records(stage, 2);
	stage_call(stage, 2, "memory.get", NOTE);
	reply = stage_reply(stage);
	assert_int_equal(reply.id, 2);
	stage_assert_json(&reply.result, "{\"found\":false}");
	stage_release(stage);
	reply = stage_reply(stage);
	assert_int_equal(reply.id, 1);
	assert_int_equal(reply.error.type, VALUE_NULL);
	stage_until_records(stage, 4);
	stage_last(stage, EVENT_CALL_RESULT, "memory.put");
	reply = stage_ask(stage, "memory.get", NOTE);
	stage_assert_json(&reply.result, "{\"found\":true,\"value\":{\"n\":1},\"run\":\"" STAGE_RUN
					 "\",\"written_ms\":1795525228123}");
	reply = stage_ask(stage, "memory.delete", NOTE);
	stage_assert_json(&reply.result, "{\"existed\":true}");
	reply = stage_ask(stage, "memory.get", NOTE);
	stage_assert_json(&reply.result, "{\"found\":false}");
}

static void
a_list_shows_readable_keys_and_a_closed_namespace_is_denied(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply;

	stage_ask(stage, "memory.put", PUT);
	stage_ask(stage, "memory.put", "{\"key\":\"ws/ws_acme/notes/pay/b\",\"value\":2}");
	reply = stage_ask(stage, "memory.list", "{\"prefix\":\"ws/ws_acme/notes/\",\"limit\":1}");
	assert_true(value_get(&reply.result, "more")->boolean);
	assert_true(
	    value_is_string(value_path(&reply.result, "$.keys[0].key"), "ws/ws_acme/notes/pay/a"));
	reply = stage_ask(stage, "memory.list",
	    "{\"prefix\":\"ws/ws_acme/notes/\",\"after\":\"ws/ws_acme/notes/pay/a\"}");
	assert_false(value_get(&reply.result, "more")->boolean);
	assert_true(
	    value_is_string(value_path(&reply.result, "$.keys[0].key"), "ws/ws_acme/notes/pay/b"));
	reply = stage_ask(stage, "memory.list", "{\"prefix\":\"ws/ws_acme/\"}");
	assert_int_equal(value_get(&reply.result, "keys")->length, 2);
	reply = stage_ask(stage, "memory.list", "{\"prefix\":\"ws/ws_acme/secret/\"}");
	stage_assert_error(&reply, "MemoryNamespaceError");
}

/* Writes facts that the policy does not open, as a second connection to the same file. */
static void
fill(const struct stage *stage, const char *prefix, unsigned count)
{
	char path[512], text[512];
	sqlite3 *db = NULL;

	snprintf(path, sizeof(path), "%s/memory.db", stage->dir);
	snprintf(text, sizeof(text),
	    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %u)"
	    " INSERT INTO fact SELECT '" STAGE_WORKSPACE "', printf('%s%%06d', i), x'01', '', 0"
	    " FROM n",
	    count, prefix);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
a_list_that_stops_early_says_so(void **state)
{
	struct stage *stage = *state;
	struct stage_reply reply;

	fill(stage, "ws/ws_acme/secret/", BROKER_MEMORY_SCAN_MAX);
	reply = stage_ask(stage, "memory.list", "{\"prefix\":\"ws/ws_acme/\"}");
	stage_assert_error(&reply, "LimitError");
	fill(stage, "ws/ws_acme/notes/", 2);
	reply = stage_ask(stage, "memory.list", "{\"prefix\":\"ws/ws_acme/\"}");
	assert_int_equal(value_get(&reply.result, "keys")->length, 2);
	assert_true(value_get(&reply.result, "more")->boolean);
}

static void
a_value_above_64_kib_is_denied(void **state)
{
	static char params[70000];
	struct stage_reply reply;
	int at =
	    snprintf(params, sizeof(params), "{\"key\":\"ws/ws_acme/notes/pay/a\",\"value\":\"");

	memset(params + at, 'v', 66000);
	snprintf(params + at + 66000, sizeof(params) - (size_t)at - 66000, "\"}");
	reply = stage_ask(*state, "memory.put", params);
	stage_assert_error(&reply, "LimitError");
	/* What was refused stands in the record by digest and size. */
	assert_non_null(
	    value_path(&((struct stage *)*state)->records[0].body, "$.arguments.arguments_sha256"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(another_workspaces_keys_are_a_scope_error_in_every_memory_method),
	    CASE(a_fact_is_written_after_its_intent_and_read_with_its_provenance),
	    CASE(a_list_shows_readable_keys_and_a_closed_namespace_is_denied),
	    CASE(a_list_that_stops_early_says_so),
	    CASE(a_value_above_64_kib_is_denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
