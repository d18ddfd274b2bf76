#include "common/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "common/io.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

/* One end under test and what it told. The other end is a plain descriptor or a second one. */
struct end {
	struct peer *peer;
	unsigned messages, closed;
	uint64_t serials[64];
	struct fault why;
	int took; /* a descriptor taken from a message; -1 */
	bool free_in_message, free_in_closed, answer;
};

struct pair {
	struct event_base *base;
	struct end cli, supervisor;
	int raw; /* the CLI's end when no peer stands there; -1 */
};

static void
on_message(void *context, struct peer *peer, struct wire_message *message)
{
	struct end *end = context;

	assert_ptr_equal(peer, end->peer);
	assert_true(end->messages < ARRAY_SIZE(end->serials));
	end->serials[end->messages++] = message->serial;
	if (message->fd_count > 0 && end->took < 0) {
		end->took = message->fds[0];
		message->fds[0] = -1;
	}
	if (end->answer) {
		struct wire_control_ready body = {.workspace = "ws_x", .skills = 1};

		assert_int_equal(
		    peer_send_plain(peer, WIRE_TYPE_CONTROL_READY, message->serial, &body, NULL),
		    ERR_OK);
	}
	if (end->free_in_message)
		peer_free(&end->peer);
}

static void
on_closed(void *context, struct peer *peer, const struct fault *why)
{
	struct end *end = context;

	assert_ptr_equal(peer, end->peer);
	end->closed++;
	end->why = *why;
	if (end->free_in_closed)
		peer_free(&end->peer);
}

static const struct peer_handlers handlers = {.message = on_message, .closed = on_closed};

static void
open_pair(struct pair *pair, bool raw)
{
	int fds[2];

	*pair = (struct pair){.raw = -1};
	pair->cli.took = pair->supervisor.took = -1;
	pair->base = event_base_new();
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
	pair->supervisor.peer =
	    peer_new(pair->base, fds[0], WIRE_SUPERVISOR, WIRE_CLI, &handlers, &pair->supervisor);
	assert_non_null(pair->supervisor.peer);
	if (raw)
		pair->raw = fds[1];
	else
		pair->cli.peer =
		    peer_new(pair->base, fds[1], WIRE_CLI, WIRE_SUPERVISOR, &handlers, &pair->cli);
}

static void
close_pair(struct pair *pair)
{
	peer_free(&pair->cli.peer);
	peer_free(&pair->supervisor.peer);
	if (pair->raw >= 0)
		close(pair->raw);
	event_base_free(pair->base);
}

/* Runs whatever is ready; one packet a turn, so many turns. */
static void
turn(struct pair *pair, int times)
{
	for (int i = 0; i < times; i++)
		event_base_loop(pair->base, EVLOOP_NONBLOCK);
}

static enum err
send_kill(struct peer *peer, uint64_t serial)
{
	struct wire_control_kill body = {.run = "rn_01ARZ3NDEKTSV4RRFFQ69G5FAV"};

	return peer_send_plain(peer, WIRE_TYPE_CONTROL_KILL, serial, &body, NULL);
}

/* 16 KiB of output each. */
static enum err
send_output(struct peer *peer, uint64_t serial)
{
	static const char bytes[16 * 1024];
	struct wire_control_output body = {.stream = 1};

	return peer_send(
	    peer, WIRE_TYPE_CONTROL_OUTPUT, serial, &body, bytes, sizeof(bytes), NULL, 0, NULL);
}

static void
packets_arrive_in_order_and_are_answered(void **state)
{
	struct pair pair;

	(void)state;
	open_pair(&pair, false);
	pair.supervisor.answer = true;
	for (uint64_t i = 1; i <= 20; i++)
		assert_int_equal(send_kill(pair.cli.peer, i), ERR_OK);
	turn(&pair, 50);
	assert_int_equal(pair.supervisor.messages, 20);
	assert_int_equal(pair.cli.messages, 20);
	for (uint64_t i = 0; i < 20; i++) {
		assert_int_equal(pair.supervisor.serials[i], i + 1);
		assert_int_equal(pair.cli.serials[i], i + 1);
	}
	close_pair(&pair);
}

static void
what_a_full_socket_refuses_waits_in_order(void **state)
{
	struct pair pair;
	uint64_t sent = 0;

	(void)state;
	open_pair(&pair, false);
	while (peer_queued(pair.supervisor.peer) < 100 * 1024)
		assert_int_equal(send_output(pair.supervisor.peer, ++sent), ERR_OK);
	assert_true(sent < ARRAY_SIZE(pair.cli.serials));
	turn(&pair, 200);
	assert_int_equal(peer_queued(pair.supervisor.peer), 0);
	assert_int_equal(pair.cli.messages, sent);
	for (uint64_t i = 0; i < sent; i++)
		assert_int_equal(pair.cli.serials[i], i + 1);
	close_pair(&pair);
}

static void
the_queue_has_a_limit_and_recovers(void **state)
{
	struct pair pair;
	struct fault fault;
	struct wire_control_kill body = {0};
	enum err r = ERR_OK;
	unsigned char sink[32 * 1024];

	(void)state;
	open_pair(&pair, true);
	while (r == ERR_OK) {
		r = send_output(pair.supervisor.peer, 1);
		assert_true(
		    peer_queued(pair.supervisor.peer) < PEER_QUEUE_BYTES_MAX + WIRE_PACKET_MAX);
	}
	assert_int_equal(r, ERR_LIMIT);
	assert_true(peer_queued(pair.supervisor.peer) > PEER_QUEUE_BYTES_MAX);
	while (peer_queued(pair.supervisor.peer) > 0) {
		while (recv(pair.raw, sink, sizeof(sink), MSG_DONTWAIT) > 0)
			continue;
		turn(&pair, 1);
	}
	assert_int_equal(send_output(pair.supervisor.peer, 2), ERR_OK);
	/* What is not in the table never leaves. */
	assert_int_equal(
	    peer_send_plain(pair.supervisor.peer, (enum wire_type)999, 0, &body, &fault),
	    ERR_INTERNAL);
	close_pair(&pair);
}

static void
descriptors_travel_also_through_the_queue(void **state)
{
	int before = check_open_fds(), payload = -1;
	struct wire_control_run run = {.skill = "sk_x"};
	struct pair pair;
	char text[8] = {0};

	(void)state;
	assert_int_equal(io_sealed_new("input", "payload", 7, &payload), 0);
	open_pair(&pair, false);
	/* The first go at once, the rest wait in the queue with copies of the descriptor. */
	for (uint64_t i = 0; i < ARRAY_SIZE(pair.supervisor.serials); i++) {
		assert_int_equal(peer_send(pair.cli.peer, WIRE_TYPE_CONTROL_RUN, i, &run, NULL, 0,
				     &payload, 1, NULL),
		    ERR_OK);
	}
	close(payload);
	turn(&pair, 200);
	assert_int_equal(pair.supervisor.messages, ARRAY_SIZE(pair.supervisor.serials));
	assert_int_equal(pread(pair.supervisor.took, text, 7, 0), 7);
	assert_string_equal(text, "payload");
	assert_int_equal(fcntl(pair.supervisor.took, F_GETFD), FD_CLOEXEC);
	close(pair.supervisor.took);
	close_pair(&pair);
	assert_int_equal(check_open_fds(), before);
}

static void
a_message_must_fit_its_row_to_be_sent(void **state)
{
	struct wire_control_kill body = {0};
	struct pair pair;
	int fd = STDIN_FILENO;

	(void)state;
	open_pair(&pair, false);
	assert_int_equal(
	    peer_send(pair.cli.peer, WIRE_TYPE_CONTROL_KILL, 0, &body, "x", 1, NULL, 0, NULL),
	    ERR_INTERNAL);
	assert_int_equal(
	    peer_send(pair.cli.peer, WIRE_TYPE_CONTROL_KILL, 0, &body, NULL, 0, &fd, 1, NULL),
	    ERR_INTERNAL);
	close_pair(&pair);
}

/* Sends bytes and descriptors from the raw end as a hostile process would. */
static void
send_raw(struct pair *pair, const void *bytes, size_t length, int fd_count)
{
	int fds[16];

	for (int i = 0; i < fd_count; i++)
		fds[i] = pair->raw;
	assert_int_equal(check_send(pair->raw, bytes, length, fds, (size_t)fd_count), length);
}

static struct wire_head
head_of(enum wire_type type)
{
	return (struct wire_head){WIRE_MAGIC, WIRE_VERSION, (uint16_t)type, 1};
}

static void
hostile_packets_end_the_peer_and_leak_nothing(void **state)
{
	static unsigned char huge[WIRE_PACKET_MAX + 1];
	struct {
		struct wire_head head;
		struct wire_control_kill body;
	} sound = {.head = head_of(WIRE_TYPE_CONTROL_KILL)};
	struct wire_head unknown = head_of((enum wire_type)99);
	struct wire_head forbidden = head_of(WIRE_TYPE_CONTROL_READY);
	const struct {
		const void *bytes;
		size_t length;
		int fds;
	} rows[] = {
	    {"x", 1, 0}, {"", 0, 0}, /* not the end: a packet without bytes */
	    {"", 0, 2}, {huge, sizeof(huge), 0}, {&unknown, sizeof(unknown), 0},
	    {&forbidden, sizeof(forbidden), 0}, {&sound, sizeof(sound) - 1, 0},
	    {&sound, sizeof(sound), 1}, {&sound, sizeof(sound), 4},
	    {&sound, sizeof(sound), 16}, /* more than fit: the kernel drops the rest */
	};
	int before = check_open_fds();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pair pair;

		open_pair(&pair, true);
		send_raw(&pair, rows[i].bytes, rows[i].length, rows[i].fds);
		turn(&pair, 3);
		assert_int_equal(pair.supervisor.messages, 0);
		assert_int_equal(pair.supervisor.closed, 1);
		if (pair.supervisor.why.code != ERR_PROTOCOL)
			fail_msg("row %zu: %s", i, pair.supervisor.why.message);
		assert_int_equal(send_output(pair.supervisor.peer, 1), ERR_RUN_ENDED);
		close_pair(&pair);
		assert_int_equal(check_open_fds(), before);
	}
}

static void
descriptors_that_the_handler_leaves_are_closed(void **state)
{
	struct {
		struct wire_head head;
		struct wire_control_run body;
	} run = {.head = head_of(WIRE_TYPE_CONTROL_RUN)};
	struct pair pair;
	int before;

	(void)state;
	open_pair(&pair, true);
	before = check_open_fds();
	pair.supervisor.took = 0; /* takes none */
	send_raw(&pair, &run, sizeof(run), 1);
	turn(&pair, 2);
	assert_int_equal(pair.supervisor.messages, 1);
	assert_int_equal(check_open_fds(), before);
	close_pair(&pair);
}

static void
the_end_is_told_once_and_without_a_fault(void **state)
{
	struct pair pair;

	(void)state;
	open_pair(&pair, true);
	close(pair.raw);
	pair.raw = -1;
	turn(&pair, 5);
	assert_int_equal(pair.supervisor.closed, 1);
	assert_int_equal(pair.supervisor.why.code, ERR_OK);
	assert_int_equal(send_output(pair.supervisor.peer, 1), ERR_RUN_ENDED);
	turn(&pair, 5);
	assert_int_equal(pair.supervisor.closed, 1);
	close_pair(&pair);
}

static void
packets_sent_before_the_end_still_arrive(void **state)
{
	struct pair pair;

	(void)state;
	open_pair(&pair, false);
	assert_int_equal(send_kill(pair.cli.peer, 1), ERR_OK);
	assert_int_equal(send_kill(pair.cli.peer, 2), ERR_OK);
	peer_free(&pair.cli.peer);
	turn(&pair, 10);
	assert_int_equal(pair.supervisor.messages, 2);
	assert_int_equal(pair.supervisor.closed, 1);
	close_pair(&pair);
}

static void
a_peer_may_be_freed_inside_its_handlers(void **state)
{
	struct pair pair;

	(void)state;
	open_pair(&pair, false);
	pair.supervisor.free_in_message = true;
	assert_int_equal(send_kill(pair.cli.peer, 1), ERR_OK);
	assert_int_equal(send_kill(pair.cli.peer, 2), ERR_OK);
	turn(&pair, 10);
	assert_null(pair.supervisor.peer);
	assert_int_equal(pair.supervisor.messages, 1);
	assert_int_equal(pair.supervisor.closed, 0);
	assert_int_equal(pair.cli.closed, 1);
	close_pair(&pair);

	open_pair(&pair, true);
	pair.supervisor.free_in_closed = true;
	send_raw(&pair, "x", 1, 0);
	turn(&pair, 5);
	assert_null(pair.supervisor.peer);
	assert_int_equal(pair.supervisor.closed, 1);
	close_pair(&pair);

	open_pair(&pair, false);
	pair.supervisor.free_in_message = pair.supervisor.answer = true;
	assert_int_equal(send_kill(pair.cli.peer, 1), ERR_OK);
	turn(&pair, 5);
	assert_int_equal(pair.cli.messages, 1);
	close_pair(&pair);
	peer_free(&pair.cli.peer);
}

static void
credentials_are_the_other_ends(void **state)
{
	struct pair pair;
	uid_t uid;
	pid_t pid;

	(void)state;
	open_pair(&pair, true);
	assert_int_equal(peer_credentials(pair.supervisor.peer, &uid, &pid), 0);
	assert_int_equal(uid, getuid());
	assert_int_equal(pid, getpid());
	close_pair(&pair);
}

/* Makes a peer, fills its socket, queues a packet with a descriptor, and drops everything. */
static bool
make_and_send(void *context)
{
	int before = check_open_fds(), fds[2], payload = STDIN_FILENO;
	struct wire_control_run run = {0};
	struct end end = {.took = -1};
	enum err r = ERR_OK;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return check_open_fds() == before;
	end.peer = peer_new(context, fds[0], WIRE_CLI, WIRE_SUPERVISOR, &handlers, &end);
	for (int i = 0; end.peer != NULL && r == ERR_OK && peer_queued(end.peer) < 1000; i++)
		r = peer_send(end.peer, WIRE_TYPE_CONTROL_RUN, 0, &run, NULL, 0, &payload, 1, NULL);
	peer_free(&end.peer);
	close(fds[1]);
	return (r == ERR_OK || r == ERR_INTERNAL) && check_open_fds() == before;
}

static void
every_failing_call_is_noticed_and_leaves_nothing(void **state)
{
	struct event_base *base = event_base_new();

	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY | FAIL_IO, EMFILE, make_and_send, base) >= 3);
	event_base_free(base);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_arrive_in_order_and_are_answered),
	    cmocka_unit_test(what_a_full_socket_refuses_waits_in_order),
	    cmocka_unit_test(the_queue_has_a_limit_and_recovers),
	    cmocka_unit_test(descriptors_travel_also_through_the_queue),
	    cmocka_unit_test(a_message_must_fit_its_row_to_be_sent),
	    cmocka_unit_test(hostile_packets_end_the_peer_and_leak_nothing),
	    cmocka_unit_test(descriptors_that_the_handler_leaves_are_closed),
	    cmocka_unit_test(the_end_is_told_once_and_without_a_fault),
	    cmocka_unit_test(packets_sent_before_the_end_still_arrive),
	    cmocka_unit_test(a_peer_may_be_freed_inside_its_handlers),
	    cmocka_unit_test(credentials_are_the_other_ends),
	    cmocka_unit_test(every_failing_call_is_noticed_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
