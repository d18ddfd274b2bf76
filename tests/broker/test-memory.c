#include <sqlite3.h>
#include <stdio.h>

#include "broker/store.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

#define WS "ws_acme"
#define KEY "ws/ws_acme/notes/a"

struct place {
	char *dir;
	struct broker_store *store;
};

static struct broker_store *
open_store(const char *dir)
{
	struct broker_store *store = NULL;
	struct fault fault;

	assert_int_equal(broker_memory_open(dir, WS, &store, &fault), ERR_OK);
	return store;
}

static int
set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	place->dir = check_tempdir();
	place->store = open_store(place->dir);
	*state = place;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *place = *state;

	broker_store_close(&place->store);
	check_tempdir_remove(&place->dir);
	free(place);
	return 0;
}

static enum err
put(struct broker_store *store, const char *key, const void *data, size_t size, struct fault *fault)
{
	const struct broker_fact fact = {.key = key,
	    .data = data,
	    .size = (uint32_t)size,
	    .run = "rn_01ARZ3NDEKTSV4RRFFQ69G5FAV",
	    .written_ms = 1234};

	return store->ops->put(store, WS, &fact, fault);
}

static void
assert_put(struct broker_store *store, const char *key, const char *text)
{
	struct fault fault;

	assert_int_equal(put(store, key, text, strlen(text), &fault), ERR_OK);
}

/* The stored text of a key, or "" where there is none. */
static void
assert_stored(struct broker_store *store, const char *key, const char *text)
{
	struct broker_fact fact;
	struct arena arena;
	struct fault fault;

	arena_init(&arena, 256 * 1024);
	assert_int_equal(store->ops->get(store, WS, key, &arena, &fact, &fault), ERR_OK);
	if (text == NULL) {
		assert_null(fact.data);
	} else {
		assert_int_equal(fact.size, strlen(text));
		assert_memory_equal(fact.data, text, fact.size);
		assert_string_equal(fact.run, "rn_01ARZ3NDEKTSV4RRFFQ69G5FAV");
		assert_int_equal(fact.written_ms, 1234);
	}
	arena_clear(&arena);
}

static void
a_fact_is_put_replaced_and_deleted(void **state)
{
	struct broker_store *store = ((struct place *)*state)->store;
	struct fault fault;
	bool existed = false;

	assert_stored(store, KEY, NULL);
	assert_put(store, KEY, "one");
	assert_stored(store, KEY, "one");
	assert_put(store, KEY, "another");
	assert_stored(store, KEY, "another");
	assert_int_equal(store->ops->remove(store, WS, KEY, &existed, &fault), ERR_OK);
	assert_true(existed);
	assert_stored(store, KEY, NULL);
	assert_int_equal(store->ops->remove(store, WS, KEY, &existed, &fault), ERR_OK);
	assert_false(existed);
}

static void
facts_outlive_the_process_that_wrote_them(void **state)
{
	struct place *place = *state;

	assert_put(place->store, KEY, "kept");
	broker_store_close(&place->store);
	place->store = open_store(place->dir);
	assert_stored(place->store, KEY, "kept");
}

static void
another_workspace_is_refused_by_name_by_key_and_by_file(void **state)
{
	struct place *place = *state;
	struct broker_store *store = place->store, *other = NULL;
	struct broker_fact fact = {.key = KEY};
	struct arena arena;
	struct fault fault;

	arena_init(&arena, 4096);
	assert_int_equal(
	    store->ops->get(store, "ws_other", KEY, &arena, &fact, &fault), ERR_WORKSPACE_SCOPE);
	assert_int_equal(store->ops->put(store, "ws_other", &fact, &fault), ERR_WORKSPACE_SCOPE);
	assert_int_equal(put(store, "ws/ws_other/notes/a", "x", 1, &fault), ERR_WORKSPACE_SCOPE);
	assert_int_equal(put(store, "ws/ws_acme2/notes/a", "x", 1, &fault), ERR_WORKSPACE_SCOPE);
	assert_int_equal(
	    broker_memory_open(place->dir, "ws_other", &other, &fault), ERR_WORKSPACE_SCOPE);
	assert_null(other);
	arena_clear(&arena);
}

static void
malformed_keys_are_refused(void **state)
{
	static const char *const keys[] = {"", "notes/a", "ws/ws_acme/", "ws/ws_acme//a",
	    "ws/ws_acme/a//b", "ws/ws_acme/a/", "ws/ws_acme/./a", "ws/ws_acme/../ws_other/a",
	    "ws/ws_acme/a/..", "ws/ws_acme/a\nb", "ws/ws_acme/a\x7f", "ws/ws_acme/\xff",
	    "ws/ws_acme/a\xe2\x80\x8b", "/ws/ws_acme/a"};
	struct broker_store *store = ((struct place *)*state)->store;
	char longest[BROKER_MEMORY_KEY_MAX + 2] = "ws/ws_acme/";
	struct fault fault;

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		assert_int_equal(put(store, keys[i], "x", 1, &fault), ERR_MEMORY_NAMESPACE);
	memset(longest + 11, 'a', BROKER_MEMORY_KEY_MAX - 11);
	assert_int_equal(put(store, longest, "x", 1, &fault), ERR_OK);
	longest[BROKER_MEMORY_KEY_MAX] = 'a';
	assert_int_equal(put(store, longest, "x", 1, &fault), ERR_MEMORY_NAMESPACE);
	assert_int_equal(put(store, "ws/ws_acme/.a/..b/\xc3\xa9", "x", 1, &fault), ERR_OK);
}

static void
a_value_above_its_limit_is_refused_and_one_at_it_is_kept(void **state)
{
	static const char value[BROKER_MEMORY_VALUE_MAX + 1];
	struct broker_store *store = ((struct place *)*state)->store;
	struct fault fault;

	assert_int_equal(put(store, KEY, value, BROKER_MEMORY_VALUE_MAX, &fault), ERR_OK);
	assert_int_equal(put(store, KEY, value, BROKER_MEMORY_VALUE_MAX + 1, &fault), ERR_LIMIT);
}

struct listed {
	char text[256];
	unsigned left;
};

static bool
note(void *context, const struct broker_fact *fact)
{
	struct listed *listed = context;
	size_t at = strlen(listed->text);

	snprintf(
	    listed->text + at, sizeof(listed->text) - at, "%s:%u ", fact->key + 11, fact->size);
	return --listed->left > 0;
}

static void
assert_listed(struct broker_store *store, const char *prefix, const char *after, unsigned most,
    const char *expected)
{
	struct listed listed = {.left = most};
	struct fault fault;

	assert_int_equal(store->ops->list(store, WS, prefix, after, note, &listed, &fault), ERR_OK);
	assert_string_equal(listed.text, expected);
}

static void
a_list_is_what_lies_beneath_its_prefix_in_order(void **state)
{
	struct broker_store *store = ((struct place *)*state)->store;
	struct listed listed = {.left = 9};
	struct fault fault;

	assert_put(store, "ws/ws_acme/b/1", "x");
	assert_put(store, "ws/ws_acme/a/2", "xx");
	assert_put(store, "ws/ws_acme/a/1", "xxx");
	assert_put(store, "ws/ws_acme/a/\xc3\xbf", "x");
	assert_put(store, "ws/ws_acme/a0", "x");
	assert_put(store, "ws/ws_acme/a", "x");
	assert_listed(store, "ws/ws_acme/a/", "", 9, "a/1:3 a/2:2 a/\xc3\xbf:1 ");
	assert_listed(store, "ws/ws_acme/a/", "", 2, "a/1:3 a/2:2 ");
	assert_listed(store, "ws/ws_acme/a/", "ws/ws_acme/a/1", 9, "a/2:2 a/\xc3\xbf:1 ");
	assert_listed(store, "ws/ws_acme/a/", "ws/ws_acme/b/1", 9, "");
	assert_listed(store, "ws/ws_acme/b/", "ws/ws_acme/a/1", 9, "b/1:1 ");
	assert_listed(store, "ws/ws_acme/", "", 2, "a:1 a/1:3 ");
	assert_int_equal(store->ops->list(store, WS, "ws/ws_acme/a", "", note, &listed, &fault),
	    ERR_MEMORY_NAMESPACE);
	assert_int_equal(store->ops->list(store, WS, "ws/ws_other/", "", note, &listed, &fault),
	    ERR_WORKSPACE_SCOPE);
}

/* Sets what the workspace holds, as a second connection to the same file. */
static void
pretend(const char *dir, const char *what, long long amount)
{
	char path[512], text[128];
	sqlite3 *db = NULL;

	snprintf(path, sizeof(path), "%s/memory.db", dir);
	snprintf(text, sizeof(text), "UPDATE workspace SET %s = %s + %lld", what, what, amount);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
the_count_quota_refuses_one_more_and_lets_one_be_replaced(void **state)
{
	struct place *place = *state;
	struct fault fault;
	bool existed;

	assert_put(place->store, KEY, "x");
	pretend(place->dir, "facts", BROKER_MEMORY_FACTS_MAX - 1);
	assert_int_equal(put(place->store, "ws/ws_acme/b", "x", 1, &fault), ERR_LIMIT);
	assert_string_equal(fault.rule, "memory.quota.facts");
	assert_put(place->store, KEY, "y");
	assert_int_equal(
	    place->store->ops->remove(place->store, WS, KEY, &existed, &fault), ERR_OK);
	assert_put(place->store, "ws/ws_acme/b", "x");
	assert_int_equal(put(place->store, "ws/ws_acme/c", "x", 1, &fault), ERR_LIMIT);
}

static void
the_byte_quota_counts_keys_values_and_what_is_given_back(void **state)
{
	struct place *place = *state;
	long long held = (long long)strlen(KEY) + 3;
	struct fault fault;

	assert_put(place->store, KEY, "123");
	pretend(place->dir, "bytes", BROKER_MEMORY_BYTES_MAX - held);
	assert_int_equal(put(place->store, KEY, "1234", 4, &fault), ERR_LIMIT);
	assert_string_equal(fault.rule, "memory.quota.bytes");
	assert_put(place->store, KEY, "12");
	assert_put(place->store, KEY, "123");
	assert_int_equal(put(place->store, KEY, "1234", 4, &fault), ERR_LIMIT);
	assert_stored(place->store, KEY, "123");
}

static void
a_file_that_is_no_database_is_an_error(void **state)
{
	char *dir = check_tempdir();
	struct broker_store *store = NULL;
	struct fault fault;

	(void)state;
	check_write(dir, "memory.db", "this is not a database, not at all, no", 38);
	assert_int_equal(broker_memory_open(dir, WS, &store, &fault), ERR_INTERNAL);
	assert_null(store);
	check_tempdir_remove(&dir);
	assert_int_equal(broker_memory_open("/nonexistent", WS, &store, &fault), ERR_INTERNAL);
}

static bool
opens_or_says_why(void *context)
{
	struct broker_store *store = NULL;
	struct broker_fact fact;
	struct arena arena;
	struct fault fault = {0};
	bool sound;

	if (broker_memory_open(context, WS, &store, &fault) != ERR_OK)
		return store == NULL && fault.code != ERR_OK;
	arena_init(&arena, 4096);
	sound = put(store, KEY, "x", 1, &fault) == ERR_OK || fault.code != ERR_OK;
	sound = sound && (store->ops->get(store, WS, KEY, &arena, &fact, &fault) == ERR_OK ||
			     fault.code != ERR_OK);
	arena_clear(&arena);
	broker_store_close(&store);
	return sound;
}

static void
every_failed_allocation_is_noticed(void **state)
{
	struct place *place = *state;

	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, opens_or_says_why, place->dir) >= 1);
}

/* SQLite is a shared library that the linker's wrap does not reach: its own allocator is asked to
 * fail instead. */
struct failing {
	sqlite3_mem_methods real;
	int left;
};

static struct failing failing;

static void *
failing_malloc(int size)
{
	return failing.left > 0 && --failing.left == 0 ? NULL : failing.real.xMalloc(size);
}

static void *
failing_realloc(void *old, int size)
{
	return failing.left > 0 && --failing.left == 0 ? NULL : failing.real.xRealloc(old, size);
}

static void
every_failed_allocation_of_sqlite_is_noticed(void **state)
{
	struct place *place = *state;
	sqlite3_mem_methods methods;
	bool whole = false;

	broker_store_close(&place->store);
	assert_int_equal(sqlite3_shutdown(), SQLITE_OK);
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &failing.real), SQLITE_OK);
	methods = failing.real;
	methods.xMalloc = failing_malloc;
	methods.xRealloc = failing_realloc;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
	for (int nth = 1; !whole && nth < 5000; nth++) {
		failing.left = nth;
		assert_true(opens_or_says_why(place->dir));
		whole = failing.left > 0;
	}
	failing.left = 0;
	assert_true(whole);
	assert_int_equal(sqlite3_shutdown(), SQLITE_OK);
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing.real), SQLITE_OK);
	place->store = open_store(place->dir);
	assert_stored(place->store, KEY, "x");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_fact_is_put_replaced_and_deleted),
	    CASE(facts_outlive_the_process_that_wrote_them),
	    CASE(another_workspace_is_refused_by_name_by_key_and_by_file),
	    CASE(malformed_keys_are_refused),
	    CASE(a_value_above_its_limit_is_refused_and_one_at_it_is_kept),
	    CASE(a_list_is_what_lies_beneath_its_prefix_in_order),
	    CASE(the_count_quota_refuses_one_more_and_lets_one_be_replaced),
	    CASE(the_byte_quota_counts_keys_values_and_what_is_given_back),
	    cmocka_unit_test(a_file_that_is_no_database_is_an_error),
	    CASE(every_failed_allocation_is_noticed),
	    CASE(every_failed_allocation_of_sqlite_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
