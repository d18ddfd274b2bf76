#include "broker/database.h"

#include <assert.h>
#include <stdio.h>

enum { BUSY_MS = 2000, PATH_BYTES = 4096 };

enum err
broker_database_failed(
    const struct broker_database *database, const char *doing, struct fault *fault)
{
	return fault_set(fault, ERR_INTERNAL, "%s, %s: %s", database->plan->what, doing,
	    database->db != NULL ? sqlite3_errmsg(database->db) : "out of memory");
}

/* SQLITE_STATIC, because callers' strings outlive the release. */
sqlite3_stmt *
broker_database_bind(struct broker_database *database, unsigned which, const char *key)
{
	sqlite3_stmt *statement = database->statements[which];

	sqlite3_reset(statement);
	sqlite3_bind_text(statement, 1, database->workspace, -1, SQLITE_STATIC);
	if (key != NULL)
		sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
	return statement;
}

void
broker_database_release(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

bool
broker_database_begin(struct broker_database *database)
{
	return sqlite3_exec(database->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
}

enum err
broker_database_end(
    struct broker_database *database, const char *doing, enum err r, struct fault *fault)
{
	if (r == ERR_OK && sqlite3_exec(database->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		r = broker_database_failed(database, doing, fault);
	/* After some errors SQLite has rolled back by itself (sqlite.org/lang_transaction.html). */
	if (r != ERR_OK && !sqlite3_get_autocommit(database->db))
		(void)sqlite3_exec(database->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

/* What a database that was tampered with could make SQLite do is turned off
 * (sqlite.org/security.html). */
static bool
configure(sqlite3 *db)
{
	static const char pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				      "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;"
				      "PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;";

	return sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL) == SQLITE_OK &&
	       sqlite3_busy_timeout(db, BUSY_MS) == SQLITE_OK &&
	       sqlite3_exec(db, pragmas, NULL, NULL, NULL) == SQLITE_OK;
}

/* The one number that a query answers, its parameter being the workspace; -1: none. */
static int64_t
number_of(struct broker_database *database, const char *query)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = -1;

	if (sqlite3_prepare_v2(database->db, query, -1, &statement, NULL) == SQLITE_OK) {
		sqlite3_bind_text(statement, 1, database->workspace, -1, SQLITE_STATIC);
		if (sqlite3_step(statement) == SQLITE_ROW)
			number = sqlite3_column_int64(statement, 0);
	}
	sqlite3_finalize(statement);
	return number;
}

static enum err
create(struct broker_database *database, struct fault *fault)
{
	const struct broker_database_plan *plan = database->plan;
	int64_t version = number_of(database, "PRAGMA user_version");

	if (version < 0 || version > plan->version)
		return fault_set(fault, ERR_INTERNAL, "%s: %s %s", plan->what, plan->file,
		    version < 0 ? "cannot be read" : "is of a newer Praxa");
	if (version < plan->version &&
	    sqlite3_exec(database->db, plan->schema, NULL, NULL, NULL) != SQLITE_OK)
		return broker_database_failed(database, "create", fault);
	return ERR_OK;
}

/* The file is one workspace's: it names it, and it must be ours. */
static enum err
claim(struct broker_database *database, struct fault *fault)
{
	sqlite3_stmt *statement = NULL;
	int step;

	if (sqlite3_prepare_v2(database->db, database->plan->claim, -1, &statement, NULL) !=
	    SQLITE_OK)
		return broker_database_failed(database, "claim", fault);
	sqlite3_bind_text(statement, 1, database->workspace, -1, SQLITE_STATIC);
	step = sqlite3_step(statement);
	sqlite3_finalize(statement);
	if (step != SQLITE_DONE)
		return broker_database_failed(database, "claim", fault);
	if (number_of(database, "SELECT count(*) FROM workspace WHERE name = ?1") != 1)
		return fault_set(fault, ERR_WORKSPACE_SCOPE,
		    "%s belongs to another workspace than %s", database->plan->file,
		    database->workspace);
	return ERR_OK;
}

static enum err
prepare(struct broker_database *database, struct fault *fault)
{
	const struct broker_database_plan *plan = database->plan;

	assert(plan->statement_count <= BROKER_STATEMENTS_MAX);
	for (unsigned i = 0; i < plan->statement_count; i++)
		if (sqlite3_prepare_v3(database->db, plan->statements[i], -1,
			SQLITE_PREPARE_PERSISTENT, &database->statements[i], NULL) != SQLITE_OK)
			return broker_database_failed(database, "prepare", fault);
	return ERR_OK;
}

enum err
broker_database_open(struct broker_database *database, const struct broker_database_plan *plan,
    const char *state, const char *workspace, struct fault *fault)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW |
			  SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOMUTEX;
	char path[PATH_BYTES];
	enum err r;

	*database = (struct broker_database){.plan = plan};
	snprintf(database->workspace, sizeof(database->workspace), "%s", workspace);
	if (snprintf(path, sizeof(path), "%s/%s", state, plan->file) >= (int)sizeof(path))
		return fault_set(
		    fault, ERR_INTERNAL, "the path of the state directory is too long");
	if (sqlite3_open_v2(path, &database->db, flags, NULL) != SQLITE_OK ||
	    !configure(database->db))
		return broker_database_failed(database, path, fault);
	r = create(database, fault);
	if (r == ERR_OK)
		r = prepare(database, fault);
	return r == ERR_OK ? claim(database, fault) : r;
}

void
broker_database_close(struct broker_database *database)
{
	for (unsigned i = 0; i < BROKER_STATEMENTS_MAX; i++)
		sqlite3_finalize(database->statements[i]);
	sqlite3_close(database->db);
	*database = (struct broker_database){0};
}
