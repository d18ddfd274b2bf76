/* Descriptors that are sent to the broker: it takes none, and serves on. */
#include <fcntl.h>
#include <unistd.h>

#include "broker/door.h"
#include "tests/broker/stage.h"
#include "tests/lib/check.h"

/* The first byte of a call, with a descriptor beside it. */
static void
send_with(struct stage *stage, const void *data, size_t length, int fd)
{
	assert_int_equal(check_send(stage->skill, data, length, &fd, 1), (ssize_t)length);
}

static void
a_descriptor_that_comes_with_a_call_is_closed_and_the_call_is_answered(void **state)
{
	/* [0, 7, "tool.list", {}] */
	static const char call[] = "\x94\x00\x07\xa9tool.list\x80";
	struct stage *stage = *state;
	struct stage_reply reply;
	int ends[2], before = check_open_fds();
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	send_with(stage, call, sizeof(call) - 1, ends[1]);
	close(ends[1]);
	reply = stage_reply(stage);
	assert_int_equal(reply.id, 7);
	/* Nobody has the other end any more: neither the broker nor its socket's queue. */
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	assert_int_equal(check_open_fds(), before);
}

static void
a_flood_of_descriptors_leaves_none(void **state)
{
	static const char call[] = "\x94\x00\x07\xa9tool.list\x80";
	struct stage *stage = *state;
	int before = check_open_fds();

	for (int i = 0; i < 50; i++) {
		send_with(stage, call, sizeof(call) - 1, STDIN_FILENO);
		assert_int_equal(stage_reply(stage).id, 7);
	}
	assert_int_equal(check_open_fds(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_descriptor_that_comes_with_a_call_is_closed_and_the_call_is_answered,
		stage_set_up, stage_tear_down),
	    cmocka_unit_test_setup_teardown(
		a_flood_of_descriptors_leaves_none, stage_set_up, stage_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
