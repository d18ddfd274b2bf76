#include "broker/store.h"

#include <stdio.h>

#include "broker/database.h"

enum statement {
	GET,
	PUT,
	REMOVE,
	LIST,
	SIZE_OF,
	USAGE,
	CHARGE,
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

static const struct broker_database_plan plan = {
    .file = "memory.db",
    .what = "memory facts",
    .version = 1,
    .schema = schema_text,
    .claim = ("INSERT INTO workspace (name, facts, bytes) SELECT ?1, 0, 0"
	      " WHERE NOT EXISTS (SELECT 1 FROM workspace)"),
    .statements = statement_text,
    .statement_count = STATEMENTS,
};

struct memory {
	struct broker_store store; /* first */
	struct broker_database database;
};

static struct memory *
memory_of(struct broker_store *store)
{
	return (struct memory *)(void *)store;
}

static enum err
failed(struct memory *memory, const char *what, struct fault *fault)
{
	return broker_database_failed(&memory->database, what, fault);
}

static enum err
check(struct memory *memory, const char *workspace, const char *key, bool is_prefix,
    struct fault *fault)
{
	if (strcmp(workspace, memory->database.workspace) != 0)
		return fault_set(fault, ERR_WORKSPACE_SCOPE, "this store belongs to %s",
		    memory->database.workspace);
	return broker_key_check(memory->database.workspace, key, is_prefix, fault);
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
	get = broker_database_bind(&memory->database, GET, key);
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
	broker_database_release(get);
	if (r == ERR_OK)
		*ret = fact;
	return r;
}

/* The size of the value of a key; -1: there is none; -2: the database failed. */
static int64_t
size_of(struct memory *memory, const char *key)
{
	sqlite3_stmt *statement = broker_database_bind(&memory->database, SIZE_OF, key);
	int step = sqlite3_step(statement);
	int64_t size = step == SQLITE_ROW    ? sqlite3_column_int64(statement, 0)
		       : step == SQLITE_DONE ? -1
					     : -2;

	broker_database_release(statement);
	return size;
}

static bool
usage(struct memory *memory, int64_t *ret_facts, int64_t *ret_bytes)
{
	sqlite3_stmt *statement = broker_database_bind(&memory->database, USAGE, NULL);
	bool found = sqlite3_step(statement) == SQLITE_ROW;

	if (found) {
		*ret_facts = sqlite3_column_int64(statement, 0);
		*ret_bytes = sqlite3_column_int64(statement, 1);
	}
	broker_database_release(statement);
	return found;
}

static bool
charge(struct memory *memory, int64_t facts, int64_t bytes)
{
	sqlite3_stmt *statement = broker_database_bind(&memory->database, CHARGE, NULL);
	bool done;

	sqlite3_bind_int64(statement, 2, facts);
	sqlite3_bind_int64(statement, 3, bytes);
	done = sqlite3_step(statement) == SQLITE_DONE && sqlite3_changes(memory->database.db) == 1;
	broker_database_release(statement);
	return done;
}

static bool
write_row(struct memory *memory, const struct broker_fact *fact)
{
	sqlite3_stmt *put = broker_database_bind(&memory->database, PUT, fact->key);
	bool done;

	sqlite3_bind_blob(put, 3, fact->data, (int)fact->size, SQLITE_STATIC);
	sqlite3_bind_text(put, 4, fact->run, -1, SQLITE_STATIC);
	sqlite3_bind_int64(put, 5, (sqlite3_int64)fact->written_ms);
	done = sqlite3_step(put) == SQLITE_DONE;
	broker_database_release(put);
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
	if (!broker_database_begin(&memory->database))
		return failed(memory, "put", fault);
	return broker_database_end(
	    &memory->database, "put", put_inside(memory, fact, fault), fault);
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
	statement = broker_database_bind(&memory->database, REMOVE, key);
	done = sqlite3_step(statement) == SQLITE_DONE;
	broker_database_release(statement);
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
	if (!broker_database_begin(&memory->database))
		return failed(memory, "delete", fault);
	old = size_of(memory, key);
	r = broker_database_end(
	    &memory->database, "delete", remove_inside(memory, key, old, fault), fault);
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
	list = broker_database_bind(
	    &memory->database, LIST, strcmp(after, prefix) > 0 ? after : prefix);
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
	broker_database_release(list);
	return r;
}

static void
memory_close(struct broker_store *store)
{
	struct memory *memory = memory_of(store);

	broker_database_close(&memory->database);
	free(memory);
}

static const struct broker_store_ops memory_ops = {
    memory_get, memory_put, memory_remove, memory_list, memory_close};

enum err
broker_memory_open(
    const char *state, const char *workspace, struct broker_store **ret, struct fault *fault)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	enum err r;

	if (memory == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	memory->store.ops = &memory_ops;
	r = broker_database_open(&memory->database, &plan, state, workspace, fault);
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
