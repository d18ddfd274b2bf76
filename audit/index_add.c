/* What an index keeps of each record, and of the place where it ends. */
#include "audit/body.h"
#include "audit/index_private.h"

enum { BATCH_RECORDS = 64 * 1024, PROGRESS_RECORDS = 4096 };

/* One reading of what is new. */
struct update {
	struct audit_index *index;
	struct tile_edge *edge;
	struct arena arena; /* for the body of a record */
	uint64_t batch;     /* records since the last commit */
	bool any;           /* there was one */
};

static bool
load_head(sqlite3_stmt *about, struct audit_index *index)
{
	struct audit_head *head = &index->head;
	unsigned char block[AUDIT_BLOCK];
	int note = sqlite3_column_bytes(about, 2);

	head->size = head->tree.size = (uint64_t)sqlite3_column_int64(about, 1);
	head->tree.depth = (unsigned)__builtin_popcountll(head->size);
	head->used = (uint64_t)sqlite3_column_int64(about, 7);
	head->has_segment = true;
	index->note_length = note > 0 && note < CHECKPOINT_MAX ? (size_t)note : 0;
	return head->size > 0 && head->used >= AUDIT_BLOCK && index->note_length > 0 &&
	       index_blob(about, 2, index->note, index->note_length) &&
	       index_blob(
		   about, 3, head->tree.nodes, head->tree.depth * sizeof(*head->tree.nodes)) &&
	       index_blob(about, 4, &head->chain, sizeof(head->chain)) &&
	       index_blob(about, 5, &head->last_leaf, sizeof(head->last_leaf)) &&
	       index_blob(about, 6, block, sizeof(block)) &&
	       segment_header_parse(block, &head->segment) == NULL;
}

/* The checkpoint in the index is signed, and of the tree that stands beside it. */
static bool
is_signed(struct audit_index *index)
{
	struct checkpoint claimed;

	index->root = merkle_root(&index->head.tree);
	return checkpoint_verify(&index->key, index->note, index->note_length, &claimed) ==
		   NOTE_VALID &&
	       claimed.size == index->head.size && digest_equal(&claimed.root, &index->root);
}

enum err
index_load(struct audit_index *index, struct fault *fault)
{
	sqlite3_stmt *about = index_statement(index, INDEX_ABOUT_GET);
	enum err r = ERR_OK;
	int step = sqlite3_step(about);

	memset(&index->head, 0, sizeof(index->head));
	if (step == SQLITE_ROW && (!load_head(about, index) || !is_signed(index)))
		r = fault_set(fault, ERR_PROTOCOL,
		    "the index is not of this log; praxa audit index --rebuild makes it again");
	else if (step != SQLITE_ROW && step != SQLITE_DONE)
		r = index_failed(index, "read", fault);
	sqlite3_reset(about);
	return r;
}

/* The tiles that are not full, from the database. */
static bool
load_edge(struct audit_index *index, struct tile_edge *edge)
{
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		sqlite3_stmt *get = index_statement(index, INDEX_TILE_GET);
		size_t width;
		bool held;

		edge->counts[level] = index->head.size >> (8 * level);
		width = edge->counts[level] % TILE_WIDTH;
		if (width == 0)
			continue;
		sqlite3_bind_int64(get, 1, (int64_t)level);
		sqlite3_bind_int64(get, 2, (int64_t)(edge->counts[level] / TILE_WIDTH));
		held = sqlite3_step(get) == SQLITE_ROW &&
		       index_blob(get, 0, edge->hashes[level], width * sizeof(struct digest));
		sqlite3_reset(get);
		if (!held)
			return false;
	}
	return true;
}

static bool
load_runs(struct audit_index *index, struct runs *runs, struct fault *fault)
{
	sqlite3_stmt *get = index_statement(index, INDEX_RUNS_GET);
	bool good = true;

	while (good && sqlite3_step(get) == SQLITE_ROW) {
		struct run_state state = {.records = (uint64_t)sqlite3_column_int64(get, 2)};
		const char *run = (const char *)sqlite3_column_text(get, 0);
		const char *skill = (const char *)sqlite3_column_text(get, 1);

		good = run != NULL && skill != NULL && id_is_valid(run, ID_RUN) &&
		       strlen(skill) < sizeof(state.skill) &&
		       index_blob(get, 3, &state.last, sizeof(state.last));
		if (!good)
			break;
		snprintf(state.run, sizeof(state.run), "%s", run);
		snprintf(state.skill, sizeof(state.skill), "%s", skill);
		good = runs_add(runs, &state, fault) == ERR_OK;
	}
	sqlite3_reset(get);
	return good;
}

static bool
put_tile(void *context, unsigned level, uint64_t place, unsigned width, const struct digest *hashes)
{
	struct audit_index *index = context;
	sqlite3_stmt *put = index_statement(index, INDEX_TILE_PUT);

	sqlite3_bind_int64(put, 1, (int64_t)level);
	sqlite3_bind_int64(put, 2, (int64_t)place);
	sqlite3_bind_blob(put, 3, hashes, (int)(width * sizeof(*hashes)), SQLITE_STATIC);
	return index_run(index, INDEX_TILE_PUT);
}

/* The number that stands for a text; 0: failed. */
static int64_t
name_id(struct audit_index *index, const char *text, size_t length)
{
	sqlite3_stmt *get = index_statement(index, INDEX_NAME_GET);
	sqlite3_stmt *put;
	int64_t id = 0;

	sqlite3_bind_text(get, 1, text, (int)length, SQLITE_STATIC);
	if (sqlite3_step(get) == SQLITE_ROW)
		id = sqlite3_column_int64(get, 0);
	sqlite3_reset(get);
	if (id != 0)
		return id;
	put = index_statement(index, INDEX_NAME_PUT);
	sqlite3_bind_text(put, 1, text, (int)length, SQLITE_STATIC);
	return index_run(index, INDEX_NAME_PUT) ? sqlite3_last_insert_rowid(index->db) : 0;
}

/* Binds the number of a text, or NULL for none. */
static bool
bind_name(struct audit_index *index, sqlite3_stmt *put, int column, const char *text)
{
	int64_t id;

	if (text[0] == '\0')
		return sqlite3_bind_null(put, column) == SQLITE_OK;
	id = name_id(index, text, strlen(text));
	return id != 0 && sqlite3_bind_int64(put, column, id) == SQLITE_OK;
}

/* What woke a run stands in the record of its admission. A body that does not say is none of ours,
 * and its run is found by everything else. */
static bool
put_trigger(struct update *update, const struct audit_record *record)
{
	struct audit_index *index = update->index;
	const struct value *source, *event;
	struct value body;
	struct fault fault;
	sqlite3_stmt *put;

	arena_clear(&update->arena);
	if (body_decode(record->body.bytes, record->body.length, &update->arena, &body, &fault) !=
	    ERR_OK)
		return true;
	source = value_get(&body, "source");
	event = value_get(&body, "event");
	if (source == NULL || event == NULL || source->type != VALUE_STRING ||
	    event->type != VALUE_STRING)
		return true;
	put = index_statement(index, INDEX_TRIGGER_PUT);
	if (!bind_name(index, put, 1, record->run))
		return false;
	sqlite3_bind_int64(put, 2, name_id(index, source->string, source->length));
	sqlite3_bind_int64(put, 3, name_id(index, event->string, event->length));
	return index_run(index, INDEX_TRIGGER_PUT);
}

static bool
put_record(struct update *update, const struct audit_scan_record *scanned)
{
	const struct audit_record *record = &scanned->record;
	struct audit_index *index = update->index;
	sqlite3_stmt *put = index_statement(index, INDEX_RECORD_PUT);
	uint64_t segment;

	if (!segment_name_parse(scanned->place.segment, &segment))
		return false;
	sqlite3_bind_int64(put, 1, (int64_t)record->index);
	sqlite3_bind_int64(put, 2, (int64_t)segment);
	sqlite3_bind_int64(put, 3, (int64_t)scanned->place.offset);
	sqlite3_bind_int64(put, 4, (int64_t)record->kind);
	sqlite3_bind_int64(put, 5, (int64_t)record->realtime_ms);
	sqlite3_bind_int64(put, 9, (int64_t)record->error);
	return bind_name(index, put, 6, record->run) && bind_name(index, put, 7, record->skill) &&
	       bind_name(index, put, 8, record->tool) && index_run(index, INDEX_RECORD_PUT) &&
	       tile_edge_add(update->edge, &scanned->leaf_hash, put_tile, index) &&
	       (record->kind != EVENT_RUN_ADMITTED || put_trigger(update, record));
}

struct saving {
	struct audit_index *index;
	bool good;
};

static void
put_run(void *context, const struct run_state *state)
{
	struct saving *saving = context;
	sqlite3_stmt *put = index_statement(saving->index, INDEX_RUNS_PUT);

	sqlite3_bind_text(put, 1, state->run, -1, SQLITE_STATIC);
	sqlite3_bind_text(put, 2, state->skill, -1, SQLITE_STATIC);
	sqlite3_bind_int64(put, 3, (int64_t)state->records);
	sqlite3_bind_blob(put, 4, &state->last, sizeof(state->last), SQLITE_STATIC);
	saving->good = index_run(saving->index, INDEX_RUNS_PUT) && saving->good;
}

static bool
put_about(struct audit_index *index, const struct audit_head *head, const char *note, size_t length)
{
	sqlite3_stmt *put = index_statement(index, INDEX_ABOUT_PUT);
	unsigned char block[AUDIT_BLOCK];
	char vkey[NOTE_VKEY_MAX];

	if (!note_key_text(vkey, &index->key))
		return false;
	segment_header_put(block, &head->segment);
	sqlite3_bind_text(put, 1, vkey, -1, SQLITE_STATIC);
	sqlite3_bind_int64(put, 2, (int64_t)head->size);
	sqlite3_bind_blob(put, 3, note, (int)length, SQLITE_STATIC);
	sqlite3_bind_blob(put, 4, head->tree.nodes,
	    (int)(head->tree.depth * sizeof(*head->tree.nodes)), SQLITE_STATIC);
	sqlite3_bind_blob(put, 5, &head->chain, sizeof(head->chain), SQLITE_STATIC);
	sqlite3_bind_blob(put, 6, &head->last_leaf, sizeof(head->last_leaf), SQLITE_STATIC);
	sqlite3_bind_blob(put, 7, block, sizeof(block), SQLITE_STATIC);
	sqlite3_bind_int64(put, 8, (int64_t)head->used);
	return index_run(index, INDEX_ABOUT_PUT);
}

/* Commits what was read, with the place where to go on: only between two groups. */
static bool
save(struct update *update, const struct audit_reader *reader)
{
	const struct audit_scan *scan = audit_reader_scan(reader);
	struct saving saving = {update->index, true};
	struct audit_head head;
	size_t length;
	const char *note = audit_scan_note(scan, &length);

	audit_scan_head(scan, &head);
	index_statement(update->index, INDEX_RUNS_CLEAR);
	if (!index_run(update->index, INDEX_RUNS_CLEAR))
		return false;
	runs_each(audit_scan_runs(scan), put_run, &saving);
	update->batch = 0;
	return saving.good && tile_edge_finish(update->edge, put_tile, update->index) &&
	       put_about(update->index, &head, note, length) &&
	       index_run(update->index, INDEX_COMMIT);
}

static bool
is_between_groups(const struct audit_reader *reader, uint64_t at)
{
	struct audit_head head;

	audit_scan_head(audit_reader_scan(reader), &head);
	return head.size == at + 1;
}

static enum err
read_on(struct update *update, struct audit_reader *reader, audit_index_progress *progress,
    void *context, struct fault *fault)
{
	struct audit_index *index = update->index;
	struct audit_scan_record record;
	enum audit_scan_state state;

	while ((state = audit_reader_next(reader, &record)) == SCAN_RECORD) {
		if (!put_record(update, &record))
			return index_failed(index, "written", fault);
		if (progress != NULL && (record.record.index + 1) % PROGRESS_RECORDS == 0)
			progress(context, record.record.index + 1);
		update->any = true;
		if (++update->batch >= BATCH_RECORDS &&
		    is_between_groups(reader, record.record.index) &&
		    (!save(update, reader) || !index_run(index, INDEX_BEGIN)))
			return index_failed(index, "written", fault);
	}
	/* A torn tail was never acknowledged; what stands before it is whole. */
	if (state == SCAN_FAULT && audit_reader_verdict(reader)->code != AUDIT_TORN_TAIL)
		return audit_reader_fault(reader, fault);
	if (update->any ? save(update, reader) : index_run(index, INDEX_ROLLBACK))
		return ERR_OK;
	return index_failed(index, "written", fault);
}

/* The place where the index ends, as a scan begins there. */
static enum err
resume(struct update *update, struct audit_reader **ret, struct fault *fault)
{
	struct audit_index *index = update->index;
	struct audit_scan_start start = {.head = index->head,
	    .runs = runs_new(),
	    .note = index->note,
	    .note_length = index->note_length};
	enum err r = ERR_OK;

	if (start.runs == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	if (!load_edge(index, update->edge) || !load_runs(index, start.runs, fault))
		r = index_failed(index, "read", fault);
	if (r == ERR_OK)
		r = audit_reader_resume(index->log_dir, index->vkey_path, &start, ret, fault);
	runs_free(&start.runs);
	return r;
}

enum err
index_update(
    struct audit_index *index, audit_index_progress *progress, void *context, struct fault *fault)
{
	struct update update = {.index = index, .edge = calloc(1, sizeof(*update.edge))};
	struct audit_reader *reader = NULL;
	enum err r = ERR_OK;

	if (update.edge == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	arena_init(&update.arena, BODY_ARENA_MAX);
	if (!index_run(index, INDEX_BEGIN))
		r = index_failed(index, "written", fault);
	/* Another command may have brought it further while this one waited for the lock. */
	if (r == ERR_OK)
		r = index_load(index, fault);
	if (r == ERR_OK && index->head.size > 0)
		r = resume(&update, &reader, fault);
	else if (r == ERR_OK)
		r = audit_reader_open(index->log_dir, index->vkey_path, &reader, fault);
	if (r == ERR_OK)
		r = read_on(&update, reader, progress, context, fault);
	audit_reader_close(&reader);
	arena_clear(&update.arena);
	free(update.edge);
	if (r == ERR_OK)
		return index_load(index, fault);
	/* What was begun is undone; that there was nothing to undo is no news. */
	sqlite3_exec(index->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}
