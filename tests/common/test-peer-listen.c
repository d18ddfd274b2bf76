#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/peer.h"
#include "tests/lib/check.h"

static void
on_accepted(void *context, int fd)
{
	int *count = context;

	(*count)++;
	close(fd);
}

/* What a channel says is believed, so who listens there matters as much as who connects. */
static void
a_socket_that_another_user_listens_on_is_not_connected_to(void **state)
{
	char *dir, *path = NULL;
	int fd = -1, client = -1;

	(void)state;
	if (geteuid() != 0)
		CHECK_SKIP("only root can be somebody else for a moment");
	dir = check_tempdir();
	assert_true(asprintf(&path, "%s/s.sock", dir) > 0);
	assert_int_equal(peer_bind(path, 0666, &fd), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(peer_connect(path, &client), -EPERM);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(peer_connect(path, &client), 0);
	close(client);
	close(fd);
	free(path);
	check_tempdir_remove(&dir);
}

static void
a_listener_accepts_and_replaces_only_a_stale_socket(void **state)
{
	char *dir = check_tempdir(), *path = NULL, *file = NULL, longer[200];
	struct event_base *base = event_base_new();
	struct peer_listener *listener;
	int fd = -1, client = -1, count = 0;
	struct stat st;

	(void)state;
	assert_true(asprintf(&path, "%s/s.sock", dir) > 0 && asprintf(&file, "%s/file", dir) > 0);
	check_write(dir, "file", "kept", 4);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';

	assert_int_equal(peer_connect(path, &client), -ENOENT);
	assert_int_equal(peer_bind(path, 0600, &fd), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	close(fd);
	assert_int_equal(peer_connect(path, &client), -ECONNREFUSED);
	assert_int_equal(peer_bind(path, 0660, &fd), 0);
	assert_int_equal(peer_bind(file, 0600, &client), -EADDRINUSE);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(peer_bind(longer, 0600, &client), -ENAMETOOLONG);
	assert_int_equal(peer_connect(longer, &client), -ENAMETOOLONG);

	listener = peer_listen(base, fd, on_accepted, &count);
	assert_non_null(listener);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(peer_connect(path, &client), 0);
		close(client);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	assert_int_equal(count, 3);
	peer_listener_free(&listener);
	peer_listener_free(&listener);
	event_base_free(base);
	free(path);
	free(file);
	check_tempdir_remove(&dir);
}

/* Out of descriptors: the connection waits, the loop rests between tries, and nothing is lost. */
static void
a_listener_without_descriptors_waits_for_one(void **state)
{
	char *dir = check_tempdir(), *path = NULL;
	struct event_base *base = event_base_new();
	struct peer_listener *listener;
	struct rlimit all, none;
	int fd = -1, client = -1, count = 0, turns = 0;

	(void)state;
	assert_true(asprintf(&path, "%s/s.sock", dir) > 0);
	assert_int_equal(peer_bind(path, 0600, &fd), 0);
	listener = peer_listen(base, fd, on_accepted, &count);
	assert_int_equal(peer_connect(path, &client), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = all.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (; turns < 1000; turns++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(count, 0);
	assert_int_equal(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	while (count == 0)
		event_base_loop(base, EVLOOP_ONCE);
	close(client);
	peer_listener_free(&listener);
	event_base_free(base);
	free(path);
	check_tempdir_remove(&dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_socket_that_another_user_listens_on_is_not_connected_to),
	    cmocka_unit_test(a_listener_accepts_and_replaces_only_a_stale_socket),
	    cmocka_unit_test(a_listener_without_descriptors_waits_for_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
