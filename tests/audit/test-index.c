#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "audit/reader.h"
#include "tests/audit/index_rig.h"

static struct digest
digest_of_index(const struct place *place, const char *path, bool fresh)
{
	struct audit_index *index = index_rig_open_index(place, path, fresh);
	struct digest digest;
	struct fault fault;

	assert_int_equal(audit_index_digest(index, &digest, &fault), ERR_OK);
	audit_index_close(&index);
	return digest;
}

static bool
is_refusal(enum event_kind kind)
{
	return kind == EVENT_CALL_DENIED || kind == EVENT_RUN_REFUSED ||
	       kind == EVENT_CELL_DENIED || kind == EVENT_PEER_REFUSED ||
	       kind == EVENT_POLICY_REFUSED;
}

static enum audit_index_verdict
verdict_of(const struct audit_record *record)
{
	return is_refusal(record->kind)  ? INDEX_DENIED
	       : record->error != ERR_OK ? INDEX_FAILED
					 : INDEX_OK;
}

/* What a query means, said once more and without an index. */
static bool
fits(const struct audit_index_query *q, const struct audit_record *r)
{
	bool own_event =
	    r->run[0] != '\0' &&
	    (q->event == NULL ||
		strcmp(q->event,
		    index_rig_events[(unsigned)(r->run[strlen(r->run) - 1] - '0') % 2]) == 0);

	return (q->run == NULL || strcmp(q->run, r->run) == 0) &&
	       (q->skill == NULL || strcmp(q->skill, r->skill) == 0) &&
	       (q->tool == NULL || strcmp(q->tool, r->tool) == 0) &&
	       (q->source == NULL || (strcmp(q->source, "cli") == 0 && own_event)) &&
	       (q->kind == EVENT_NONE || q->kind == r->kind) &&
	       (q->error == ERR_OK || q->error == r->error) &&
	       (q->verdict == INDEX_ANY || q->verdict == verdict_of(r)) &&
	       r->realtime_ms >= q->since_ms &&
	       (q->until_ms == 0 || r->realtime_ms < q->until_ms) && r->index >= q->from;
}

static void
read_all(
    const struct place *place, const struct audit_index_query *query, struct index_rig_answers *to)
{
	struct audit_reader *reader = NULL;
	struct audit_scan_record record;
	struct fault fault;

	to->count = 0;
	assert_int_equal(audit_reader_open(place->dir, NULL, &reader, &fault), ERR_OK);
	while (audit_reader_next(reader, &record) == SCAN_RECORD)
		if (fits(query, &record.record))
			index_rig_keep(to, &record);
	audit_reader_close(&reader);
}

/* The time of the record in the middle, so that it cuts the log. */
static uint64_t
middle_ms(const struct place *place)
{
	struct audit_reader *reader = NULL;
	struct audit_scan_record record;
	struct fault fault;
	uint64_t ms = 0;

	assert_int_equal(audit_reader_open(place->dir, NULL, &reader, &fault), ERR_OK);
	while (audit_reader_next(reader, &record) == SCAN_RECORD &&
	       record.record.index < INDEX_RIG_RECORDS / 2)
		ms = record.record.realtime_ms;
	audit_reader_close(&reader);
	return ms;
}

static void
an_index_answers_as_a_reading_of_the_whole_log_does(void **state)
{
	struct index_rig_answers found, expected;
	struct audit_index *index;
	struct place place;
	unsigned asked = 0;
	uint64_t ms;

	(void)state;
	index_rig_log(&place);
	ms = middle_ms(&place);
	index = index_rig_open_index(&place, NULL, false);
	/* Each bit gives one condition: all their combinations. */
	for (unsigned bits = 0; bits < 512; bits++) {
		const struct audit_index_query query = {
		    .run = (bits & 1) != 0 ? index_rig_run_name(1) : NULL,
		    .skill = (bits & 2) != 0 ? "sk_odd" : NULL,
		    .tool = (bits & 4) != 0 ? "git.push" : NULL,
		    .source = (bits & 8) != 0 ? "cli" : NULL,
		    .event = (bits & 8) != 0 && (bits & 1) != 0 ? "deploy" : NULL,
		    .kind = (bits & 16) != 0 ? EVENT_CALL_RESULT : EVENT_NONE,
		    .error = (bits & 32) != 0 ? ERR_TOOL_FAILED : ERR_OK,
		    .verdict = (bits & 64) != 0 ? INDEX_FAILED : INDEX_ANY,
		    .since_ms = (bits & 128) != 0 ? ms : 0,
		    .until_ms = (bits & 128) != 0 ? ms + 1000 * 1000 : 0,
		    .from = (bits & 256) != 0 ? 100 : 0,
		};

		index_rig_ask(index, &query, &found);
		read_all(&place, &query, &expected);
		assert_int_equal(found.count, expected.count);
		assert_memory_equal(found.at, expected.at, found.count * sizeof(*found.at));
		asked += found.count > 0;
	}
	assert_true(asked > 100);
	audit_index_close(&index);
	place_done(&place);
}

static void
what_nobody_recorded_is_not_found(void **state)
{
	static const struct audit_index_query queries[] = {
	    {.run = "rn_01JDF3Z0000000000000000009"},
	    {.tool = "x' OR '1'='1"},
	    {.source = "github"},
	    {.source = "cli", .event = "merge"},
	    {.kind = EVENT_DECISION},
	    {.from = INDEX_RIG_RECORDS * 2},
	    {.until_ms = 1},
	};
	struct audit_index *index;
	struct index_rig_answers found;
	struct place place;

	(void)state;
	index_rig_log(&place);
	index = index_rig_open_index(&place, NULL, false);
	for (unsigned i = 0; i < ARRAY_SIZE(queries); i++) {
		index_rig_ask(index, &queries[i], &found);
		assert_int_equal(found.count, 0);
	}
	audit_index_close(&index);
	place_done(&place);
}

static void
pages_hold_every_record_once(void **state)
{
	struct audit_index_query query = {.skill = "sk_odd", .limit = 7};
	struct index_rig_answers found = {0}, expected;
	struct audit_index *index;
	struct place place;
	struct fault fault;
	bool more = true;

	(void)state;
	index_rig_log(&place);
	index = index_rig_open_index(&place, NULL, false);
	while (more) {
		unsigned before = found.count;

		assert_int_equal(audit_index_find(index, &query, index_rig_keep, &found,
				     &query.from, &more, &fault),
		    ERR_OK);
		assert_true(found.count - before <= 7);
	}
	query = (struct audit_index_query){.skill = "sk_odd"};
	read_all(&place, &query, &expected);
	assert_int_equal(found.count, expected.count);
	assert_memory_equal(found.at, expected.at, found.count * sizeof(*found.at));
	audit_index_close(&index);
	place_done(&place);
}

static void
an_index_that_grew_with_the_log_is_the_one_made_at_its_end(void **state)
{
	struct digest grown, made;
	struct place place;
	char other[160];

	(void)state;
	index_rig_log(&place);
	for (unsigned i = 0; i < 30; i++) {
		index_rig_append_some(&place, 1 + i);
		(void)digest_of_index(&place, NULL, false);
	}
	index_rig_append(&place, EVENT_RUN_ENDED, 2, "", ERR_OK, NULL, 0);
	index_rig_admit(&place, 5);
	grown = digest_of_index(&place, NULL, false);
	snprintf(other, sizeof(other), "%s/other.db", place.dir);
	made = digest_of_index(&place, other, false);
	assert_true(digest_equal(&grown, &made));
	made = digest_of_index(&place, other, true);
	assert_true(digest_equal(&grown, &made));
	place_done(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_index_answers_as_a_reading_of_the_whole_log_does),
	    cmocka_unit_test(what_nobody_recorded_is_not_found),
	    cmocka_unit_test(pages_hold_every_record_once),
	    cmocka_unit_test(an_index_that_grew_with_the_log_is_the_one_made_at_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
