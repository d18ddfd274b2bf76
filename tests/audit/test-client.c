#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "audit/client.h"

static void
on_message(void *context, struct peer *peer, struct wire_message *message)
{
	(void)context;
	(void)peer;
	(void)message;
}

static void
on_closed(void *context, struct peer *peer, const struct fault *why)
{
	(void)context;
	(void)peer;
	(void)why;
}

static const struct peer_handlers handlers = {.message = on_message, .closed = on_closed};

/* Serial of the next packet, 0: none is there. */
static uint64_t
next_serial(int fd, unsigned *ret_type)
{
	_Alignas(uint64_t) unsigned char packet[WIRE_PACKET_MAX];
	ssize_t n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
	struct wire_head head;

	if (n < (ssize_t)sizeof(head))
		return 0;
	memcpy(&head, packet, sizeof(head));
	*ret_type = head.type;
	return head.serial;
}

static void
answers_leave_in_the_order_of_the_appends(void **state)
{
	struct event_base *base = event_base_new();
	const struct fault refusal = {.code = ERR_PROTOCOL};
	const struct audit_done refused = {.fault = &refusal};
	const struct audit_done durable = {.event = "ae_01JDF3Z0000000000000000000"};
	struct client client;
	unsigned type = 0;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	client_init(&client, 1, WIRE_BROKER);
	client.peer = peer_new(base, ends[0], WIRE_AUDITD, WIRE_BROKER, &handlers, NULL);
	assert_non_null(client.peer);
	for (uint64_t serial = 1; serial <= 4; serial++)
		assert_true(client_expect(&client, serial));
	/* A refusal is known at once and waits for what came before it. */
	assert_true(client_answer(&client, 3, &refused));
	assert_int_equal(next_serial(ends[1], &type), 0);
	assert_true(client_answer(&client, 2, &durable));
	assert_int_equal(next_serial(ends[1], &type), 0);
	assert_true(client_answer(&client, 1, &durable));
	assert_int_equal(next_serial(ends[1], &type), 1);
	assert_int_equal(type, WIRE_TYPE_AUDIT_ACK);
	assert_int_equal(next_serial(ends[1], &type), 2);
	assert_int_equal(next_serial(ends[1], &type), 3);
	assert_int_equal(type, WIRE_TYPE_AUDIT_REFUSED);
	assert_int_equal(next_serial(ends[1], &type), 0);
	/* What is never answered is freed, and a peer that is gone is told of. */
	close(ends[1]);
	assert_false(client_answer(&client, 4, &durable));
	assert_true(client_expect(&client, 5));
	peer_free(&client.peer);
	client_done(&client);
	event_base_free(base);
}

static void
a_client_cannot_queue_without_end(void **state)
{
	struct client client;

	(void)state;
	client_init(&client, 1, WIRE_BROKER);
	for (uint64_t i = 0; i < CLIENT_ANSWERS_MAX; i++)
		assert_true(client_expect(&client, i));
	assert_false(client_expect(&client, CLIENT_ANSWERS_MAX));
	client_done(&client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_leave_in_the_order_of_the_appends),
	    cmocka_unit_test(a_client_cannot_queue_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
