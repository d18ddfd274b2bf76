#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "tests/audit/place.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

static const struct audit_record some = {.kind = EVENT_PEER_REFUSED};

static void
a_log_is_written(enum audit_backend backend)
{
	struct place place;
	struct fault fault = {0};
	int r;

	place_init(&place);
	r = place_open(&place, backend, &fault);
	if (backend == AUDIT_BACKEND_URING && (r == -EPERM || r == -ENOSYS || r == -EINVAL)) {
		place_done(&place);
		CHECK_SKIP("no io_uring with O_DIRECT");
	}
	assert_int_equal(r, 0);
	assert_int_equal(place.writer.backend, backend);
	for (int i = 0; i < 20; i++)
		assert_int_equal(place_append(&place, &some), ERR_OK);
	while (audit_log_prepare(place.log))
		continue;
	assert_int_equal(place.acked, 20);
	assert_int_equal(audit_log_size(place.log), 21);
	place_close(&place);
	/* What one backend wrote another one reads and continues. */
	assert_int_equal(place_open(&place, AUDIT_BACKEND_AUTO, &fault), 0);
	assert_int_equal(audit_log_size(place.log), 22);
	assert_int_equal(place_append(&place, &some), ERR_OK);
	place_done(&place);
}

static void
io_uring_writes_a_log(void **state)
{
	(void)state;
	a_log_is_written(AUDIT_BACKEND_URING);
}

static void
plain_writes_write_a_log(void **state)
{
	(void)state;
	a_log_is_written(AUDIT_BACKEND_SYNC);
}

static void
segments_roll_on_a_real_disk(void **state)
{
	static unsigned char body[60000];
	struct audit_record large = some;
	struct place place;
	struct fault fault;

	(void)state;
	large.body = (struct record_body){body, sizeof(body)};
	place_init(&place);
	assert_int_equal(place_open(&place, AUDIT_BACKEND_AUTO, &fault), 0);
	for (int i = 0; i < 6; i++)
		assert_int_equal(place_append(&place, &large), ERR_OK);
	place_close(&place);
	assert_int_equal(place_open(&place, AUDIT_BACKEND_AUTO, &fault), 0);
	assert_int_equal(audit_log_size(place.log), 8);
	place_done(&place);
}

static void
a_second_writer_is_refused(void **state)
{
	struct place place;
	struct audit_files second = {0};
	struct fault fault;

	(void)state;
	place_init(&place);
	assert_int_equal(place_open(&place, AUDIT_BACKEND_AUTO, &fault), 0);
	assert_int_equal(audit_files_open_locked(place.dir, &second), -EWOULDBLOCK);
	/* Readers are not in the way, nor hindered. */
	assert_int_equal(audit_files_open(place.dir, &second), 0);
	audit_files_close(&second);
	place_close(&place);
	assert_int_equal(audit_files_open_locked(place.dir, &second), 0);
	audit_files_close(&second);
	place_done(&place);
}

static void
a_writer_that_is_killed_loses_no_acknowledged_record(void **state)
{
	(void)state;
	for (int after = 0; after < 6; after++) {
		struct place place;
		struct fault fault;
		int status, acks[2];
		pid_t child;
		char byte;
		unsigned seen = 0;

		place_init(&place);
		assert_int_equal(pipe2(acks, O_CLOEXEC), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			if (place_open(&place, AUDIT_BACKEND_AUTO, &fault) != 0)
				_exit(1);
			while (place_append(&place, &some) == ERR_OK)
				if (write(acks[1], "a", 1) != 1)
					break;
			_exit(1);
		}
		close(acks[1]);
		while (seen <= (unsigned)after * 3 && read(acks[0], &byte, 1) == 1)
			seen++;
		kill(child, SIGKILL);
		while (read(acks[0], &byte, 1) == 1)
			seen++;
		close(acks[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(place_open(&place, AUDIT_BACKEND_AUTO, &fault), 0);
		/* Two of its own openings stand in the log, too. */
		assert_true(audit_log_size(place.log) >= seen + 2);
		place_done(&place);
	}
}

/* A fresh log, so that every round makes the same calls. */
static bool
write_or_notice(void *context)
{
	struct place *place = context;
	char dir[sizeof(place->dir) + 16];
	struct fault fault;
	bool sound = true;

	snprintf(dir, sizeof(dir), "%s/%u", place->dir, place->refused++);
	if (place_open_at(place, dir, AUDIT_BACKEND_SYNC, &fault) == 0) {
		unsigned acked = place->acked;
		bool taken = place_append(place, &some) == ERR_OK;

		sound =
		    !taken || place->acked == acked + 1 || audit_log_failure(place->log) != NULL;
	}
	place_close(place);
	return sound;
}

static void
every_failing_call_is_noticed(void **state)
{
	struct place place;
	unsigned rounds;

	(void)state;
	place_init_in(&place, "/dev/shm");
	assert_true(fail_nth_until_ok(FAIL_IO | FAIL_MEMORY, EIO, write_or_notice, &place) > 20);
	/* Whatever failed, the next opening finds a log. */
	rounds = place.refused;
	for (unsigned i = 0; i < rounds; i++) {
		char dir[sizeof(place.dir) + 16];
		struct fault fault = {0};

		snprintf(dir, sizeof(dir), "%s/%u", place.dir, i);
		if (place_open_at(&place, dir, AUDIT_BACKEND_SYNC, &fault) != 0)
			fail_msg("call %u: %s", i + 1, fault.message);
		place_close(&place);
	}
	place_done(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(io_uring_writes_a_log),
	    cmocka_unit_test(plain_writes_write_a_log),
	    cmocka_unit_test(segments_roll_on_a_real_disk),
	    cmocka_unit_test(a_second_writer_is_refused),
	    cmocka_unit_test(a_writer_that_is_killed_loses_no_acknowledged_record),
	    cmocka_unit_test(every_failing_call_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
