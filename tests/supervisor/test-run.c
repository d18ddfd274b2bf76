/* The run's state machine alone: everything around it is a stub that writes down what was asked of
 * it, and the tests decide in which order the world answers. */
#include "supervisor/control.h"
#include "supervisor/output.h"
#include "supervisor/record.h"
#include "supervisor/start.h"
#include "supervisor/tool.h"
#include "tests/lib/check.h"

/* What the machine asked for. */
static struct {
	recorder_answered *answered; /* the record that waits for its answer */
	void *context;
	int admitted, ended, granted, grant_ends, spawned, kills, tells_ended, tells_refused;
	int skills_held;
	bool log_is_gone, broker_is_gone, cell_fails;
	enum end_reason recorded_reason;
} world;

static struct event_base *base;

enum err
record_admitted(struct run *run, recorder_answered *answered, struct fault *fault)
{
	if (world.log_is_gone)
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "gone");
	world.admitted++;
	world.answered = answered;
	world.context = run;
	return ERR_OK;
}

enum err
record_ended(struct run *run, recorder_answered *answered, struct fault *fault)
{
	if (world.log_is_gone)
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "gone");
	world.ended++;
	world.recorded_reason = run->outcome.reason;
	world.answered = answered;
	world.context = run;
	return ERR_OK;
}

struct skill *
skill_ref(struct skill *skill)
{
	world.skills_held++;
	return skill;
}

void
skill_unref(struct skill **skill)
{
	world.skills_held--;
	*skill = NULL;
}

enum err
start_grant(struct run *run, struct fault *fault)
{
	(void)run;
	if (world.broker_is_gone)
		return fault_set(fault, ERR_RUN_ENDED, "gone");
	world.granted++;
	return ERR_OK;
}

enum err
start_cell(struct run *run, struct fault *fault)
{
	if (world.cell_fails)
		return fault_set(fault, ERR_CONFINEMENT, "no cell");
	world.spawned++;
	run->job = (struct job *)(uintptr_t)1;
	return ERR_OK;
}

void
job_stop(struct job *job, enum end_reason reason, const struct fault *why)
{
	(void)reason;
	(void)why;
	assert_non_null(job);
	world.kills++;
}

void
denied_free(struct denied **denied)
{
	*denied = NULL;
}

void
job_free(struct job **job)
{
	*job = NULL;
}

enum err
dial_send(struct dial *dial, enum wire_type type, uint64_t serial, const void *body,
    const void *extra, size_t extra_length, const int *fds, int fd_count, struct fault *fault)
{
	(void)dial, (void)serial, (void)body, (void)extra, (void)extra_length, (void)fds;
	(void)fd_count;
	assert_int_equal(type, WIRE_TYPE_GRANT_END);
	if (world.broker_is_gone)
		return fault_set(fault, ERR_RUN_ENDED, "gone");
	world.grant_ends++;
	return ERR_OK;
}

void
control_follow(struct control *client, struct run *run)
{
	(void)client, (void)run;
}

void
control_unfollow(struct control *client)
{
	(void)client;
}

void
control_tell_admitted(struct run *run)
{
	(void)run;
}

void
control_tell_ended(struct run *run)
{
	(void)run;
	world.tells_ended++;
}

void
control_tell_refused(struct control *client, const struct fault *why)
{
	(void)client;
	assert_int_not_equal(why->code, ERR_OK);
	world.tells_refused++;
}

void
output_drain(struct run *run)
{
	(void)run;
}

void
output_done(struct run *run)
{
	(void)run;
}

void
tool_stop_all(struct run *run)
{
	(void)run;
}

void
tool_free_all(struct run *run)
{
	(void)run;
}

void
supervisor_check_idle(struct supervisor *supervisor)
{
	(void)supervisor;
}

static int
setup(void **state)
{
	static struct supervisor supervisor;

	memset(&world, 0, sizeof(world));
	base = event_base_new();
	supervisor = (struct supervisor){.clock = &clock_system, .base = base};
	*state = &supervisor;
	return base == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	struct supervisor *supervisor = *state;

	while (supervisor->runs != NULL) {
		struct run *run = supervisor->runs;

		supervisor->runs = run->next;
		run_abandon(run);
	}
	event_base_free(base);
	assert_int_equal(world.skills_held, 0);
	return 0;
}

static struct run *
admit(struct supervisor *supervisor)
{
	struct fault fault;

	if (run_admit(supervisor, NULL, "cli", "run", -1, NULL, 0, &fault) != ERR_OK)
		return NULL;
	return supervisor->runs;
}

static void
answer(enum err code)
{
	struct recorder_answer what = {.code = code};
	recorder_answered *answered = world.answered;

	assert_non_null(answered);
	world.answered = NULL;
	answered(world.context, &what);
}

static void
cell_ends(struct run *run)
{
	struct job_outcome outcome = {.reason = END_EXITED};

	run->job = NULL;
	run_cell_ended(run, &outcome);
}

static void
closed(struct run *run)
{
	struct wire_grant_closed message = {.calls = 3};

	run_closed(run, &message);
}

static void
nothing_starts_before_its_admission_is_durable(void **state)
{
	struct run *run = admit(*state);

	assert_int_equal(world.granted + world.spawned, 0);
	answer(ERR_OK);
	assert_int_equal(world.granted, 1);
	assert_int_equal(world.spawned, 0);
	run_granted(run);
	assert_int_equal(world.spawned, 1);
}

static void
a_run_that_cannot_be_recorded_is_refused(void **state)
{
	struct supervisor *supervisor = *state;

	assert_non_null(admit(supervisor));
	answer(ERR_AUDIT_UNAVAILABLE);
	assert_int_equal(world.tells_refused, 1);
	assert_int_equal(world.granted + world.spawned, 0);
	assert_null(supervisor->runs);
	world.log_is_gone = true;
	assert_null(admit(supervisor));
}

static void
a_run_is_forgotten_only_after_its_end_is_durable(void **state)
{
	struct supervisor *supervisor = *state;
	struct run *run = admit(supervisor);

	answer(ERR_OK);
	run_granted(run);
	cell_ends(run);
	assert_int_equal(world.grant_ends, 1);
	assert_int_equal(world.ended, 0);
	closed(run);
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.tells_ended, 0);
	answer(ERR_OK);
	assert_int_equal(world.tells_ended, 1);
	assert_int_equal(world.recorded_reason, END_EXITED);
	assert_null(supervisor->runs);
}

static void
the_first_reason_wins(void **state)
{
	struct run *run = admit(*state);

	answer(ERR_OK);
	run_granted(run);
	run_stop(run, END_PROTOCOL, NULL);
	run_stop(run, END_KILLED, NULL);
	assert_int_equal(world.kills, 1);
	cell_ends(run);
	closed(run);
	assert_int_equal(world.recorded_reason, END_PROTOCOL);
}

static void
a_lost_broker_kills_the_cell_and_is_not_waited_for(void **state)
{
	struct run *run = admit(*state);

	answer(ERR_OK);
	run_granted(run);
	run_broker_lost(run);
	assert_int_equal(world.kills, 1);
	/* The broker is back, but it is another process: it knows nothing of this run. */
	cell_ends(run);
	assert_int_equal(world.grant_ends, 0);
	assert_int_equal(world.recorded_reason, END_BROKER_LOST);
}

static void
a_skill_that_ends_with_its_broker_is_no_success(void **state)
{
	struct run *run = admit(*state);

	answer(ERR_OK);
	run_granted(run);
	cell_ends(run);
	assert_int_equal(world.grant_ends, 1);
	run_broker_lost(run);
	assert_int_equal(world.recorded_reason, END_BROKER_LOST);
}

static void
an_end_that_the_log_missed_is_recorded_when_it_is_back(void **state)
{
	struct supervisor *supervisor = *state;
	struct run *run = admit(supervisor);

	answer(ERR_OK);
	run_granted(run);
	cell_ends(run);
	closed(run);
	answer(ERR_AUDIT_UNAVAILABLE);
	assert_int_equal(world.tells_ended, 0);
	assert_non_null(supervisor->runs);
	run_audit_ready(run);
	assert_int_equal(world.ended, 2);
	answer(ERR_OK);
	assert_int_equal(world.tells_ended, 1);
}

/* A full disk refuses, and never says when it has room again. */
static void
a_client_is_told_of_an_end_that_the_log_refuses_and_the_end_is_tried_again(void **state)
{
	struct supervisor *supervisor = *state;
	struct run *run = admit(supervisor);
	int tries = 0;

	run->client = (struct control *)(uintptr_t)1; /* the stubs do not look inside */
	answer(ERR_OK);
	run_granted(run);
	cell_ends(run);
	closed(run);
	for (; world.tells_refused == 0 && tries < 100; tries++) {
		answer(ERR_AUDIT_UNAVAILABLE);
		assert_true(event_pending(run->again, EV_TIMEOUT, NULL));
		run_audit_ready(run);
	}
	assert_int_equal(tries, 4);
	assert_null(run->client);
	answer(ERR_AUDIT_UNAVAILABLE);
	run_audit_ready(run);
	assert_int_equal(world.tells_refused, 1);
	answer(ERR_OK);
	assert_null(supervisor->runs);
}

static void
a_cell_that_cannot_be_built_ends_the_run_as_confinement(void **state)
{
	struct run *run = admit(*state);

	world.cell_fails = true;
	answer(ERR_OK);
	run_granted(run);
	closed(run);
	assert_int_equal(world.recorded_reason, END_CONFINEMENT);
}

/* One thing that may happen next; false: it cannot in this state of the world. */
static bool
happen(struct supervisor *supervisor, unsigned what)
{
	struct run *run = supervisor->runs;

	switch (what) {
	case 0:
		if (world.answered == NULL)
			return false;
		answer(ERR_OK);
		return true;
	case 1:
		if (world.answered == NULL)
			return false;
		answer(ERR_AUDIT_UNAVAILABLE);
		return true;
	case 2:
		if (run->state != RUN_GRANTING)
			return false;
		run_granted(run);
		return true;
	case 3:
		if (run->state != RUN_GRANTING)
			return false;
		run_grant_refused(run, &(struct fault){.code = ERR_POLICY});
		return true;
	case 4:
		if (run->job == NULL)
			return false;
		cell_ends(run);
		return true;
	case 5:
		if (run->state != RUN_CLOSING)
			return false;
		closed(run);
		return true;
	case 6:
		run_stop(run, END_WALL_TIME, NULL);
		return true;
	case 7:
		run_broker_lost(run);
		return true;
	case 8:
		world.log_is_gone = !world.log_is_gone;
		if (!world.log_is_gone)
			run_audit_ready(run);
		return true;
	default:
		world.broker_is_gone = !world.broker_is_gone;
		return true;
	}
}

/* Whatever order the world chooses: the machine never aborts, never forgets a run without either a
 * refusal or one durable end, and never forks before the admission is durable. */
static void
every_order_of_events_ends_recorded_or_refused(void **state)
{
	struct supervisor *supervisor = *state;
	uint64_t random = 88172645463325252U;

	for (int round = 0; round < 20000; round++) {
		int steps = 0;

		memset(&world, 0, sizeof(world));
		if (admit(supervisor) == NULL)
			fail();
		while (supervisor->runs != NULL && steps++ < 1000) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			(void)happen(supervisor, (unsigned)(random >> 32) % 10);
			assert_true(world.spawned == 0 || world.granted == 1);
		}
		assert_true(supervisor->runs == NULL);
		assert_int_equal(world.tells_ended + world.tells_refused, 1);
		assert_true(world.spawned == 0 || world.tells_ended == 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		nothing_starts_before_its_admission_is_durable, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_run_that_cannot_be_recorded_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_run_is_forgotten_only_after_its_end_is_durable, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_first_reason_wins, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_lost_broker_kills_the_cell_and_is_not_waited_for, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_skill_that_ends_with_its_broker_is_no_success, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		an_end_that_the_log_missed_is_recorded_when_it_is_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_client_is_told_of_an_end_that_the_log_refuses_and_the_end_is_tried_again, setup,
		teardown),
	    cmocka_unit_test_setup_teardown(
		a_cell_that_cannot_be_built_ends_the_run_as_confinement, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		every_order_of_events_ends_recorded_or_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
