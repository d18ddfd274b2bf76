#include "broker/ledger.h"

#include <errno.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

#define WS "ws_acme"
#define SKILL "sk_review"

static const struct broker_counter hour = {.rule = "limits.per_hour", .window = 7, .most = 3};
static const struct broker_counter day = {.rule = "budget.day.calls", .window = 7, .most = 5};

struct place {
	char *dir;
	struct broker_ledger *ledger;
};

static struct broker_ledger *
open_ledger(const char *dir)
{
	struct broker_ledger *ledger = NULL;
	struct fault fault;

	assert_int_equal(broker_ledger_open(dir, WS, &ledger, &fault), ERR_OK);
	return ledger;
}

static int
set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	place->dir = check_tempdir();
	place->ledger = open_ledger(place->dir);
	*state = place;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *place = *state;

	broker_ledger_close(&place->ledger);
	check_tempdir_remove(&place->dir);
	free(place);
	return 0;
}

static void
assert_used(struct place *place, const char *skill, struct broker_counter counter, uint64_t used)
{
	struct fault fault;
	uint64_t now = 99;

	assert_int_equal(
	    place->ledger->ops->used(place->ledger, skill, &counter, &now, &fault), ERR_OK);
	assert_int_equal(now, used);
}

static enum err
take(struct place *place, struct broker_counter counter, uint64_t amount)
{
	struct fault fault = {0};
	enum err r = place->ledger->ops->take(place->ledger, SKILL, &counter, 1, amount, &fault);

	assert_int_equal(r, fault.code);
	if (r == ERR_BUDGET_EXCEEDED)
		assert_string_equal(fault.rule, counter.rule);
	return r;
}

static void
commit(struct place *place)
{
	struct fault fault;

	assert_int_equal(place->ledger->ops->commit(place->ledger, &fault), ERR_OK);
}

/* As after a kill: without a word. */
static void
open_again(struct place *place)
{
	broker_ledger_close(&place->ledger);
	place->ledger = open_ledger(place->dir);
}

static void
a_window_gives_its_most_and_not_one_more(void **state)
{
	struct place *place = *state;

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(take(place, hour, 1), ERR_OK);
	assert_int_equal(take(place, hour, 1), ERR_BUDGET_EXCEEDED);
	assert_used(place, SKILL, hour, 3);
	assert_int_equal(take(place, day, 6), ERR_BUDGET_EXCEEDED);
	assert_int_equal(take(place, day, 5), ERR_OK);
	assert_int_equal(take(place, day, UINT64_MAX), ERR_BUDGET_EXCEEDED);
	assert_used(place, SKILL, day, 5);
}

static void
another_window_and_another_skill_have_their_own(void **state)
{
	struct place *place = *state;
	struct broker_counter next = hour;

	assert_int_equal(take(place, hour, 3), ERR_OK);
	next.window++;
	assert_int_equal(take(place, next, 2), ERR_OK);
	assert_used(place, SKILL, hour, 3);
	assert_used(place, SKILL, next, 2);
	assert_used(place, "sk_other", hour, 0);
}

static void
all_counters_are_taken_from_or_none(void **state)
{
	struct place *place = *state;
	const struct broker_counter both[] = {day, hour};
	struct fault fault;

	assert_int_equal(take(place, hour, 2), ERR_OK);
	assert_int_equal(place->ledger->ops->take(place->ledger, SKILL, both, 2, 2, &fault),
	    ERR_BUDGET_EXCEEDED);
	assert_string_equal(fault.rule, hour.rule);
	assert_used(place, SKILL, day, 0);
	assert_int_equal(
	    place->ledger->ops->take(place->ledger, SKILL, both, 2, 1, &fault), ERR_OK);
	assert_used(place, SKILL, day, 1);
	assert_used(place, SKILL, hour, 3);
}

static void
what_was_committed_survives_and_the_rest_was_never_taken(void **state)
{
	struct place *place = *state;

	assert_int_equal(take(place, day, 2), ERR_OK);
	commit(place);
	assert_int_equal(take(place, day, 2), ERR_OK);
	assert_used(place, SKILL, day, 4);
	open_again(place);
	assert_used(place, SKILL, day, 2);
}

static void
what_is_given_back_can_be_taken_again_and_never_twice(void **state)
{
	struct place *place = *state;
	struct fault fault;

	assert_int_equal(take(place, day, 5), ERR_OK);
	commit(place);
	assert_int_equal(
	    place->ledger->ops->give(place->ledger, SKILL, &day, 1, 4, &fault), ERR_OK);
	commit(place);
	open_again(place);
	assert_used(place, SKILL, day, 1);
	/* More than is used is nobody's. */
	assert_int_equal(
	    place->ledger->ops->give(place->ledger, SKILL, &day, 1, 2, &fault), ERR_OK);
	assert_used(place, SKILL, day, 1);
}

static void
a_clock_that_is_set_back_finds_what_was_used_then(void **state)
{
	struct place *place = *state;
	struct broker_counter at = hour;

	assert_int_equal(take(place, hour, 3), ERR_OK);
	for (unsigned i = 1; i < BROKER_WINDOWS_KEPT; i++) {
		at.window = hour.window + UINT64_C(100000) * i;
		assert_int_equal(take(place, at, 1), ERR_OK);
	}
	commit(place);
	assert_used(place, SKILL, hour, 3);
	assert_int_equal(take(place, hour, 1), ERR_BUDGET_EXCEEDED);
	/* One window more, and the oldest is forgotten: a file cannot grow for ever. */
	at.window++;
	assert_int_equal(take(place, at, 1), ERR_OK);
	assert_used(place, SKILL, hour, 0);
}

static void
another_workspaces_ledger_does_not_open(void **state)
{
	struct place *place = *state;
	struct broker_ledger *other = NULL;
	struct fault fault;

	assert_int_equal(
	    broker_ledger_open(place->dir, "ws_other", &other, &fault), ERR_WORKSPACE_SCOPE);
	assert_null(other);
}

static bool
works_or_says_why(void *context)
{
	struct broker_ledger *ledger = NULL;
	struct fault fault = {0};
	bool sound;

	if (broker_ledger_open(context, WS, &ledger, &fault) != ERR_OK)
		return ledger == NULL && fault.code != ERR_OK;
	sound =
	    ledger->ops->take(ledger, SKILL, &day, 1, 1, &fault) == ERR_OK || fault.code != ERR_OK;
	sound = sound && (ledger->ops->commit(ledger, &fault) == ERR_OK || fault.code != ERR_OK);
	broker_ledger_close(&ledger);
	return sound;
}

static void
every_failed_allocation_and_write_is_noticed(void **state)
{
	struct place *place = *state;

	broker_ledger_close(&place->ledger);
	assert_true(
	    fail_nth_until_ok(FAIL_MEMORY | FAIL_IO, EIO, works_or_says_why, place->dir) >= 1);
	place->ledger = open_ledger(place->dir);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(a_window_gives_its_most_and_not_one_more),
	    CASE(another_window_and_another_skill_have_their_own),
	    CASE(all_counters_are_taken_from_or_none),
	    CASE(what_was_committed_survives_and_the_rest_was_never_taken),
	    CASE(what_is_given_back_can_be_taken_again_and_never_twice),
	    CASE(a_clock_that_is_set_back_finds_what_was_used_then),
	    CASE(another_workspaces_ledger_does_not_open),
	    CASE(every_failed_allocation_and_write_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
