#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/audit/rig.h"

/* The disk and all that was seen of it: too large for a stack. */
static struct rig *
rig_new(uint64_t seed)
{
	struct rig *rig = malloc(sizeof(*rig));

	if (rig == NULL)
		abort();
	rig_init(rig, seed);
	return rig;
}

static void
rig_free(struct rig *rig)
{
	rig_done(rig);
	free(rig);
}

/* What a run leaves in the log, large records to make segments roll. Ends early when refused. */
static void
script(struct rig *rig)
{
	static const size_t bodies[] = {0, 100, 3000, 60000, 50000, 1, 60000, 4000, 60000, 20};

	if (rig_append(rig, EVENT_RUN_ADMITTED, rig_run, 10) != ERR_OK)
		return;
	audit_log_drain(rig->log);
	for (unsigned i = 0; i < ARRAY_SIZE(bodies); i++) {
		if (rig_append(rig, EVENT_CALL_INTENT, rig_run, bodies[i]) != ERR_OK)
			return;
		if (i % 3 != 1)
			audit_log_drain(rig->log);
		(void)audit_log_prepare(rig->log);
	}
	if (rig_append(rig, EVENT_RUN_ENDED, rig_run, 5) != ERR_OK)
		return;
	audit_log_drain(rig->log);
}

static void
a_log_keeps_what_it_acknowledged(void **state)
{
	struct rig *rig = rig_new(1);
	struct audit_verdict verdict;
	struct fault fault;
	unsigned found;

	(void)state;
	assert_int_equal(rig_open(rig, &fault), ERR_OK);
	script(rig);
	assert_int_equal(rig->ack_count, 12);
	assert_int_equal(rig->refused_count, 0);
	assert_int_equal(rig_verify(rig, &verdict, &found), AUDIT_OK);
	assert_int_equal(found, 12);
	assert_int_equal(verdict.size, 13);
	assert_true(verdict.segments > 2);
	assert_true(verdict.anchored);
	rig_close(rig);
	/* And again: the second opening is a record of its own. */
	assert_int_equal(rig_open(rig, &fault), ERR_OK);
	assert_int_equal(rig_verify(rig, &verdict, &found), AUDIT_OK);
	assert_int_equal(verdict.size, 14);
	rig_free(rig);
}

/* After a crash the log opens, verifies, holds every acknowledged record, never signed two roots
 * for one size, and goes on. */
static void
check_after_crash(struct rig *rig, unsigned op, uint64_t seed)
{
	struct audit_verdict verdict;
	struct fault fault = {0};
	unsigned found, acked = rig->ack_count;

	rig_reboot(rig);
	if (rig_open(rig, &fault) != ERR_OK)
		fail_msg("op %u seed %lu: %s", op, (unsigned long)seed, fault.message);
	if (rig_verify(rig, &verdict, &found) != AUDIT_OK)
		fail_msg("op %u seed %lu: %s: %s", op, (unsigned long)seed,
		    audit_verdict_info(verdict.code)->name, verdict.why);
	if (found != acked)
		fail_msg("op %u seed %lu: %u of %u", op, (unsigned long)seed, found, acked);
	assert_int_equal(rig_append(rig, EVENT_PEER_REFUSED, "", 9), ERR_OK);
	audit_log_drain(rig->log);
	assert_int_equal(rig->ack_count, acked + 1);
	assert_int_equal(rig_verify(rig, &verdict, &found), AUDIT_OK);
	if (rig->forked)
		fail_msg("op %u seed %lu: two signed roots of one size", op, (unsigned long)seed);
}

static void
every_crash_leaves_a_log_that_goes_on(void **state)
{
	enum { SEEDS = 12 };
	unsigned crashed = 1;

	(void)state;
	for (unsigned op = 1; crashed != 0; op++) {
		for (uint64_t seed = 0; seed < SEEDS; seed++) {
			struct rig *rig = rig_new(seed * 7919 + op);
			struct fault fault;

			rig->sim.crash_at = op;
			if (rig_open(rig, &fault) == ERR_OK)
				script(rig);
			crashed = rig->sim.crashed;
			rig_close(rig);
			if (crashed != 0)
				check_after_crash(rig, op, seed);
			rig_free(rig);
		}
	}
}

static void
a_crash_during_recovery_is_recovered(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 150; seed++) {
		struct rig *rig = rig_new(seed);
		struct fault fault;

		rig->sim.crash_at = 30 + (unsigned)(seed % 60);
		if (rig_open(rig, &fault) == ERR_OK)
			script(rig);
		for (unsigned again = 0; again < 4; again++) {
			rig_close(rig);
			rig_reboot(rig);
			rig->sim.crash_at = 1 + (unsigned)(sim_random(&rig->sim) % 9);
			if (rig_open(rig, &fault) == ERR_OK)
				script(rig);
		}
		rig_close(rig);
		check_after_crash(rig, 0, seed);
		rig_free(rig);
	}
}

/* The nth operation fails, once or from then on: no record that failed is acknowledged, and what
 * was acknowledged stays. */
static void
every_failing_operation_is_noticed(void **state)
{
	static const int errors[] = {EIO, ENOSPC};
	bool reached = true;

	(void)state;
	for (unsigned op = 1; reached; op++) {
		for (unsigned kind = 0; kind < 4; kind++) {
			struct rig *rig = rig_new(op * 4 + kind);
			struct fault fault;

			rig->sim.fail_at = op;
			rig->sim.fail_on = kind % 2 == 1;
			rig->sim.fail_error = errors[kind / 2];
			if (rig_open(rig, &fault) == ERR_OK)
				script(rig);
			else
				assert_int_equal(fault.code, ERR_AUDIT_UNAVAILABLE);
			reached = rig->sim.ops >= op;
			rig_close(rig);
			check_after_crash(rig, op, kind);
			rig_free(rig);
		}
	}
}

static void
a_refused_group_moves_to_the_reserve_once(void **state)
{
	struct rig *rig = rig_new(5);
	struct audit_verdict verdict;
	struct fault fault;
	unsigned found;

	(void)state;
	assert_int_equal(rig_open(rig, &fault), ERR_OK);
	while (audit_log_prepare(rig->log))
		continue;
	assert_int_equal(rig_append(rig, EVENT_PEER_REFUSED, "", 3000), ERR_OK);
	audit_log_drain(rig->log);
	rig->sim.fail_at = rig->sim.ops + 1;
	rig->sim.fail_error = EIO;
	assert_int_equal(rig_append(rig, EVENT_PEER_REFUSED, "", 30000), ERR_OK);
	audit_log_drain(rig->log);
	assert_int_equal(rig->ack_count, 2);
	assert_null(audit_log_failure(rig->log));
	assert_int_equal(rig_verify(rig, &verdict, &found), AUDIT_OK);
	assert_int_equal(found, 2);
	assert_int_equal(verdict.segments, 2);
	rig_free(rig);
}

static void
a_full_disk_refuses_before_it_takes_a_record(void **state)
{
	struct rig *rig = rig_new(6);
	struct fault fault;
	unsigned acked, ops;

	(void)state;
	assert_int_equal(rig_open(rig, &fault), ERR_OK);
	assert_int_equal(rig_append(rig, EVENT_PEER_REFUSED, "", 60000), ERR_OK);
	audit_log_drain(rig->log);
	/* Nothing new can be created; what is preallocated can be written. */
	rig->sim.fail_at = rig->sim.ops + 1;
	rig->sim.fail_on = true;
	rig->sim.fail_error = ENOSPC;
	acked = rig->ack_count;
	assert_int_equal(rig_append(rig, EVENT_PEER_REFUSED, "", 60000), ERR_AUDIT_UNAVAILABLE);
	assert_null(audit_log_failure(rig->log));
	/* Not for each record anew: all logs of the process wait while the disk is filled. */
	ops = rig->sim.ops;
	assert_int_equal(rig_append(rig, EVENT_PEER_REFUSED, "", 60000), ERR_AUDIT_UNAVAILABLE);
	assert_int_equal(rig->sim.ops, ops);
	/* Space returns, and so does the log. */
	rig->sim.fail_at = 0;
	rig->sim.time_ms += 1000;
	assert_int_equal(rig_append(rig, EVENT_PEER_REFUSED, "", 60000), ERR_OK);
	audit_log_drain(rig->log);
	assert_int_equal(rig->ack_count, acked + 1);
	rig_free(rig);
}

static void
records_that_wait_share_one_group(void **state)
{
	struct rig *rig = rig_new(7);
	struct audit_verdict verdict;
	struct fault fault;
	unsigned found;

	(void)state;
	rig->sim.async = true;
	assert_int_equal(rig_open(rig, &fault), ERR_OK);
	assert_int_equal(rig_append(rig, EVENT_PEER_REFUSED, "", 1), ERR_OK);
	audit_log_turn(rig->log); /* in flight */
	assert_int_equal(rig->ack_count, 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(rig_append(rig, EVENT_PEER_REFUSED, "", 1), ERR_OK);
	audit_log_turn(rig->log);
	assert_int_equal(rig->ack_count, 1);
	audit_log_turn(rig->log);
	assert_int_equal(rig->ack_count, 6);
	assert_int_equal(rig_verify(rig, &verdict, &found), AUDIT_OK);
	assert_int_equal(verdict.groups, 3); /* log.opened, one, five */
	rig_free(rig);
}

static void
runs_that_live_are_known_after_a_restart(void **state)
{
	struct rig *rig = rig_new(8);
	struct fault fault;

	(void)state;
	assert_int_equal(rig_open(rig, &fault), ERR_OK);
	assert_int_equal(rig_append(rig, EVENT_CALL_INTENT, rig_run, 1), ERR_PROTOCOL);
	assert_int_equal(rig_append(rig, EVENT_RUN_ADMITTED, rig_run, 1), ERR_OK);
	audit_log_drain(rig->log);
	rig_close(rig);
	assert_int_equal(rig_open(rig, &fault), ERR_OK);
	assert_non_null(runs_find(audit_log_runs(rig->log), rig_run));
	assert_int_equal(runs_find(audit_log_runs(rig->log), rig_run)->records, 1);
	assert_int_equal(rig_append(rig, EVENT_RUN_ENDED, rig_run, 1), ERR_OK);
	assert_null(runs_find(audit_log_runs(rig->log), rig_run));
	audit_log_drain(rig->log);
	rig_free(rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_log_keeps_what_it_acknowledged),
	    cmocka_unit_test(every_crash_leaves_a_log_that_goes_on),
	    cmocka_unit_test(a_crash_during_recovery_is_recovered),
	    cmocka_unit_test(every_failing_operation_is_noticed),
	    cmocka_unit_test(a_refused_group_moves_to_the_reserve_once),
	    cmocka_unit_test(a_full_disk_refuses_before_it_takes_a_record),
	    cmocka_unit_test(records_that_wait_share_one_group),
	    cmocka_unit_test(runs_that_live_are_known_after_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
