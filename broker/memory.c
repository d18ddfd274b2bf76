#include "broker/store.h"

#include <sqlite3.h>
#include <stdio.h>

enum { SCHEMA = 1, BUSY_MS = 2000, PATH_BYTES = 4096 };

enum statement {
	GET,
	PUT,
	REMOVE,
	LIST,
	SIZE_OF,
	USAGE,
	CHARGE,
	BEGIN,
	COMMIT,
	ROLLBACK,
	STATEMENTS,
};

static const char *const statement_text[STATEMENTS] = {
    [GET] = "SELECT value, run, written_ms FROM fact WHERE workspace = ?1 AND key = ?2",
    [PUT] = ("INSERT INTO fact (workspace, key, value, run, written_ms) VALUES (?1, ?2, ?3, ?4, ?5)"
	     " ON CONFLICT (workspace, key) DO UPDATE SET value = excluded.value,"
	     " run = excluded.run, written_ms = excluded.written_ms"),
    [REMOVE] = "DELETE FROM fact WHERE workspace = ?1 AND key = ?2",
    [LIST] = ("SELECT key, length(value), run, written_ms FROM fact"
	      " WHERE workspace = ?1 AND key > ?2 AND key < ?3 ORDER BY key LIMIT ?4"),
    [SIZE_OF] = "SELECT length(value) FROM fact WHERE workspace = ?1 AND key = ?2",
    [USAGE] = "SELECT facts, bytes FROM workspace WHERE name = ?1",
    [CHARGE] = "UPDATE workspace SET facts = facts + ?2, bytes = bytes + ?3 WHERE name = ?1",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

static const char schema_text[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS workspace (name TEXT PRIMARY KEY, facts INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS fact (workspace TEXT NOT NULL REFERENCES workspace (name),"
    " key TEXT NOT NULL, value BLOB NOT NULL, run TEXT NOT NULL, written_ms INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, key)) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version = 1;"
    "COMMIT;";

struct memory {
	struct broker_store store; /* first */
	char workspace[ID_NAME_MAX];
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
};

static struct memory *
memory_of(struct broker_store *store)
{
	return (struct memory *)(void *)store;
}

static enum err
failed(struct memory *memory, const char *what, struct fault *fault)
{
	return fault_set(fault, ERR_INTERNAL, "memory facts, %s: %s", what,
	    memory->db != NULL ? sqlite3_errmsg(memory->db) : "out of memory");
}

static enum err
check(struct memory *memory, const char *workspace, const char *key, bool is_prefix,
    struct fault *fault)
{
	if (strcmp(workspace, memory->workspace) != 0)
		return fault_set(
		    fault, ERR_WORKSPACE_SCOPE, "this store belongs to %s", memory->workspace);
	return broker_key_check(memory->workspace, key, is_prefix, fault);
}

/* A statement with its first two parameters bound: SQLITE_STATIC, because callers' strings outlive
 * the reset. */
static sqlite3_stmt *
bound(struct memory *memory, enum statement which, const char *key)
{
	sqlite3_stmt *statement = memory->statements[which];

	sqlite3_reset(statement);
	sqlite3_bind_text(statement, 1, memory->workspace, -1, SQLITE_STATIC);
	if (key != NULL)
		sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
	return statement;
}

static void
release(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

static bool
run(struct memory *memory, enum statement which)
{
	sqlite3_stmt *statement = memory->statements[which];
	int r = sqlite3_step(statement);

	sqlite3_reset(statement);
	return r == SQLITE_DONE;
}

static void
provenance(sqlite3_stmt *statement, int column, struct broker_fact *fact)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	snprintf(fact->run, sizeof(fact->run), "%s", text != NULL ? (const char *)text : "");
	fact->written_ms = (uint64_t)sqlite3_column_int64(statement, column + 1);
}

static enum err
memory_get(struct broker_store *store, const char *workspace, const char *key, struct arena *arena,
    struct broker_fact *ret, struct fault *fault)
{
	struct memory *memory = memory_of(store);
	struct broker_fact fact = {.key = key};
	sqlite3_stmt *get;
	enum err r = check(memory, workspace, key, false, fault);
	int step;

	if (r != ERR_OK)
		return r;
	get = bound(memory, GET, key);
	step = sqlite3_step(get);
	if (step == SQLITE_ROW) {
		const void *data = sqlite3_column_blob(get, 0);

		fact.size = (uint32_t)sqlite3_column_bytes(get, 0);
		fact.data = (const unsigned char *)arena_copy(
		    arena, data != NULL ? data : "", data != NULL ? fact.size : 0);
		if (fact.data == NULL || data == NULL)
			r = fault_set(fault, ERR_LIMIT, "no memory for the value");
		provenance(get, 1, &fact);
	} else if (step != SQLITE_DONE) {
		r = failed(memory, "get", fault);
	}
	release(get);
	if (r == ERR_OK)
		*ret = fact;
	return r;
}

/* The size of the value of a key; -1: there is none; -2: the database failed. */
static int64_t
size_of(struct memory *memory, const char *key)
{
	sqlite3_stmt *statement = bound(memory, SIZE_OF, key);
	int step = sqlite3_step(statement);
	int64_t size = step == SQLITE_ROW    ? sqlite3_column_int64(statement, 0)
		       : step == SQLITE_DONE ? -1
					     : -2;

	release(statement);
	return size;
}

static bool
usage(struct memory *memory, int64_t *ret_facts, int64_t *ret_bytes)
{
	sqlite3_stmt *statement = bound(memory, USAGE, NULL);
	bool found = sqlite3_step(statement) == SQLITE_ROW;

	if (found) {
		*ret_facts = sqlite3_column_int64(statement, 0);
		*ret_bytes = sqlite3_column_int64(statement, 1);
	}
	release(statement);
	return found;
}

static bool
charge(struct memory *memory, int64_t facts, int64_t bytes)
{
	sqlite3_stmt *statement = bound(memory, CHARGE, NULL);
	bool done;

	sqlite3_bind_int64(statement, 2, facts);
	sqlite3_bind_int64(statement, 3, bytes);
	done = sqlite3_step(statement) == SQLITE_DONE && sqlite3_changes(memory->db) == 1;
	release(statement);
	return done;
}

static bool
write_row(struct memory *memory, const struct broker_fact *fact)
{
	sqlite3_stmt *put = bound(memory, PUT, fact->key);
	bool done;

	sqlite3_bind_blob(put, 3, fact->data, (int)fact->size, SQLITE_STATIC);
	sqlite3_bind_text(put, 4, fact->run, -1, SQLITE_STATIC);
	sqlite3_bind_int64(put, 5, (sqlite3_int64)fact->written_ms);
	done = sqlite3_step(put) == SQLITE_DONE;
	release(put);
	return done;
}

/* Quota and row change together: inside one transaction. */
static enum err
put_inside(struct memory *memory, const struct broker_fact *fact, struct fault *fault)
{
	int64_t old = size_of(memory, fact->key), facts, bytes, more,
		key = (int64_t)strlen(fact->key);

	if (old == -2 || !usage(memory, &facts, &bytes))
		return failed(memory, "put", fault);
	more = old < 0 ? key + fact->size : (int64_t)fact->size - old;
	if (old < 0 && facts >= BROKER_MEMORY_FACTS_MAX) {
		fault_set(fault, ERR_LIMIT, "the workspace holds %d facts; delete some first",
		    BROKER_MEMORY_FACTS_MAX);
		return fault_at(fault, "memory.quota.facts", 0);
	}
	if (more > 0 && bytes + more > BROKER_MEMORY_BYTES_MAX) {
		fault_set(fault, ERR_LIMIT,
		    "the workspace holds %lld of %d bytes of facts; delete some first",
		    (long long)bytes, BROKER_MEMORY_BYTES_MAX);
		return fault_at(fault, "memory.quota.bytes", 0);
	}
	if (!write_row(memory, fact) || !charge(memory, old < 0, more))
		return failed(memory, "put", fault);
	return ERR_OK;
}

static enum err
finish(struct memory *memory, const char *what, enum err r, struct fault *fault)
{
	if (r == ERR_OK && !run(memory, COMMIT))
		r = failed(memory, what, fault);
	/* After some errors SQLite has rolled back by itself (sqlite.org/lang_transaction.html). */
	if (r != ERR_OK && !sqlite3_get_autocommit(memory->db))
		(void)run(memory, ROLLBACK);
	return r;
}

static enum err
memory_put(struct broker_store *store, const char *workspace, const struct broker_fact *fact,
    struct fault *fault)
{
	struct memory *memory = memory_of(store);
	enum err r = check(memory, workspace, fact->key, false, fault);

	if (r != ERR_OK)
		return r;
	if (fact->size > BROKER_MEMORY_VALUE_MAX)
		return fault_set(fault, ERR_LIMIT, "the value has %u bytes; at most %d are allowed",
		    fact->size, BROKER_MEMORY_VALUE_MAX);
	if (!run(memory, BEGIN))
		return failed(memory, "put", fault);
	return finish(memory, "put", put_inside(memory, fact, fault), fault);
}

static enum err
remove_inside(struct memory *memory, const char *key, int64_t old, struct fault *fault)
{
	sqlite3_stmt *statement;
	bool done;

	if (old == -1)
		return ERR_OK;
	if (old == -2)
		return failed(memory, "delete", fault);
	statement = bound(memory, REMOVE, key);
	done = sqlite3_step(statement) == SQLITE_DONE;
	release(statement);
	if (!done || !charge(memory, -1, -(old + (int64_t)strlen(key))))
		return failed(memory, "delete", fault);
	return ERR_OK;
}

static enum err
memory_remove(struct broker_store *store, const char *workspace, const char *key, bool *ret_existed,
    struct fault *fault)
{
	struct memory *memory = memory_of(store);
	enum err r = check(memory, workspace, key, false, fault);
	int64_t old;

	if (r != ERR_OK)
		return r;
	if (!run(memory, BEGIN))
		return failed(memory, "delete", fault);
	old = size_of(memory, key);
	r = finish(memory, "delete", remove_inside(memory, key, old, fault), fault);
	if (r == ERR_OK)
		*ret_existed = old >= 0;
	return r;
}

static enum err
memory_list(struct broker_store *store, const char *workspace, const char *prefix,
    const char *after, bool (*each)(void *context, const struct broker_fact *fact), void *context,
    struct fault *fault)
{
	struct memory *memory = memory_of(store);
	char end[BROKER_MEMORY_KEY_MAX + 1];
	sqlite3_stmt *list;
	enum err r = check(memory, workspace, prefix, true, fault);
	int step;

	if (r != ERR_OK)
		return r;
	/* '0' follows '/': everything that starts with "a/" lies between "a/" and "a0". */
	snprintf(end, sizeof(end), "%s", prefix);
	end[strlen(end) - 1] = '0';
	list = bound(memory, LIST, strcmp(after, prefix) > 0 ? after : prefix);
	sqlite3_bind_text(list, 3, end, -1, SQLITE_STATIC);
	sqlite3_bind_int(list, 4, BROKER_MEMORY_SCAN_MAX);
	while ((step = sqlite3_step(list)) == SQLITE_ROW) {
		struct broker_fact fact = {.key = (const char *)sqlite3_column_text(list, 0),
		    .size = (uint32_t)sqlite3_column_int(list, 1)};

		provenance(list, 2, &fact);
		if (fact.key == NULL || !each(context, &fact))
			break;
	}
	if (step != SQLITE_ROW && step != SQLITE_DONE)
		r = failed(memory, "list", fault);
	release(list);
	return r;
}

static void
memory_close(struct broker_store *store)
{
	struct memory *memory = memory_of(store);

	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(memory->statements[i]);
	sqlite3_close(memory->db);
	free(memory);
}

static const struct broker_store_ops memory_ops = {
    memory_get, memory_put, memory_remove, memory_list, memory_close};

/* What a database that was tampered with could make SQLite do is turned off
 * (sqlite.org/security.html). */
static bool
configure(struct memory *memory)
{
	static const char pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				      "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;"
				      "PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;";

	return sqlite3_db_config(memory->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL) ==
		   SQLITE_OK &&
	       sqlite3_busy_timeout(memory->db, BUSY_MS) == SQLITE_OK &&
	       sqlite3_exec(memory->db, pragmas, NULL, NULL, NULL) == SQLITE_OK;
}

/* The one number that a query answers; -1: none. */
static int64_t
number_of(struct memory *memory, const char *query)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = -1;

	if (sqlite3_prepare_v2(memory->db, query, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

static enum err
create(struct memory *memory, struct fault *fault)
{
	int64_t version = number_of(memory, "PRAGMA user_version");

	if (version < 0 || version > SCHEMA)
		return fault_set(fault, ERR_INTERNAL,
		    version < 0 ? "memory facts: memory.db cannot be read"
				: "memory facts: memory.db is of a newer Praxa");
	if (version < SCHEMA &&
	    sqlite3_exec(memory->db, schema_text, NULL, NULL, NULL) != SQLITE_OK)
		return failed(memory, "create", fault);
	return ERR_OK;
}

/* The file is one workspace's: it names it, and it must be ours. */
static enum err
claim(struct memory *memory, struct fault *fault)
{
	static const char insert[] = "INSERT INTO workspace (name, facts, bytes) SELECT ?1, 0, 0"
				     " WHERE NOT EXISTS (SELECT 1 FROM workspace)";
	sqlite3_stmt *statement = NULL;
	int64_t facts, bytes;
	int step;

	if (sqlite3_prepare_v2(memory->db, insert, -1, &statement, NULL) != SQLITE_OK)
		return failed(memory, "claim", fault);
	sqlite3_bind_text(statement, 1, memory->workspace, -1, SQLITE_STATIC);
	step = sqlite3_step(statement);
	sqlite3_finalize(statement);
	if (step != SQLITE_DONE)
		return failed(memory, "claim", fault);
	if (!usage(memory, &facts, &bytes))
		return fault_set(fault, ERR_WORKSPACE_SCOPE,
		    "memory.db belongs to another workspace than %s", memory->workspace);
	return ERR_OK;
}

static enum err
prepare(struct memory *memory, struct fault *fault)
{
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(memory->db, statement_text[i], -1, SQLITE_PREPARE_PERSISTENT,
			&memory->statements[i], NULL) != SQLITE_OK)
			return failed(memory, "prepare", fault);
	return ERR_OK;
}

static enum err
set_up(struct memory *memory, const char *path, struct fault *fault)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW |
			  SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOMUTEX;
	enum err r;

	if (sqlite3_open_v2(path, &memory->db, flags, NULL) != SQLITE_OK || !configure(memory))
		return failed(memory, path, fault);
	r = create(memory, fault);
	if (r == ERR_OK)
		r = prepare(memory, fault);
	return r == ERR_OK ? claim(memory, fault) : r;
}

enum err
broker_memory_open(
    const char *state, const char *workspace, struct broker_store **ret, struct fault *fault)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	char path[PATH_BYTES];
	enum err r;

	if (memory == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	memory->store.ops = &memory_ops;
	snprintf(memory->workspace, sizeof(memory->workspace), "%s", workspace);
	if (snprintf(path, sizeof(path), "%s/memory.db", state) >= (int)sizeof(path))
		r = fault_set(fault, ERR_INTERNAL, "the path of the state directory is too long");
	else
		r = set_up(memory, path, fault);
	if (r == ERR_OK)
		*ret = &memory->store;
	else
		memory_close(&memory->store);
	return r;
}

void
broker_store_close(struct broker_store **store)
{
	if (*store != NULL)
		(*store)->ops->close(*store);
	*store = NULL;
}
