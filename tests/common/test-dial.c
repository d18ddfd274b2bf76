#include "common/dial.h"

#include <fcntl.h>
#include <stdio.h>

#include "tests/lib/check.h"

/* The other process, played by the test: a listening socket, and the connections it took. */
struct stage {
	struct event_base *base;
	char *dir, *path;
	struct peer_listener *listener;
	int accepted; /* the newest connection; -1 */
	struct dial *dial;
	unsigned up, down, messages;
	bool free_in_message;
};

static void
on_up(void *context)
{
	((struct stage *)context)->up++;
}

static void
on_message(void *context, struct wire_message *message)
{
	struct stage *stage = context;

	assert_int_equal(message->type, WIRE_TYPE_AUDIT_READY);
	stage->messages++;
	if (stage->free_in_message)
		dial_free(&stage->dial);
}

static void
on_down(void *context, const struct fault *why)
{
	(void)why;
	((struct stage *)context)->down++;
}

static const struct dial_handlers handlers = {.up = on_up, .message = on_message, .down = on_down};

static void
on_accepted(void *context, int fd)
{
	struct stage *stage = context;

	if (stage->accepted >= 0)
		close(stage->accepted);
	stage->accepted = fd;
}

static void
listen_now(struct stage *stage)
{
	int fd = -1;

	assert_int_equal(peer_bind(stage->path, 0600, &fd), 0);
	stage->listener = peer_listen(stage->base, fd, on_accepted, stage);
	assert_non_null(stage->listener);
}

static void
open_stage(struct stage *stage, bool listening)
{
	*stage = (struct stage){.base = event_base_new(), .dir = check_tempdir(), .accepted = -1};
	assert_true(asprintf(&stage->path, "%s/s", stage->dir) > 0);
	if (listening)
		listen_now(stage);
	stage->dial =
	    dial_new(stage->base, stage->path, WIRE_SUPERVISOR, WIRE_AUDITD, &handlers, stage);
	assert_non_null(stage->dial);
}

static void
close_stage(struct stage *stage)
{
	dial_free(&stage->dial);
	peer_listener_free(&stage->listener);
	if (stage->accepted >= 0)
		close(stage->accepted);
	event_base_free(stage->base);
	free(stage->path);
	check_tempdir_remove(&stage->dir);
}

/* Runs the loop until *counter reaches want; the loop's own timers decide when. */
static void
until(struct stage *stage, const unsigned *counter, unsigned want)
{
	while (*counter < want)
		assert_int_equal(event_base_loop(stage->base, EVLOOP_ONCE), 0);
}

static void
say_ready(struct stage *stage)
{
	struct {
		struct wire_head head;
		struct wire_audit_ready body;
	} packet = {.head = {WIRE_MAGIC, WIRE_VERSION, WIRE_TYPE_AUDIT_READY, 0}};

	while (stage->accepted < 0)
		event_base_loop(stage->base, EVLOOP_ONCE);
	assert_int_equal(write(stage->accepted, &packet, sizeof(packet)), sizeof(packet));
}

static void
no_handler_is_called_before_the_loop_runs(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, true);
	assert_int_equal(stage.up, 0);
	assert_false(dial_is_up(stage.dial));
	until(&stage, &stage.up, 1);
	assert_true(dial_is_up(stage.dial));
	say_ready(&stage);
	until(&stage, &stage.messages, 1);
	close_stage(&stage);
}

static void
a_process_that_comes_late_is_found(void **state)
{
	struct wire_audit_append event = {0};
	struct stage stage;

	(void)state;
	open_stage(&stage, false);
	event_base_loop(stage.base, EVLOOP_NONBLOCK);
	assert_int_equal(
	    dial_send(stage.dial, WIRE_TYPE_AUDIT_APPEND, 1, &event, NULL, 0, NULL, 0, NULL),
	    ERR_RUN_ENDED);
	listen_now(&stage);
	until(&stage, &stage.up, 1);
	assert_int_equal(
	    dial_send(stage.dial, WIRE_TYPE_AUDIT_APPEND, 1, &event, NULL, 0, NULL, 0, NULL),
	    ERR_OK);
	close_stage(&stage);
}

static void
a_lost_connection_comes_back(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, true);
	for (unsigned i = 1; i <= 3; i++) {
		until(&stage, &stage.up, i);
		say_ready(&stage);
		until(&stage, &stage.messages, i);
		close(stage.accepted);
		stage.accepted = -1;
		until(&stage, &stage.down, i);
		assert_false(dial_is_up(stage.dial));
	}
	close_stage(&stage);
}

static void
a_hostile_process_is_hung_up_on_and_tried_again(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, true);
	until(&stage, &stage.up, 1);
	while (stage.accepted < 0)
		event_base_loop(stage.base, EVLOOP_ONCE);
	assert_int_equal(write(stage.accepted, "x", 1), 1);
	until(&stage, &stage.down, 1);
	until(&stage, &stage.up, 2);
	assert_int_equal(stage.messages, 0);
	close_stage(&stage);
}

static void
a_reset_counts_as_lost(void **state)
{
	struct fault why = {.code = ERR_PROTOCOL};
	struct stage stage;

	(void)state;
	open_stage(&stage, true);
	until(&stage, &stage.up, 1);
	dial_reset(stage.dial, &why);
	dial_reset(stage.dial, &why);
	assert_int_equal(stage.down, 1);
	until(&stage, &stage.up, 2);
	close_stage(&stage);
}

static void
it_may_be_freed_inside_a_handler(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, true);
	stage.free_in_message = true;
	until(&stage, &stage.up, 1);
	say_ready(&stage);
	until(&stage, &stage.messages, 1);
	assert_null(stage.dial);
	close_stage(&stage);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_handler_is_called_before_the_loop_runs),
	    cmocka_unit_test(a_process_that_comes_late_is_found),
	    cmocka_unit_test(a_lost_connection_comes_back),
	    cmocka_unit_test(a_hostile_process_is_hung_up_on_and_tried_again),
	    cmocka_unit_test(a_reset_counts_as_lost),
	    cmocka_unit_test(it_may_be_freed_inside_a_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
