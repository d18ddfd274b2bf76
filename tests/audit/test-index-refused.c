#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/audit/index_rig.h"
#include "tests/lib/fail_nth.h"

/* Changes the database by SQL, as somebody could who may write it. */
static void
change(const struct place *place, const char *sql)
{
	sqlite3 *db = NULL;
	char *why = NULL;

	assert_int_equal(sqlite3_open(place_path(place, "index.db"), &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(db);
}

static bool
ignore(void *context, const struct audit_scan_record *record)
{
	(void)context;
	(void)record;
	return true;
}

/* Opening or asking for everything must notice. */
static void
assert_refused(const struct place *place, const char *sql, const struct audit_index_query *query)
{
	const struct audit_index_place where = {.log_dir = place->dir};
	struct audit_index *index = NULL;
	struct fault fault = {0};
	uint64_t next;
	bool more;
	enum err r;

	index = index_rig_open_index(place, NULL, true);
	audit_index_close(&index);
	change(place, sql);
	r = audit_index_open(&where, false, NULL, NULL, &index, &fault);
	if (r == ERR_OK)
		r = audit_index_find(index, query, ignore, NULL, &next, &more, &fault);
	if (r != ERR_PROTOCOL || strstr(fault.message, "--rebuild") == NULL)
		fail_msg("%s: %s %s", sql, err_name(r), fault.message);
	audit_index_close(&index);
}

static void
a_changed_index_is_refused(void **state)
{
	static const struct audit_index_query all = {0};
	struct audit_index_query run = {.run = index_rig_run_name(1)};
	static const char *const changes[] = {
	    "UPDATE record SET offset = (SELECT offset FROM record WHERE at = 9) WHERE at = 10",
	    "UPDATE record SET offset = 0 WHERE at = 10",
	    "UPDATE record SET offset = 1 << 40 WHERE at = 10",
	    "UPDATE record SET segment = segment + 1 WHERE at = 10",
	    "UPDATE record SET at = 100000 WHERE at = 10",
	    "UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0",
	    "UPDATE tile SET hashes = x'00'",
	    "DELETE FROM tile WHERE level = 1",
	    "DELETE FROM tile",
	    "UPDATE about SET note = zeroblob(200)",
	    "UPDATE about SET note = zeroblob(100000)",
	    "UPDATE about SET size = size - 1",
	    "UPDATE about SET size = -1",
	    "UPDATE about SET tree = zeroblob(length(tree))",
	    "UPDATE about SET segment = zeroblob(4096)",
	    "PRAGMA user_version = 9",
	    "DROP TABLE record",
	};
	struct place place;

	(void)state;
	index_rig_log(&place);
	for (unsigned i = 0; i < ARRAY_SIZE(changes); i++)
		assert_refused(&place, changes[i], &all);
	assert_refused(&place,
	    "DELETE FROM record WHERE at = (SELECT at FROM record WHERE run = (SELECT id FROM name"
	    " WHERE text = 'rn_01JDF3Z0000000000000000001') ORDER BY at LIMIT 1 OFFSET 2)",
	    &run);
	place_done(&place);
}

/* Where the index says that it ends something else stands: the log is not accused, and not
 * believed either. */
static void
a_place_to_go_on_from_that_is_wrong_is_noticed(void **state)
{
	static const char *const changes[] = {
	    "UPDATE about SET used = used + 4096",
	    "UPDATE about SET used = 0",
	    "UPDATE about SET chain = zeroblob(32)",
	    "UPDATE about SET last_leaf = zeroblob(32)",
	    "UPDATE live_run SET last = zeroblob(32)",
	    "UPDATE live_run SET records = 0",
	    "DELETE FROM live_run",
	};
	const struct audit_index_query all = {0};
	struct audit_index *index = NULL;
	struct place place;

	(void)state;
	index_rig_log(&place);
	for (unsigned i = 0; i < ARRAY_SIZE(changes); i++) {
		struct audit_index_place where = {.log_dir = place.dir};
		struct fault fault = {0};
		struct index_rig_answers found;

		index = index_rig_open_index(&place, NULL, true);
		audit_index_close(&index);
		change(&place, changes[i]);
		index_rig_append_some(&place, 8);
		assert_int_not_equal(
		    audit_index_open(&where, false, NULL, NULL, &index, &fault), ERR_OK);
		assert_null(index);
		index = index_rig_open_index(&place, NULL, true);
		index_rig_ask(index, &all, &found);
		assert_int_equal(found.count, audit_index_size(index));
		audit_index_close(&index);
	}
	place_done(&place);
}

static void
what_is_no_database_is_refused(void **state)
{
	const struct audit_index_query all = {0};
	struct audit_index_place where = {0};
	struct audit_index *index = NULL;
	struct fault fault = {0};
	struct index_rig_answers found;
	struct place place;
	FILE *file;

	(void)state;
	index_rig_log(&place);
	where.log_dir = place.dir;
	file = fopen(place_path(&place, "index.db"), "we");
	assert_non_null(file);
	for (unsigned i = 0; i < 4096; i++)
		fputs("no database ", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(audit_index_open(&where, false, NULL, NULL, &index, &fault), ERR_PROTOCOL);
	index = index_rig_open_index(&place, NULL, true);
	index_rig_ask(index, &all, &found);
	assert_int_equal(found.count, audit_index_size(index));
	audit_index_close(&index);
	where.path = "/nowhere/at/all";
	assert_int_equal(
	    audit_index_open(&where, false, NULL, NULL, &index, &fault), ERR_NOT_FOUND);
	assert_non_null(strstr(fault.message, "--index"));
	place_done(&place);
}

/* A record that was changed on the disk after it was indexed does not leave the log by a query. */
static void
a_changed_log_is_noticed_by_a_query(void **state)
{
	const struct audit_index_query all = {0};
	struct audit_index *index;
	struct fault fault = {0};
	struct place place;
	unsigned char byte;
	uint64_t next;
	bool more;
	int fd;

	(void)state;
	index_rig_log(&place);
	index = index_rig_open_index(&place, NULL, false);
	fd = open(place_path(&place, "seg-0000000000000000.plog"), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, 4096 + 100), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 4096 + 100), 1);
	close(fd);
	assert_int_equal(
	    audit_index_find(index, &all, ignore, NULL, &next, &more, &fault), ERR_PROTOCOL);
	assert_non_null(strstr(fault.message, "record 0"));
	audit_index_close(&index);
	place_done(&place);
}

static void
who_may_not_write_an_index_uses_it_as_it_is(void **state)
{
	const struct audit_index_query all = {0};
	struct audit_index *index;
	struct index_rig_answers found;
	struct place place;
	uint64_t size;

	(void)state;
	if (geteuid() == 0) {
		print_message("# skip: root may write every file\n");
		skip();
	}
	index_rig_log(&place);
	index = index_rig_open_index(&place, NULL, false);
	size = audit_index_size(index);
	audit_index_close(&index);
	assert_int_equal(chmod(place_path(&place, "index.db"), 0400), 0);
	index_rig_append_some(&place, 3);
	index = index_rig_open_index(&place, NULL, false);
	assert_false(audit_index_is_current(index));
	index_rig_ask(index, &all, &found);
	assert_int_equal(found.count, size);
	audit_index_close(&index);
	place_done(&place);
}

static bool
open_once(void *context)
{
	const struct audit_index_place where = {.log_dir = ((struct place *)context)->dir};
	const struct audit_index_query query = {.run = index_rig_run_name(1)};
	struct audit_index *index = NULL;
	struct fault fault = {0};
	uint64_t next;
	bool more;
	enum err r = audit_index_open(&where, false, NULL, NULL, &index, &fault);

	if (r == ERR_OK)
		r = audit_index_find(index, &query, ignore, NULL, &next, &more, &fault);
	audit_index_close(&index);
	return r == ERR_OK || fault.message[0] != '\0';
}

static void
memory_that_ends_is_noticed_and_the_next_try_succeeds(void **state)
{
	const struct audit_index_query all = {0};
	struct audit_index *index;
	struct index_rig_answers found;
	struct place place;
	struct fault fault;

	(void)state;
	place_init(&place);
	assert_int_equal(place_open(&place, AUDIT_BACKEND_AUTO, &fault), 0);
	index_rig_admit(&place, 1);
	index_rig_append(&place, EVENT_CALL_INTENT, 1, "git.read", ERR_OK, NULL, 0);
	assert_true(fail_nth_until_ok(FAIL_MEMORY, ENOMEM, open_once, &place) > 10);
	index = index_rig_open_index(&place, NULL, false);
	index_rig_ask(index, &all, &found);
	assert_int_equal(found.count, audit_index_size(index));
	audit_index_close(&index);
	place_done(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_changed_index_is_refused),
	    cmocka_unit_test(a_place_to_go_on_from_that_is_wrong_is_noticed),
	    cmocka_unit_test(what_is_no_database_is_refused),
	    cmocka_unit_test(a_changed_log_is_noticed_by_a_query),
	    cmocka_unit_test(who_may_not_write_an_index_uses_it_as_it_is),
	    cmocka_unit_test(memory_that_ends_is_noticed_and_the_next_try_succeeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
