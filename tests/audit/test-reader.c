#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "audit/reader.h"
#include "audit/sink.h"
#include "audit/verify.h"
#include "common/io.h"
#include "tests/audit/place.h"
#include "tests/lib/fail_nth.h"

static const char run[] = "rn_01JDF3Z0000000000000000000";

static void
append(struct place *place, enum event_kind kind, const char *tool, const void *body, size_t length)
{
	struct audit_record record = {.kind = kind, .skill = "sk_review", .duration_ms = 12};

	snprintf(record.run, sizeof(record.run), "%s", run);
	snprintf(record.tool, sizeof(record.tool), "%s", tool);
	record.body = (struct record_body){body, length};
	assert_int_equal(place_append(place, &record), ERR_OK);
}

/* What the broker packs for a decision. */
static void
append_decision(struct place *place)
{
	struct sink sink;
	msgpack_packer pk;

	sink_init(&sink, &pk);
	msgpack_pack_map(&pk, 7);
	sink_name(&pk, "trigger");
	sink_name(&pk, "cli");
	sink_name(&pk, "input");
	msgpack_pack_map(&pk, 1);
	sink_name(&pk, "prNumber");
	msgpack_pack_int(&pk, 1284);
	sink_name(&pk, "reasoning");
	msgpack_pack_array(&pk, 1);
	sink_name(&pk, "no tests\xe2\x80\xae were \xc2\x9b added");
	sink_name(&pk, "alternatives");
	msgpack_pack_array(&pk, 0);
	sink_name(&pk, "confidence");
	msgpack_pack_double(&pk, 0.75);
	sink_name(&pk, "output");
	msgpack_pack_nil(&pk);
	sink_name(&pk, "tools_used");
	msgpack_pack_array(&pk, 1);
	sink_name(&pk, "git.read.diff");
	append(place, EVENT_DECISION, "", sink.buffer.data, sink.buffer.size);
	sink_done(&sink);
}

/* A log with a run in it. */
static void
place_with_log(struct place *place)
{
	struct fault fault;

	place_init(place);
	assert_int_equal(place_open(place, AUDIT_BACKEND_AUTO, &fault), 0);
	append(place, EVENT_RUN_ADMITTED, "", "\xc0", 1);
	append(place, EVENT_CALL_INTENT, "git.read\x1b[31m", "not msgpack \xc1", 13);
	append_decision(place);
	append(place, EVENT_RUN_ENDED, "", NULL, 0);
}

static char *
shown(const struct place *place, const char *id, enum json_style style)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	struct fault fault = {0};

	assert_non_null(out);
	if (audit_show_event(out, place->dir, id, style, &fault) != ERR_OK)
		fail_msg("%s", fault.message);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
a_decision_is_exported_as_the_event_of_version_one(void **state)
{
	struct place place;
	SCOPED_FREE char *text = NULL;
	char *at;

	(void)state;
	place_with_log(&place);
	text = shown(&place, run, JSON_STYLE_COMPACT);
	/* Exactly these members in this order; ids and time are cut out. */
	assert_int_equal(strncmp(text, "{\"auditEventId\":\"ae_", 20), 0);
	at = strstr(text, "\",\"skillId\"");
	assert_non_null(at);
	at[strlen(at) - sizeof("2026-11-24T13:00:28.123Z\"}\n") + 1] = '\0';
	assert_string_equal(at,
	    "\",\"skillId\":\"sk_review\",\"runId\":\"rn_01JDF3Z0000000000000000000\","
	    "\"workspaceId\":\"ws_test\",\"trigger\":\"cli\",\"input\":{\"prNumber\":1284},"
	    "\"reasoning\":[\"no tests\\u202e were \\u009b added\"],\"alternatives\":[],"
	    "\"confidence\":0.75,\"output\":null,\"tools_used\":[\"git.read.diff\"],"
	    "\"duration_ms\":12,\"occurred_at\":\"");
	place_done(&place);
}

static void
hostile_text_reaches_no_terminal(void **state)
{
	struct place place;
	struct audit_reader *reader = NULL;
	struct audit_scan_record record;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	place_with_log(&place);
	assert_int_equal(audit_reader_open(place.dir, NULL, &reader, NULL), ERR_OK);
	while (audit_reader_next(reader, &record) == SCAN_RECORD) {
		struct arena arena;
		struct value value;

		arena_init(&arena, EXPORT_ARENA_MAX);
		export_line(out, &record.record, false);
		assert_int_equal(export_value(&record, &arena, &value, NULL), ERR_OK);
		assert_int_equal(export_json(out, &value, JSON_STYLE_COMPACT, NULL), ERR_OK);
		arena_clear(&arena);
	}
	fclose(out);
	for (size_t i = 0; i < length; i++)
		assert_true((unsigned char)text[i] >= ' ' || text[i] == '\n');
	assert_null(strstr(text, "\xc2\x9b"));
	assert_null(strstr(text, "\xe2\x80\xae"));
	/* A body that is no MessagePack is shown as base64. */
	assert_non_null(strstr(text, "\"body\":\"bm90IG1zZ3BhY2sgwQ==\""));
	free(text);
	audit_reader_close(&reader);
	place_done(&place);
}

static enum audit_verdict_code
verify(const struct place *place, const char *key, struct audit_verdict *verdict)
{
	struct note_key used;
	struct fault fault = {0};

	if (audit_verify_dir(place->dir, key, verdict, &used, &fault) != ERR_OK)
		fail_msg("%s", fault.message);
	return verdict->code;
}

static void
a_log_verifies_while_it_is_written(void **state)
{
	struct place place;
	struct audit_verdict verdict;

	(void)state;
	place_with_log(&place);
	for (unsigned i = 0; i < 60; i++) {
		struct audit_record record = {.kind = EVENT_PEER_REFUSED};
		static unsigned char body[9000];

		record.body = (struct record_body){body, i * 150};
		assert_int_equal(place_append(&place, &record), ERR_OK);
		(void)audit_log_prepare(place.log);
		assert_int_equal(verify(&place, NULL, &verdict), AUDIT_OK);
		assert_int_equal(verdict.size, 6 + i);
	}
	assert_true(verdict.segments > 1);
	place_done(&place);
}

static void
the_key_is_taken_from_where_the_auditor_keeps_it(void **state)
{
	struct place place, other;
	struct audit_verdict verdict;
	struct note_key key;
	struct fault fault;

	(void)state;
	place_with_log(&place);
	place_with_log(&other);
	assert_int_equal(verify(&place, place_path(&place, "log.vkey"), &verdict), AUDIT_OK);
	assert_int_equal(
	    verify(&place, place_path(&other, "log.vkey"), &verdict), AUDIT_UNKNOWN_KEY);
	assert_int_equal(verdict.place.index, 1);
	assert_int_equal(
	    audit_verify_dir(place.dir, place_path(&place, "anchor"), &verdict, &key, &fault),
	    ERR_NOT_FOUND);
	assert_int_equal(
	    audit_verify_dir("/nonexistent", NULL, &verdict, &key, &fault), ERR_NOT_FOUND);
	place_done(&place);
	place_done(&other);
}

static void
a_torn_tail_is_told_apart_and_repaired(void **state)
{
	struct place place;
	struct audit_verdict verdict;
	struct fault fault;
	SCOPED_FREE char *text = NULL;
	int fd;

	(void)state;
	place_with_log(&place);
	place_close(&place);
	fd = open(place_path(&place, "seg-0000000000000000.plog"), O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(io_pwrite_full(fd, "half a group", 12, 6 * (off_t)AUDIT_BLOCK), 0);
	close(fd);
	assert_int_equal(verify(&place, NULL, &verdict), AUDIT_TORN_TAIL);
	assert_int_equal(verdict.place.offset, 6 * AUDIT_BLOCK);
	assert_int_equal(verdict.size, 5);
	assert_int_equal(place_open(&place, AUDIT_BACKEND_AUTO, &fault), 0);
	assert_int_equal(verify(&place, NULL, &verdict), AUDIT_OK);
	assert_int_equal(verdict.size, 7); /* log.recovered, log.opened */
	assert_int_equal(
	    access(place_path(&place, "seg-0000000000000000.plog.24576.0.torn"), F_OK), 0);
	text = shown(&place, run, JSON_STYLE_PRETTY);
	assert_non_null(strstr(text, "\n  \"runId\": "));
	place_done(&place);
}

static bool
read_or_notice(void *context)
{
	struct place *place = context;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	struct fault fault;

	if (out == NULL)
		return true;
	if (audit_show_event(out, place->dir, run, JSON_STYLE_COMPACT, &fault) == ERR_OK)
		fflush(out);
	fclose(out);
	free(text);
	return true;
}

static bool
verify_or_notice(void *context)
{
	struct place *place = context;
	struct audit_verdict verdict;
	struct note_key key;
	struct fault fault;

	if (audit_verify_dir(place->dir, NULL, &verdict, &key, &fault) != ERR_OK)
		return true;
	/* An anchor that cannot be read is no reason to call a sound log unsound. */
	return verdict.code == AUDIT_OK ? verdict.size == 5 : verdict.code == AUDIT_UNREADABLE;
}

static void
every_failing_call_is_noticed(void **state)
{
	struct place place;

	(void)state;
	place_with_log(&place);
	place_close(&place);
	assert_true(fail_nth_until_ok(FAIL_IO | FAIL_MEMORY, EIO, read_or_notice, &place) > 5);
	assert_true(fail_nth_until_ok(FAIL_IO | FAIL_MEMORY, EIO, verify_or_notice, &place) > 5);
	place_done(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_decision_is_exported_as_the_event_of_version_one),
	    cmocka_unit_test(hostile_text_reaches_no_terminal),
	    cmocka_unit_test(a_log_verifies_while_it_is_written),
	    cmocka_unit_test(the_key_is_taken_from_where_the_auditor_keeps_it),
	    cmocka_unit_test(a_torn_tail_is_told_apart_and_repaired),
	    cmocka_unit_test(every_failing_call_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
