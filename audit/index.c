#include "audit/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "audit/checkpoint.h"
#include "audit/index_private.h"

enum { BUSY_MS = 10 * 1000, PATH_BYTES = 4096, SCHEMA_VERSION = 1 };

/* What is the same for many records stands once, in name; trigger has what woke a run. */
static const char schema_text[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS about (id INTEGER PRIMARY KEY CHECK (id = 0), vkey TEXT NOT NULL,"
    " size INTEGER NOT NULL, note BLOB NOT NULL, tree BLOB NOT NULL, chain BLOB NOT NULL,"
    " last_leaf BLOB NOT NULL, segment BLOB NOT NULL, used INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS live_run (run TEXT PRIMARY KEY, skill TEXT NOT NULL,"
    " records INTEGER NOT NULL, last BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS tile (level INTEGER NOT NULL, place INTEGER NOT NULL,"
    " hashes BLOB NOT NULL, PRIMARY KEY (level, place)) STRICT;"
    "CREATE TABLE IF NOT EXISTS name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE IF NOT EXISTS trigger (run INTEGER PRIMARY KEY, source INTEGER NOT NULL,"
    " event INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS record (at INTEGER PRIMARY KEY, segment INTEGER NOT NULL,"
    " offset INTEGER NOT NULL, kind INTEGER NOT NULL, time_ms INTEGER NOT NULL,"
    " run INTEGER, skill INTEGER, tool INTEGER, error INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS record_run ON record (run);"
    "CREATE INDEX IF NOT EXISTS record_tool ON record (tool);"
    "CREATE INDEX IF NOT EXISTS record_error ON record (error) WHERE error != 0;"
    "CREATE INDEX IF NOT EXISTS record_time ON record (time_ms);"
    "CREATE INDEX IF NOT EXISTS record_kind ON record (kind);"
    "CREATE INDEX IF NOT EXISTS record_skill ON record (skill);"
    "CREATE INDEX IF NOT EXISTS trigger_source ON trigger (source, event);"
    "PRAGMA user_version = 1;"
    "COMMIT;";

static const char *const statement_text[INDEX_STATEMENTS] = {
    [INDEX_BEGIN] = "BEGIN IMMEDIATE",
    [INDEX_COMMIT] = "COMMIT",
    [INDEX_ROLLBACK] = "ROLLBACK",
    [INDEX_ABOUT_GET] = "SELECT vkey, size, note, tree, chain, last_leaf, segment, used FROM about",
    [INDEX_ABOUT_PUT] = "INSERT OR REPLACE INTO about VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [INDEX_RUNS_GET] = "SELECT run, skill, records, last FROM live_run ORDER BY run",
    [INDEX_RUNS_CLEAR] = "DELETE FROM live_run",
    [INDEX_RUNS_PUT] = "INSERT INTO live_run VALUES (?1, ?2, ?3, ?4)",
    [INDEX_TILE_GET] = "SELECT hashes FROM tile WHERE level = ?1 AND place = ?2",
    [INDEX_TILE_PUT] = "INSERT OR REPLACE INTO tile VALUES (?1, ?2, ?3)",
    [INDEX_NAME_GET] = "SELECT id FROM name WHERE text = ?1",
    [INDEX_NAME_PUT] = "INSERT INTO name (text) VALUES (?1)",
    [INDEX_TRIGGER_PUT] = "INSERT OR REPLACE INTO trigger VALUES (?1, ?2, ?3)",
    [INDEX_RECORD_PUT] = "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
};

sqlite3_stmt *
index_statement(struct audit_index *index, enum index_statement which)
{
	sqlite3_reset(index->statements[which]);
	return index->statements[which];
}

bool
index_run(struct audit_index *index, enum index_statement which)
{
	int r = sqlite3_step(index->statements[which]);

	sqlite3_reset(index->statements[which]);
	return r == SQLITE_DONE;
}

enum err
index_failed(struct audit_index *index, const char *what, struct fault *fault)
{
	return fault_set(fault, ERR_PROTOCOL,
	    "the index cannot be %s: %s; praxa audit index --rebuild makes it again", what,
	    index->db != NULL ? sqlite3_errmsg(index->db) : "out of memory");
}

bool
index_blob(sqlite3_stmt *statement, int column, void *to, size_t length)
{
	const void *data = sqlite3_column_blob(statement, column);

	if (data == NULL || (size_t)sqlite3_column_bytes(statement, column) != length)
		return false;
	memcpy(to, data, length);
	return true;
}

/* The database may be anybody's: its own code never runs. */
static bool
harden(sqlite3 *db)
{
	static const struct {
		int option, value;
	} rows[] = {
	    {SQLITE_DBCONFIG_DEFENSIVE, 1},
	    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
	    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
	    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (sqlite3_db_config(db, rows[i].option, rows[i].value, NULL) != SQLITE_OK)
			return false;
	return sqlite3_busy_timeout(db, BUSY_MS) == SQLITE_OK &&
	       sqlite3_exec(db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL) == SQLITE_OK;
}

static bool
is_empty(sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	bool empty = sqlite3_prepare_v2(db, "SELECT 1 FROM sqlite_schema", -1, &statement, NULL) ==
			 SQLITE_OK &&
		     sqlite3_step(statement) == SQLITE_DONE;

	sqlite3_finalize(statement);
	return empty;
}

static int
version_of(sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return version;
}

static enum err
prepare(struct audit_index *index, struct fault *fault)
{
	if (!harden(index->db))
		return index_failed(index, "opened", fault);
	if (index->writable && is_empty(index->db) &&
	    sqlite3_exec(index->db, schema_text, NULL, NULL, NULL) != SQLITE_OK)
		return index_failed(index, "made", fault);
	if (version_of(index->db) != SCHEMA_VERSION)
		return fault_set(fault, ERR_PROTOCOL,
		    "the index is of another version; praxa audit index --rebuild makes it again");
	for (unsigned i = 0; i < INDEX_STATEMENTS; i++)
		if (sqlite3_prepare_v3(index->db, statement_text[i], -1, SQLITE_PREPARE_PERSISTENT,
			&index->statements[i], NULL) != SQLITE_OK)
			return index_failed(index, "read", fault);
	return ERR_OK;
}

/* Who may read the log may read its index, and nobody else: SQLite would go by the umask. */
static void
make_file(const char *path)
{
	SCOPED_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	(void)fd;
}

static enum err
open_database(struct audit_index *index, const char *path, struct fault *fault)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX;

	make_file(path);
	/* SQLite opens for reading what it may not write. */
	if (sqlite3_open_v2(path, &index->db, flags, NULL) != SQLITE_OK)
		return fault_set(fault, ERR_NOT_FOUND,
		    "there is no index %s, and none can be made: %s; --index FILE names another "
		    "place",
		    path, index->db != NULL ? sqlite3_errmsg(index->db) : "out of memory");
	index->writable = sqlite3_db_readonly(index->db, "main") == 0;
	return prepare(index, fault);
}

static enum err
open_log(struct audit_index *index, const struct audit_index_place *place, struct fault *fault)
{
	struct audit_reader *reader = NULL;
	enum err r = audit_reader_open(place->log_dir, place->vkey_path, &reader, fault);
	int opened;

	if (r != ERR_OK)
		return r;
	index->key = *audit_reader_key(reader);
	audit_reader_close(&reader);
	index->log_dir = strdup(place->log_dir);
	index->vkey_path = place->vkey_path != NULL ? strdup(place->vkey_path) : NULL;
	if (index->log_dir == NULL || (place->vkey_path != NULL && index->vkey_path == NULL))
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	opened = audit_files_open(place->log_dir, &index->files);
	return opened == 0 ? ERR_OK
			   : fault_set(fault, ERR_NOT_FOUND, "the log %s cannot be opened: %s",
				 place->log_dir, strerror(-opened));
}

/* An index that is made again starts from no file at all. */
static enum err
remove_old(const char *path, struct fault *fault)
{
	static const char *const ends[] = {"", "-journal"};
	char name[PATH_BYTES + 16];

	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		if (unlink(name) < 0 && errno != ENOENT)
			return fault_set(fault, ERR_NOT_FOUND,
			    "the old index %s cannot be removed: %s", name, strerror(errno));
	}
	return ERR_OK;
}

static enum err
open_all(struct audit_index *index, const struct audit_index_place *place, bool fresh,
    struct fault *fault)
{
	char path[PATH_BYTES];
	int n = place->path != NULL ? snprintf(path, sizeof(path), "%s", place->path)
				    : snprintf(path, sizeof(path), "%s/index.db", place->log_dir);
	enum err r;

	if (n < 0 || (size_t)n >= sizeof(path))
		return fault_set(fault, ERR_PROTOCOL, "the path of the index is too long");
	r = open_log(index, place, fault);
	if (r == ERR_OK && fresh)
		r = remove_old(path, fault);
	if (r == ERR_OK)
		r = open_database(index, path, fault);
	return r == ERR_OK ? index_load(index, fault) : r;
}

enum err
audit_index_open(const struct audit_index_place *place, bool fresh, audit_index_progress *progress,
    void *context, struct audit_index **ret, struct fault *fault)
{
	struct audit_index *index = calloc(1, sizeof(*index));
	enum err r;

	if (index == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	index->handle = -1;
	r = open_all(index, place, fresh, fault);
	if (r == ERR_OK && index->writable)
		r = index_update(index, progress, context, fault);
	if (r != ERR_OK) {
		audit_index_close(&index);
		return r;
	}
	*ret = index;
	return ERR_OK;
}

void
audit_index_close(struct audit_index **index)
{
	struct audit_index *gone = TAKE(*index);

	if (gone == NULL)
		return;
	for (unsigned i = 0; i < INDEX_STATEMENTS; i++)
		sqlite3_finalize(gone->statements[i]);
	sqlite3_close_v2(gone->db);
	if (gone->handle >= 0)
		gone->files.ops->close(gone->files.state, gone->handle);
	audit_files_close(&gone->files);
	free(gone->log_dir);
	free(gone->vkey_path);
	free(gone);
}

uint64_t
audit_index_size(const struct audit_index *index)
{
	return index->head.size;
}

bool
audit_index_is_current(const struct audit_index *index)
{
	return index->writable;
}
