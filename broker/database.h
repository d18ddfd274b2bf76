/* database.h - the SQLite files of a workspace in the broker's state directory: how each is opened,
 * and its statements, prepared once.
 *
 * Invariant: a file belongs to one workspace, which its table `workspace` names; it opens for no
 * other one, and parameter 1 of every statement is that workspace. What is committed survives the
 * loss of power. */
#ifndef BROKER_DATABASE_H
#define BROKER_DATABASE_H

#include <sqlite3.h>

#include "common/fault.h"
#include "common/id.h"

enum { BROKER_STATEMENTS_MAX = 16 };

/* What a file holds; static storage. */
struct broker_database_plan {
	const char *file; /* memory.db */
	const char *what; /* for faults: memory facts */
	int version;
	const char *schema; /* makes the tables, and sets user_version to version */
	const char *claim;  /* inserts ?1 into `workspace` where that is empty */
	const char *const *statements;
	unsigned statement_count;
};

struct broker_database {
	const struct broker_database_plan *plan;
	char workspace[ID_NAME_MAX];
	sqlite3 *db;
	sqlite3_stmt *statements[BROKER_STATEMENTS_MAX];
};

/* Opens plan->file beneath the directory state, created when it is not there. Blocks on the file
 * system. ERR_WORKSPACE_SCOPE: it is another workspace's. Close it whatever the answer. */
MUST_USE enum err broker_database_open(struct broker_database *database,
    const struct broker_database_plan *plan, const char *state, const char *workspace,
    struct fault *fault);
/* What was not committed is rolled back. Accepts what was never opened. */
void broker_database_close(struct broker_database *database);

/* ERR_INTERNAL with SQLite's words. */
enum err broker_database_failed(
    const struct broker_database *database, const char *doing, struct fault *fault);
/* A statement with its first two parameters bound, borrowed until it is released; key may be NULL:
 * there is no second one. */
sqlite3_stmt *broker_database_bind(
    struct broker_database *database, unsigned statement, const char *key);
void broker_database_release(sqlite3_stmt *statement);
/* Begins a transaction that writes. */
MUST_USE bool broker_database_begin(struct broker_database *database);
/* Commits it when r is ERR_OK, else rolls back. Returns r, or why it could not be committed. */
MUST_USE enum err broker_database_end(
    struct broker_database *database, const char *doing, enum err r, struct fault *fault);

#endif
