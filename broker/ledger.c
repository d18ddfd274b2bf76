#include "broker/ledger.h"

#include "broker/database.h"

enum statement { USED, CHARGE, OPEN, FORGET, GIVE, STATEMENTS };

/* ?1 workspace, ?2 Skill, ?3 rule, ?4 window, ?5 amount, ?6 most */
static const char *const statement_text[STATEMENTS] = {
    [USED] = ("SELECT amount FROM used WHERE workspace = ?1 AND skill = ?2 AND rule = ?3"
	      " AND period = ?4"),
    [CHARGE] = ("UPDATE used SET amount = amount + ?5 WHERE workspace = ?1 AND skill = ?2"
		" AND rule = ?3 AND period = ?4 AND amount + ?5 <= ?6"),
    [OPEN] = ("INSERT INTO used (workspace, skill, rule, period, amount)"
	      " SELECT ?1, ?2, ?3, ?4, ?5 WHERE ?5 <= ?6 ON CONFLICT DO NOTHING"),
    [FORGET] = ("DELETE FROM used WHERE workspace = ?1 AND skill = ?2 AND rule = ?3 AND period <"
		" (SELECT period FROM used WHERE workspace = ?1 AND skill = ?2 AND rule = ?3"
		" ORDER BY period DESC LIMIT 1 OFFSET ?5 - 1)"),
    [GIVE] = ("UPDATE used SET amount = amount - ?5 WHERE workspace = ?1 AND skill = ?2"
	      " AND rule = ?3 AND period = ?4 AND amount >= ?5"),
};

static const char schema_text[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS workspace (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS used (workspace TEXT NOT NULL REFERENCES workspace (name),"
    " skill TEXT NOT NULL, rule TEXT NOT NULL, period INTEGER NOT NULL, amount INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, skill, rule, period)) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version = 1;"
    "COMMIT;";

static const struct broker_database_plan plan = {
    .file = "ledger.db",
    .what = "the budgets",
    .version = 1,
    .schema = schema_text,
    .claim = ("INSERT INTO workspace (name) SELECT ?1 WHERE NOT EXISTS"
	      " (SELECT 1 FROM workspace)"),
    .statements = statement_text,
    .statement_count = STATEMENTS,
};

struct ledger {
	struct broker_ledger ledger; /* first */
	struct broker_database database;
	bool is_open; /* a transaction */
};

static struct ledger *
ledger_of(struct broker_ledger *ledger)
{
	return (struct ledger *)(void *)ledger;
}

/* Counts, windows and limits are far below INT64_MAX; what is not is refused by the limit. */
static sqlite3_int64
number(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (sqlite3_int64)n;
}

static sqlite3_stmt *
bind(struct ledger *ledger, enum statement which, const char *skill,
    const struct broker_counter *counter, uint64_t amount)
{
	sqlite3_stmt *statement = broker_database_bind(&ledger->database, which, skill);

	sqlite3_bind_text(statement, 3, counter->rule, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 4, number(counter->window));
	sqlite3_bind_int64(statement, 5, number(amount));
	sqlite3_bind_int64(statement, 6, number(counter->most));
	return statement;
}

static enum err
ledger_used(struct broker_ledger *base, const char *skill, const struct broker_counter *counter,
    uint64_t *ret_used, struct fault *fault)
{
	struct ledger *ledger = ledger_of(base);
	sqlite3_stmt *statement = bind(ledger, USED, skill, counter, 0);
	int step = sqlite3_step(statement);
	enum err r = ERR_OK;

	if (step == SQLITE_ROW)
		*ret_used = (uint64_t)sqlite3_column_int64(statement, 0);
	else if (step == SQLITE_DONE)
		*ret_used = 0;
	else
		r = broker_database_failed(&ledger->database, "read", fault);
	broker_database_release(statement);
	return r;
}

/* Runs a statement that changes; *ret_changed says how many rows. */
static enum err
change(struct ledger *ledger, enum statement which, const char *skill,
    const struct broker_counter *counter, uint64_t amount, int *ret_changed, struct fault *fault)
{
	sqlite3_stmt *statement = bind(ledger, which, skill, counter, amount);
	enum err r = ERR_OK;

	if (sqlite3_step(statement) == SQLITE_DONE)
		*ret_changed = sqlite3_changes(ledger->database.db);
	else
		r = broker_database_failed(&ledger->database, "write", fault);
	broker_database_release(statement);
	return r;
}

static enum err
take_one(struct ledger *ledger, const char *skill, const struct broker_counter *counter,
    uint64_t amount, struct fault *fault)
{
	int changed = 0;
	enum err r = change(ledger, CHARGE, skill, counter, amount, &changed, fault);

	if (r != ERR_OK || changed == 1)
		return r;
	r = change(ledger, OPEN, skill, counter, amount, &changed, fault);
	if (r != ERR_OK)
		return r;
	if (changed == 1)
		return change(ledger, FORGET, skill, counter, BROKER_WINDOWS_KEPT, &changed, fault);
	fault_set(fault, ERR_BUDGET_EXCEEDED, "%s has less than %llu left", counter->rule,
	    (unsigned long long)amount);
	return fault_at(fault, counter->rule, 0);
}

static bool
exec(struct ledger *ledger, const char *text)
{
	return sqlite3_exec(ledger->database.db, text, NULL, NULL, NULL) == SQLITE_OK;
}

/* Whatever was taken since the last commit shares its transaction, and so its flush of the disk. */
static bool
ensure_begun(struct ledger *ledger)
{
	if (!ledger->is_open)
		ledger->is_open = broker_database_begin(&ledger->database);
	return ledger->is_open;
}

static enum err
ledger_take(struct broker_ledger *base, const char *skill, const struct broker_counter *counters,
    unsigned count, uint64_t amount, struct fault *fault)
{
	struct ledger *ledger = ledger_of(base);
	enum err r = ERR_OK;

	if (!ensure_begun(ledger) || !exec(ledger, "SAVEPOINT take"))
		return broker_database_failed(&ledger->database, "take", fault);
	for (unsigned i = 0; r == ERR_OK && i < count; i++)
		r = take_one(ledger, skill, &counters[i], amount, fault);
	if (r != ERR_OK)
		(void)exec(ledger, "ROLLBACK TO take");
	if (!exec(ledger, "RELEASE take") && r == ERR_OK)
		r = broker_database_failed(&ledger->database, "take", fault);
	return r;
}

static enum err
ledger_give(struct broker_ledger *base, const char *skill, const struct broker_counter *counters,
    unsigned count, uint64_t amount, struct fault *fault)
{
	struct ledger *ledger = ledger_of(base);
	enum err r = ERR_OK;
	int changed;

	if (!ensure_begun(ledger))
		return broker_database_failed(&ledger->database, "give", fault);
	for (unsigned i = 0; r == ERR_OK && i < count; i++)
		r = change(ledger, GIVE, skill, &counters[i], amount, &changed, fault);
	return r;
}

static enum err
ledger_commit(struct broker_ledger *base, struct fault *fault)
{
	struct ledger *ledger = ledger_of(base);

	if (!ledger->is_open)
		return ERR_OK;
	ledger->is_open = false;
	/* Some errors end the transaction before its commit: then nothing of it is there. */
	if (sqlite3_get_autocommit(ledger->database.db))
		return fault_set(fault, ERR_INTERNAL, "the budgets, commit: it was undone");
	return broker_database_end(&ledger->database, "commit", ERR_OK, fault);
}

static void
ledger_close(struct broker_ledger *base)
{
	struct ledger *ledger = ledger_of(base);

	broker_database_close(&ledger->database);
	free(ledger);
}

static const struct broker_ledger_ops ops = {
    ledger_used, ledger_take, ledger_give, ledger_commit, ledger_close};

enum err
broker_ledger_open(
    const char *state, const char *workspace, struct broker_ledger **ret, struct fault *fault)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	enum err r;

	if (ledger == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	ledger->ledger.ops = &ops;
	r = broker_database_open(&ledger->database, &plan, state, workspace, fault);
	if (r == ERR_OK)
		*ret = &ledger->ledger;
	else
		ledger_close(&ledger->ledger);
	return r;
}

void
broker_ledger_close(struct broker_ledger **ledger)
{
	if (*ledger != NULL)
		(*ledger)->ops->close(*ledger);
	*ledger = NULL;
}
