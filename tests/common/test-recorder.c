#include "common/recorder.h"

#include <fcntl.h>
#include <stdio.h>

#include "tests/lib/check.h"

/* praxa-auditd, played by the test: it sees appends and answers when and what the test wants. */
struct stage {
	struct event_base *base;
	char *dir, *path;
	struct peer_listener *listener;
	struct peer *auditd;
	unsigned appends;
	uint64_t serials[8];
	struct recorder *recorder;
	unsigned ready, lost, open_runs, answers;
	bool end_open_runs;
	struct recorder_answer last;
	uint64_t order[8]; /* contexts of the answers, in order */
};

static struct stage *current;

static enum err append(struct stage *stage, uintptr_t who);

static void
auditd_message(void *context, struct peer *peer, struct wire_message *message)
{
	struct stage *stage = context;

	(void)peer;
	assert_int_equal(message->type, WIRE_TYPE_AUDIT_APPEND);
	assert_true(stage->appends < ARRAY_SIZE(stage->serials));
	stage->serials[stage->appends++] = message->serial;
}

static void
auditd_closed(void *context, struct peer *peer, const struct fault *why)
{
	(void)peer;
	(void)why;
	peer_free(&((struct stage *)context)->auditd);
}

static const struct peer_handlers auditd_handlers = {
    .message = auditd_message, .closed = auditd_closed};

static void
on_accepted(void *context, int fd)
{
	struct stage *stage = context;
	struct wire_audit_open_run run = {.run = "rn_01ARZ3NDEKTSV4RRFFQ69G5FAV"};
	struct wire_audit_ready ready = {.size = 7};

	peer_free(&stage->auditd);
	stage->auditd =
	    peer_new(stage->base, fd, WIRE_AUDITD, WIRE_SUPERVISOR, &auditd_handlers, stage);
	assert_int_equal(
	    peer_send_plain(stage->auditd, WIRE_TYPE_AUDIT_OPEN_RUN, 0, &run, NULL), ERR_OK);
	assert_int_equal(
	    peer_send_plain(stage->auditd, WIRE_TYPE_AUDIT_READY, 0, &ready, NULL), ERR_OK);
}

static void
on_ready(void *context)
{
	((struct stage *)context)->ready++;
}

static void
on_lost(void *context)
{
	((struct stage *)context)->lost++;
}

static void
on_open_run(void *context, const struct wire_audit_open_run *run)
{
	struct stage *stage = context;

	assert_true(id_is_valid(run->run, ID_RUN));
	/* Before ready: who ends such runs must know them before it admits others. */
	assert_int_equal(stage->ready, stage->open_runs);
	stage->open_runs++;
	if (stage->end_open_runs)
		assert_int_equal(append(stage, 99), ERR_OK);
}

static const struct recorder_handlers handlers = {
    .ready = on_ready, .lost = on_lost, .open_run = on_open_run};

static void
on_answer(void *context, const struct recorder_answer *answer)
{
	current->order[current->answers++] = (uint64_t)(uintptr_t)context;
	current->last = *answer;
}

static void
open_stage_with(struct stage *stage, unsigned answer_ms)
{
	int fd = -1;

	*stage = (struct stage){.base = event_base_new(), .dir = check_tempdir()};
	current = stage;
	assert_true(asprintf(&stage->path, "%s/s", stage->dir) > 0);
	assert_int_equal(peer_bind(stage->path, 0600, &fd), 0);
	stage->listener = peer_listen(stage->base, fd, on_accepted, stage);
	stage->recorder =
	    recorder_new(stage->base, stage->path, WIRE_SUPERVISOR, answer_ms, &handlers, stage);
	assert_non_null(stage->recorder);
}

static void
open_stage(struct stage *stage)
{
	open_stage_with(stage, RECORDER_ANSWER_MS);
}

static void
close_stage(struct stage *stage)
{
	recorder_free(&stage->recorder);
	peer_free(&stage->auditd);
	peer_listener_free(&stage->listener);
	event_base_free(stage->base);
	free(stage->path);
	check_tempdir_remove(&stage->dir);
}

static void
until(struct stage *stage, const unsigned *counter, unsigned want)
{
	while (*counter < want)
		assert_int_equal(event_base_loop(stage->base, EVLOOP_ONCE), 0);
}

static enum err
append(struct stage *stage, uintptr_t who)
{
	struct wire_audit_append event = {.kind = EVENT_RUN_ADMITTED};

	return recorder_append(stage->recorder, &event, "\x80", 1, on_answer, (void *)who, NULL);
}

static void
acknowledge(struct stage *stage, uint64_t serial, uint64_t index)
{
	struct wire_audit_ack ack = {.event = "ae_01ARZ3NDEKTSV4RRFFQ69G5FAV", .index = index};

	assert_int_equal(
	    peer_send_plain(stage->auditd, WIRE_TYPE_AUDIT_ACK, serial, &ack, NULL), ERR_OK);
}

static void
an_append_is_refused_until_the_log_is_ready(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage);
	assert_int_equal(append(&stage, 1), ERR_AUDIT_UNAVAILABLE);
	assert_false(recorder_is_ready(stage.recorder));
	until(&stage, &stage.ready, 1);
	assert_true(recorder_is_ready(stage.recorder));
	assert_int_equal(stage.open_runs, 1);
	assert_int_equal(append(&stage, 1), ERR_OK);
	assert_int_equal(stage.answers, 0);
	close_stage(&stage);
	assert_int_equal(stage.answers, 0); /* freed: nobody is told any more */
}

static void
the_end_of_an_open_run_may_be_appended_at_once(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage);
	stage.end_open_runs = true;
	until(&stage, &stage.appends, 1);
	acknowledge(&stage, stage.serials[0], 1);
	until(&stage, &stage.answers, 1);
	assert_int_equal(stage.order[0], 99);
	assert_int_equal(stage.last.code, ERR_OK);
	close_stage(&stage);
}

static void
each_append_is_answered_once_and_in_order(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage);
	until(&stage, &stage.ready, 1);
	for (uintptr_t i = 1; i <= 3; i++)
		assert_int_equal(append(&stage, i), ERR_OK);
	until(&stage, &stage.appends, 3);
	for (unsigned i = 0; i < 3; i++)
		acknowledge(&stage, stage.serials[i], 40 + i);
	until(&stage, &stage.answers, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(stage.order[i], i + 1);
	assert_int_equal(stage.last.code, ERR_OK);
	assert_int_equal(stage.last.index, 42);
	assert_true(id_is_valid(stage.last.event, ID_EVENT));
	close_stage(&stage);
}

static void
a_refusal_carries_its_fault(void **state)
{
	struct wire_audit_refused refused = {.fault = {.code = ERR_LIMIT, .message = "too large"}};
	struct stage stage;

	(void)state;
	open_stage(&stage);
	until(&stage, &stage.ready, 1);
	assert_int_equal(append(&stage, 1), ERR_OK);
	until(&stage, &stage.appends, 1);
	assert_int_equal(peer_send_plain(stage.auditd, WIRE_TYPE_AUDIT_REFUSED, stage.serials[0],
			     &refused, NULL),
	    ERR_OK);
	until(&stage, &stage.answers, 1);
	assert_int_equal(stage.last.code, ERR_LIMIT);
	assert_string_equal(stage.last.fault.message, "too large");
	close_stage(&stage);
}

/* A refusal that names no error must not read as "durable". */
static void
a_refusal_without_a_code_is_still_a_refusal(void **state)
{
	struct wire_audit_refused refused = {0};
	struct stage stage;

	(void)state;
	open_stage(&stage);
	until(&stage, &stage.ready, 1);
	assert_int_equal(append(&stage, 1), ERR_OK);
	until(&stage, &stage.appends, 1);
	assert_int_equal(peer_send_plain(stage.auditd, WIRE_TYPE_AUDIT_REFUSED, stage.serials[0],
			     &refused, NULL),
	    ERR_OK);
	until(&stage, &stage.answers, 1);
	assert_int_equal(stage.last.code, ERR_AUDIT_UNAVAILABLE);
	close_stage(&stage);
}

static void
what_was_not_acknowledged_is_refused_when_the_log_is_lost(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage);
	until(&stage, &stage.ready, 1);
	assert_int_equal(append(&stage, 1), ERR_OK);
	assert_int_equal(append(&stage, 2), ERR_OK);
	until(&stage, &stage.appends, 2);
	peer_free(&stage.auditd);
	until(&stage, &stage.lost, 1);
	assert_int_equal(stage.answers, 2);
	assert_int_equal(stage.order[0], 1);
	assert_int_equal(stage.last.code, ERR_AUDIT_UNAVAILABLE);
	assert_int_equal(append(&stage, 3), ERR_AUDIT_UNAVAILABLE);
	until(&stage, &stage.ready, 2);
	assert_int_equal(append(&stage, 4), ERR_OK);
	close_stage(&stage);
}

static void
an_answer_out_of_order_makes_all_of_them_unbelievable(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage);
	until(&stage, &stage.ready, 1);
	assert_int_equal(append(&stage, 1), ERR_OK);
	assert_int_equal(append(&stage, 2), ERR_OK);
	until(&stage, &stage.appends, 2);
	acknowledge(&stage, stage.serials[1], 1);
	until(&stage, &stage.answers, 2);
	assert_int_equal(stage.last.code, ERR_AUDIT_UNAVAILABLE);
	assert_int_equal(stage.lost, 1);
	close_stage(&stage);
}

static void
an_answer_that_nobody_asked_for_ends_the_connection(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage);
	until(&stage, &stage.ready, 1);
	acknowledge(&stage, 1, 1);
	until(&stage, &stage.lost, 1);
	assert_int_equal(stage.answers, 0);
	close_stage(&stage);
}

static void
a_body_above_the_limit_is_not_sent(void **state)
{
	static const char body[WIRE_EXTRA_MAX + 1];
	struct wire_audit_append event = {0};
	struct stage stage;

	(void)state;
	open_stage(&stage);
	until(&stage, &stage.ready, 1);
	assert_int_equal(
	    recorder_append(stage.recorder, &event, body, sizeof(body), on_answer, NULL, NULL),
	    ERR_LIMIT);
	assert_int_equal(
	    recorder_append(stage.recorder, &event, body, sizeof(body) - 1, NULL, NULL, NULL),
	    ERR_OK);
	until(&stage, &stage.appends, 1);
	acknowledge(&stage, stage.serials[0], 1);
	event_base_loop(stage.base, EVLOOP_NONBLOCK);
	assert_int_equal(stage.answers, 0); /* nobody waited for that one */
	assert_int_equal(stage.lost, 0);
	close_stage(&stage);
}

static void
a_log_that_hangs_is_one_that_went_away(void **state)
{
	struct stage stage;

	(void)state;
	open_stage_with(&stage, 1);
	until(&stage, &stage.ready, 1);
	assert_int_equal(append(&stage, 1), ERR_OK);
	assert_int_equal(append(&stage, 2), ERR_OK);
	until(&stage, &stage.lost, 1); /* auditd is there and reads, and says nothing */
	assert_int_equal(stage.answers, 2);
	assert_int_equal(stage.order[0], 1);
	assert_int_equal(stage.last.code, ERR_AUDIT_UNAVAILABLE);
	until(&stage, &stage.ready, 2);
	close_stage(&stage);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_log_that_hangs_is_one_that_went_away),
	    cmocka_unit_test(an_append_is_refused_until_the_log_is_ready),
	    cmocka_unit_test(the_end_of_an_open_run_may_be_appended_at_once),
	    cmocka_unit_test(each_append_is_answered_once_and_in_order),
	    cmocka_unit_test(a_refusal_carries_its_fault),
	    cmocka_unit_test(a_refusal_without_a_code_is_still_a_refusal),
	    cmocka_unit_test(what_was_not_acknowledged_is_refused_when_the_log_is_lost),
	    cmocka_unit_test(an_answer_out_of_order_makes_all_of_them_unbelievable),
	    cmocka_unit_test(an_answer_that_nobody_asked_for_ends_the_connection),
	    cmocka_unit_test(a_body_above_the_limit_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
