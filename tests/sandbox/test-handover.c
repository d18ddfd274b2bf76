/* What is handed to a parked cell. */
#include <errno.h>
#include <sys/socket.h>

#include "sandbox/handover.h"
#include "tests/lib/check.h"

static const char *const env[] = {"A=1", "EMPTY=", "RUN=x y", NULL};

/* Sends and takes the bytes; the descriptors that come with them are not looked at. */
static size_t
sent(const char *const *envp, const int fds[HANDOVER_FDS_MAX], char data[HANDOVER_BYTES_MAX])
{
	int pair[2];
	ssize_t n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(handover_send(pair[0], envp, fds), 0);
	n = recv(pair[1], data, HANDOVER_BYTES_MAX, 0);
	assert_true(n > 0);
	close(pair[0]);
	close(pair[1]);
	return (size_t)n;
}

static void
what_is_sent_is_what_is_taken(void **state)
{
	char data[HANDOVER_BYTES_MAX], *got[PLAN_ENV_MAX + 1];
	size_t length = sent(env, (const int[]){0, 1, 2, 0}, data);

	(void)state;
	assert_true(handover_parse(data, length, 4, got));
	for (size_t i = 0; i < ARRAY_SIZE(env) - 1; i++)
		assert_string_equal(got[i], env[i]);
	assert_null(got[ARRAY_SIZE(env) - 1]);
}

static void
without_a_door_three_descriptors_come(void **state)
{
	char data[HANDOVER_BYTES_MAX], *got[PLAN_ENV_MAX + 1];
	size_t length = sent(env, (const int[]){0, 1, 2, -1}, data);

	(void)state;
	assert_true(handover_parse(data, length, 3, got));
	assert_false(handover_parse(data, length, 4, got));
	assert_false(handover_parse(data, length, 0, got));
}

static void
a_cut_or_longer_message_is_refused(void **state)
{
	char data[HANDOVER_BYTES_MAX] = {0}, *got[PLAN_ENV_MAX + 1];
	size_t length = sent(env, (const int[]){0, 1, 2, 0}, data);

	(void)state;
	for (size_t i = 0; i < length; i++)
		assert_false(handover_parse(data, i, 4, got));
	assert_false(handover_parse(data, length + 1, 4, got));
}

static void
too_large_an_environment_is_not_sent(void **state)
{
	static char large[HANDOVER_BYTES_MAX];
	const char *many[PLAN_ENV_MAX + 2], *one[] = {large, NULL};
	const int fds[HANDOVER_FDS_MAX] = {0, 1, 2, -1};

	(void)state;
	for (size_t i = 0; i <= PLAN_ENV_MAX; i++)
		many[i] = "A=1";
	many[PLAN_ENV_MAX + 1] = NULL;
	memset(large, 'x', sizeof(large) - 1);
	assert_int_equal(handover_send(-1, many, fds), -E2BIG);
	assert_int_equal(handover_send(-1, one, fds), -E2BIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_sent_is_what_is_taken),
	    cmocka_unit_test(without_a_door_three_descriptors_come),
	    cmocka_unit_test(a_cut_or_longer_message_is_refused),
	    cmocka_unit_test(too_large_an_environment_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
