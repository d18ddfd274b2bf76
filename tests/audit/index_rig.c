#include "tests/audit/index_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "audit/sink.h"

static const char *const tools[] = {"", "git.read", "git.push", "fs.read"};
const char *const index_rig_events[2] = {"review", "deploy"};

const char *
index_rig_run_name(unsigned n)
{
	static char names[INDEX_RIG_RUNS][ID_MAX];

	snprintf(names[n], sizeof(names[n]), "rn_01JDF3Z000000000000000000%c", (char)('0' + n));
	return names[n];
}

void
index_rig_append(struct place *place, enum event_kind kind, unsigned run, const char *tool,
    enum err error, const void *body, size_t length)
{
	struct audit_record record = {.kind = kind, .error = error, .body = {body, length}};

	snprintf(record.skill, sizeof(record.skill), "sk_%s", run % 2 == 0 ? "even" : "odd");
	snprintf(record.run, sizeof(record.run), "%s", index_rig_run_name(run));
	snprintf(record.tool, sizeof(record.tool), "%s", tool);
	assert_int_equal(place_append(place, &record), ERR_OK);
}

/* As the supervisor packs it. */
void
index_rig_admit(struct place *place, unsigned run)
{
	struct sink sink;
	msgpack_packer pk;

	sink_init(&sink, &pk);
	msgpack_pack_map(&pk, 2);
	sink_name(&pk, "source");
	sink_name(&pk, "cli");
	sink_name(&pk, "event");
	sink_name(&pk, index_rig_events[run % 2]);
	index_rig_append(
	    place, EVENT_RUN_ADMITTED, run, "", ERR_OK, sink.buffer.data, sink.buffer.size);
	sink_done(&sink);
}

/* A record of a live run, from a small generator of our own: the same at each start. */
void
index_rig_append_some(struct place *place, unsigned count)
{
	static const struct {
		enum event_kind kind;
		enum err error;
	} rows[] = {
	    {EVENT_CALL_INTENT, ERR_OK},
	    {EVENT_CALL_RESULT, ERR_OK},
	    {EVENT_CALL_RESULT, ERR_TOOL_FAILED},
	    {EVENT_CALL_DENIED, ERR_TOOL_ARGUMENT},
	    {EVENT_CALL_READ, ERR_OK},
	};
	static const unsigned char filler[300];
	uint32_t seed = 1;

	for (unsigned i = 0; i < count; i++) {
		seed = seed * 1664525u + 1013904223u;
		index_rig_append(place, rows[seed >> 8 & 3].kind, seed >> 12 & 3,
		    tools[(seed >> 16 & 1) + 1], rows[seed >> 8 & 3].error, filler,
		    seed >> 20 & 255);
	}
}

/* Four runs live, several segments. */
void
index_rig_log(struct place *place)
{
	struct fault fault;

	place_init(place);
	assert_int_equal(place_open(place, AUDIT_BACKEND_AUTO, &fault), 0);
	for (unsigned run = 0; run < 4; run++)
		index_rig_admit(place, run);
	index_rig_append_some(place, INDEX_RIG_RECORDS);
}

struct audit_index *
index_rig_open_index(const struct place *place, const char *path, bool fresh)
{
	const struct audit_index_place where = {.log_dir = place->dir, .path = path};
	struct audit_index *index = NULL;
	struct fault fault = {0};

	if (audit_index_open(&where, fresh, NULL, NULL, &index, &fault) != ERR_OK)
		fail_msg("%s", fault.message);
	return index;
}

bool
index_rig_keep(void *context, const struct audit_scan_record *record)
{
	struct index_rig_answers *answers = context;

	assert_true(answers->count < ARRAY_SIZE(answers->at));
	answers->at[answers->count++] = record->record.index;
	return true;
}

void
index_rig_ask(
    struct audit_index *index, const struct audit_index_query *query, struct index_rig_answers *to)
{
	struct fault fault = {0};
	uint64_t next;
	bool more;

	to->count = 0;
	if (audit_index_find(index, query, index_rig_keep, to, &next, &more, &fault) != ERR_OK)
		fail_msg("%s", fault.message);
	assert_false(more);
}
