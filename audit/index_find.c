/* What is asked of an index: rows by filters, each record proven before it is handed out. */
#include "audit/index_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "audit/proof.h"

enum { SQL_BYTES = 2048 };

static const struct index_tile *
load_tile(struct audit_index *index, unsigned level, uint64_t place)
{
	struct index_tile *tile = &index->tiles[level];
	sqlite3_stmt *get;
	size_t bytes;

	if (tile->held && tile->place == place)
		return tile;
	tile->held = false;
	get = index_statement(index, INDEX_TILE_GET);
	sqlite3_bind_int64(get, 1, (int64_t)level);
	sqlite3_bind_int64(get, 2, (int64_t)place);
	if (sqlite3_step(get) == SQLITE_ROW) {
		bytes = (size_t)sqlite3_column_bytes(get, 0);
		tile->place = place;
		tile->width = (unsigned)(bytes / sizeof(struct digest));
		tile->held = bytes <= sizeof(tile->hashes) && bytes % sizeof(struct digest) == 0 &&
			     index_blob(get, 0, tile->hashes, bytes);
	}
	sqlite3_reset(get);
	return tile->held ? tile : NULL;
}

/* The hash of the complete subtree of 2^height entries at start. All of its nodes of the level
 * beneath stand in one tile. */
static bool
subtree(struct audit_index *index, uint64_t start, unsigned height, struct digest *ret)
{
	unsigned level = height / 8, count = 1u << height % 8;
	uint64_t first = start >> (8 * level);
	const struct index_tile *tile = load_tile(index, level, first / TILE_WIDTH);
	struct merkle_range range = {0};

	if (tile == NULL || first % TILE_WIDTH + count > tile->width)
		return false;
	for (unsigned i = 0; i < count; i++)
		merkle_append(&range, &tile->hashes[first % TILE_WIDTH + i]);
	*ret = merkle_root(&range);
	return true;
}

/* The hash of entries [start, end): its complete subtrees, largest first, joined from the right. */
static bool
part_hash(struct audit_index *index, uint64_t start, uint64_t end, struct digest *ret)
{
	struct merkle_range range = {.size = end - start};

	for (unsigned height = MERKLE_LEVELS; height-- > 0;) {
		if (((end - start) >> height & 1) == 0)
			continue;
		if (height >= 8 * TILE_LEVELS ||
		    !subtree(index, start, height, &range.nodes[range.depth++]))
			return false;
		start += UINT64_C(1) << height;
	}
	*ret = merkle_root(&range);
	return true;
}

bool
index_prove(struct audit_index *index, uint64_t at, const struct digest *leaf)
{
	struct digest hashes[MERKLE_LEVELS];
	struct proof proof;

	if (!proof_inclusion(&proof, at, index->head.size))
		return false;
	for (unsigned i = 0; i < proof.count; i++)
		if (!part_hash(index, proof.parts[i].start, proof.parts[i].end,
			&hashes[proof.parts[i].place]))
			return false;
	return merkle_includes(at, index->head.size, leaf, hashes, proof.count, &index->root);
}

/* Opens the segment that starts with this record. NULL on success, or what is wrong. */
static const char *
open_segment(struct audit_index *index, uint64_t first)
{
	const struct audit_files *files = &index->files;
	unsigned char block[AUDIT_BLOCK];
	char name[SEGMENT_NAME_MAX];

	if (index->handle >= 0 && index->segment.first_index == first)
		return NULL;
	if (index->handle >= 0)
		files->ops->close(files->state, index->handle);
	segment_name(name, first);
	index->handle = files->ops->open(files->state, name, AUDIT_FILE_READ);
	if (index->handle < 0 || files->ops->read(files->state, index->handle, block, sizeof(block),
				     0) != (ssize_t)sizeof(block))
		return "its segment cannot be read";
	return segment_header_parse(block, &index->segment);
}

/* Reads record at from its place, and believes neither. NULL on success, or what is wrong. frame
 * has room for the largest frame; *ret borrows from it. */
static const char *
read_record(struct audit_index *index, uint64_t at, uint64_t segment, uint64_t offset,
    unsigned char *bytes, size_t room, struct audit_scan_record *ret)
{
	const struct audit_files *files = &index->files;
	const char *why = open_segment(index, segment);
	struct frame frame;
	ssize_t n;

	if (why != NULL)
		return why;
	n = files->ops->read(files->state, index->handle, bytes, room, offset);
	if (n < 0)
		return "its segment cannot be read";
	why = frame_parse(bytes, (size_t)n, index->segment.id, &frame);
	if (why == NULL && (frame.type != FRAME_EVENT || frame.index != at))
		why = "another record stands there";
	if (why == NULL)
		why = record_parse(frame.body, frame.length, &ret->record);
	if (why != NULL)
		return why;
	ret->leaf = frame.body;
	ret->leaf_length = frame.length;
	ret->leaf_hash = merkle_leaf(frame.body, frame.length);
	segment_name(ret->place.segment, segment);
	ret->place.offset = offset;
	ret->place.index = at;
	return ret->record.index == at && index_prove(index, at, &ret->leaf_hash)
		   ? NULL
		   : "it is not what the log has signed";
}

/* A condition of a query. text: has one ?; those that stand first narrow most, and only the first
 * that is given may choose SQLite's way in (the unary + keeps the others from it). */
struct condition {
	const char *text;
	bool given;
	const char *word; /* NULL: number */
	int64_t number;
};

#define NAMED "(SELECT id FROM name WHERE text = ?)"
static const char source_text[] = "run IN (SELECT run FROM trigger WHERE source = " NAMED ")";
static const char event_text[] = "run IN (SELECT run FROM trigger WHERE event = " NAMED ")";
static const char denied_text[] = "+kind IN (11, 14, 16, 22, 40) AND ? = 0";
static const char failed_text[] = "+error != 0 AND +kind NOT IN (11, 14, 16, 22, 40) AND ? = 0";
static const char ok_text[] = "+error = 0 AND +kind NOT IN (11, 14, 16, 22, 40) AND ? = 0";

_Static_assert(EVENT_RUN_REFUSED == 11 && EVENT_CELL_DENIED == 14 && EVENT_POLICY_REFUSED == 16 &&
		   EVENT_CALL_DENIED == 22 && EVENT_PEER_REFUSED == 40,
    "the kinds that say that something was refused");

static const char *
verdict_text(enum audit_index_verdict verdict)
{
	return verdict == INDEX_DENIED   ? denied_text
	       : verdict == INDEX_FAILED ? failed_text
					 : ok_text;
}

enum { CONDITIONS = 11 };

static bool
is_given(const char *word)
{
	return word != NULL && word[0] != '\0';
}

static void
conditions_of(const struct audit_index_query *q, struct condition to[CONDITIONS])
{
	const struct condition all[CONDITIONS] = {
	    {"run = " NAMED, is_given(q->run), q->run, 0},
	    {"error = ? AND error != 0", q->error != ERR_OK, NULL, (int64_t)q->error},
	    {"tool = " NAMED, is_given(q->tool), q->tool, 0},
	    {event_text, is_given(q->event), q->event, 0},
	    {source_text, is_given(q->source), q->source, 0},
	    {"kind = ?", q->kind != EVENT_NONE, NULL, (int64_t)q->kind},
	    {"time_ms >= ?", q->since_ms > 0, NULL, (int64_t)q->since_ms},
	    {"time_ms < ?", q->until_ms > 0, NULL, (int64_t)q->until_ms},
	    {"skill = " NAMED, is_given(q->skill), q->skill, 0},
	    {verdict_text(q->verdict), q->verdict != INDEX_ANY, NULL, 0},
	    {"at >= ?", true, NULL, (int64_t)q->from},
	};

	memcpy(to, all, sizeof(all));
}

static bool
bind_all(sqlite3_stmt *statement, const struct condition conditions[CONDITIONS])
{
	int at = 1;

	for (unsigned i = 0; i < CONDITIONS; i++) {
		if (!conditions[i].given)
			continue;
		if ((conditions[i].word != NULL
			    ? sqlite3_bind_text(
				  statement, at, conditions[i].word, -1, SQLITE_STATIC)
			    : sqlite3_bind_int64(statement, at, conditions[i].number)) != SQLITE_OK)
			return false;
		at++;
	}
	return true;
}

/* The statement of a query: texts of the table alone, what was asked for is bound. */
static sqlite3_stmt *
prepare(struct audit_index *index, const struct audit_index_query *query)
{
	struct condition conditions[CONDITIONS];
	char sql[SQL_BYTES];
	sqlite3_stmt *statement = NULL;
	const char *sign = "";
	int at = snprintf(sql, sizeof(sql), "SELECT at, segment, offset FROM record WHERE 1");

	conditions_of(query, conditions);
	for (unsigned i = 0; i < CONDITIONS; i++) {
		if (!conditions[i].given)
			continue;
		at += snprintf(sql + at, sizeof(sql) - (size_t)at, " AND %s%s",
		    conditions[i].text[0] == '+' || i == CONDITIONS - 1 ? "" : sign,
		    conditions[i].text);
		sign = "+";
	}
	snprintf(sql + at, sizeof(sql) - (size_t)at, " ORDER BY at");
	if (sqlite3_prepare_v2(index->db, sql, -1, &statement, NULL) == SQLITE_OK &&
	    bind_all(statement, conditions))
		return statement;
	sqlite3_finalize(statement);
	return NULL;
}

struct page {
	uint64_t given;
	uint64_t next;
	bool more;
	bool whole_run; /* every record of one run is asked for */
	uint64_t seq;   /* of those, the next one's number */
};

/* A run without any other condition. */
static bool
is_whole_run(const struct audit_index_query *query)
{
	struct condition conditions[CONDITIONS];
	unsigned given = 0;

	conditions_of(query, conditions);
	for (unsigned i = 0; i < CONDITIONS; i++)
		given += conditions[i].given;
	return is_given(query->run) && query->from == 0 && given == 2;
}

/* A refusal that names a run which is not live stands outside that run's chain. */
static bool
continues(struct page *page, const struct audit_record *record)
{
	if (record->run_seq == 0 && record->kind != EVENT_RUN_ADMITTED)
		return true;
	return record->run_seq == page->seq++;
}

static enum err
hand_out(struct audit_index *index, sqlite3_stmt *rows, const struct audit_index_query *query,
    audit_index_each *each, void *context, struct page *page, struct fault *fault)
{
	const size_t room = FRAME_HEAD + FRAME_BODY_MAX + FRAME_ALIGN;
	SCOPED_FREE unsigned char *bytes = malloc(room);
	int step;

	if (bytes == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
		uint64_t at = (uint64_t)sqlite3_column_int64(rows, 0);
		struct audit_scan_record record;
		const char *why;

		page->more = query->limit > 0 && page->given == query->limit;
		if (page->more)
			return ERR_OK;
		why = read_record(index, at, (uint64_t)sqlite3_column_int64(rows, 1),
		    (uint64_t)sqlite3_column_int64(rows, 2), bytes, room, &record);
		if (why != NULL)
			return fault_set(fault, ERR_PROTOCOL,
			    "the index and the log disagree at record %" PRIu64
			    ": %s; praxa audit verify tells whether it is the log, praxa audit "
			    "index --rebuild makes the index again",
			    at, why);
		if (page->whole_run && !continues(page, &record.record))
			return fault_set(fault, ERR_PROTOCOL,
			    "the index leaves out records of the run before record %" PRIu64
			    "; praxa audit index --rebuild makes it again",
			    at);
		page->given++;
		page->next = at + 1;
		if (!each(context, &record))
			return ERR_OK;
	}
	return step == SQLITE_DONE ? ERR_OK : index_failed(index, "read", fault);
}

enum err
audit_index_find(struct audit_index *index, const struct audit_index_query *query,
    audit_index_each *each, void *context, uint64_t *ret_next, bool *ret_more, struct fault *fault)
{
	struct page page = {.next = query->from, .whole_run = is_whole_run(query)};
	sqlite3_stmt *rows = prepare(index, query);
	enum err r = rows != NULL ? hand_out(index, rows, query, each, context, &page, fault)
				  : index_failed(index, "read", fault);

	sqlite3_finalize(rows);
	*ret_next = page.next;
	*ret_more = page.more;
	return r;
}

/* Every table in the order of its key, every column as it is. */
static const char *const content[] = {
    "SELECT * FROM about ORDER BY id",
    "SELECT * FROM live_run ORDER BY run",
    "SELECT * FROM tile ORDER BY level, place",
    "SELECT * FROM name ORDER BY id",
    "SELECT * FROM trigger ORDER BY run",
    "SELECT * FROM record ORDER BY at",
};

static void
add_row(struct digest_state *state, sqlite3_stmt *rows)
{
	for (int column = 0; column < sqlite3_column_count(rows); column++) {
		const void *bytes = sqlite3_column_blob(rows, column);
		uint32_t length = (uint32_t)sqlite3_column_bytes(rows, column);

		digest_add(state, &length, sizeof(length));
		if (length > 0)
			digest_add(state, bytes, length);
	}
}

static bool
add_rows(struct audit_index *index, struct digest_state *state, const char *sql)
{
	sqlite3_stmt *rows = NULL;
	int step = sqlite3_prepare_v2(index->db, sql, -1, &rows, NULL);

	while (step == SQLITE_OK || step == SQLITE_ROW) {
		step = sqlite3_step(rows);
		if (step == SQLITE_ROW)
			add_row(state, rows);
	}
	sqlite3_finalize(rows);
	return step == SQLITE_DONE;
}

enum err
audit_index_digest(struct audit_index *index, struct digest *ret, struct fault *fault)
{
	struct digest_state *state = digest_begin();
	bool good = state != NULL;

	if (state == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	for (unsigned i = 0; good && i < ARRAY_SIZE(content); i++)
		good = add_rows(index, state, content[i]);
	*ret = digest_end(&state);
	return good ? ERR_OK : index_failed(index, "read", fault);
}
