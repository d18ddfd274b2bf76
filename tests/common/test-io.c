#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

static void
read_full_stops_at_the_end_wherever_it_is(void **state)
{
	static const char text[] = "0123456789";

	(void)state;
	for (size_t end = 0; end < sizeof(text); end++) {
		char out[sizeof(text)] = {0};
		int pipes[2];

		assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
		assert_int_equal(io_write_full(pipes[1], text, end), 0);
		close(pipes[1]);
		assert_int_equal(io_read_full(pipes[0], out, 10), end);
		assert_memory_equal(out, text, end);
		assert_int_equal(io_read_full(pipes[0], out, 10), 0);
		close(pipes[0]);
	}
}

struct writer {
	int fd;
	const char *data;
	size_t length;
};

static void *
write_bytewise(void *context)
{
	struct writer *writer = context;

	for (size_t i = 0; i < writer->length; i++)
		if (io_write_full(writer->fd, writer->data + i, 1) < 0)
			return NULL;
	close(writer->fd);
	return NULL;
}

static void
read_full_joins_what_comes_in_pieces(void **state)
{
	struct writer writer = {.data = "one byte at a time", .length = 18};
	char out[32] = {0};
	pthread_t thread;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	writer.fd = pipes[1];
	assert_int_equal(pthread_create(&thread, NULL, write_bytewise, &writer), 0);
	assert_int_equal(io_read_full(pipes[0], out, sizeof(out)), 18);
	assert_string_equal(out, writer.data);
	pthread_join(thread, NULL);
	close(pipes[0]);
}

static void
errors_come_back_as_negative_errno(void **state)
{
	char byte = 0;

	(void)state;
	assert_int_equal(io_read_full(-1, &byte, 1), -EBADF);
	assert_int_equal(io_write_full(-1, &byte, 1), -EBADF);
	assert_int_equal(io_pwrite_full(-1, &byte, 1, 0), -EBADF);
	assert_int_equal(io_read_full(-1, &byte, 0), 0);
}

static void
an_interrupted_call_goes_on(void **state)
{
	char out[4] = {0};
	int pipes[2];

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	fail_nth_arm(FAIL_IO, 1, EINTR);
	assert_int_equal(io_write_full(pipes[1], "abc", 3), 0);
	assert_true(fail_nth_disarm());
	fail_nth_arm(FAIL_IO, 1, EINTR);
	assert_int_equal(io_read_full(pipes[0], out, 3), 3);
	assert_true(fail_nth_disarm());
	assert_string_equal(out, "abc");
	close(pipes[0]);
	close(pipes[1]);
}

static void
pwrite_full_leaves_the_offset_alone(void **state)
{
	char *dir = check_tempdir(), out[8] = {0};
	int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(root, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_int_equal(io_pwrite_full(fd, "xyz", 3, 2), 0);
	assert_int_equal(io_read_full(fd, out, sizeof(out)), 5);
	assert_memory_equal(out, "\0\0xyz", 5);
	close(fd);
	close(root);
	check_tempdir_remove(&dir);
}

static void
read_file_takes_regular_files_up_to_max(void **state)
{
	char *dir = check_tempdir(), *data = NULL;
	int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t length = 0;

	(void)state;
	check_write(dir, "file", "hello", 5);
	check_write(dir, "empty", "", 0);
	assert_int_equal(symlinkat("file", root, "link"), 0);
	assert_int_equal(mkfifoat(root, "fifo", 0600), 0);
	assert_int_equal(mkdirat(root, "dir", 0700), 0);

	assert_int_equal(io_read_file(root, "file", 5, &data, &length), 0);
	assert_int_equal(length, 5);
	assert_string_equal(data, "hello");
	free(data);
	assert_int_equal(io_read_file(root, "empty", 0, &data, &length), 0);
	assert_int_equal(length, 0);
	assert_string_equal(data, "");
	free(data);

	data = NULL;
	assert_int_equal(io_read_file(root, "file", 4, &data, &length), -EFBIG);
	assert_int_equal(io_read_file(root, "link", 99, &data, &length), -ELOOP);
	assert_int_equal(io_read_file(root, "dir", 99, &data, &length), -EISDIR);
	assert_int_equal(io_read_file(root, "none", 99, &data, &length), -ENOENT);
	/* Does not wait for a writer that never comes. */
	assert_int_equal(io_read_file(root, "fifo", 99, &data, &length), -EINVAL);
	/* stat says 0 bytes, reading gives some: noticed, not cut. */
	assert_int_equal(io_read_file(AT_FDCWD, "/proc/self/stat", 99, &data, &length), -EAGAIN);
	assert_null(data);
	close(root);
	check_tempdir_remove(&dir);
}

static void
a_sealed_file_can_be_mapped_and_not_changed(void **state)
{
	const void *data;
	size_t length;
	int fd = -1;

	(void)state;
	assert_int_equal(io_sealed_new("test", "sealed", 6, &fd), 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_true(pwrite(fd, "X", 1, 0) < 0);
	assert_true(ftruncate(fd, 1) < 0);
	assert_true(ftruncate(fd, 100) < 0);
	assert_true(mmap(NULL, 6, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	assert_int_equal(io_sealed_map(fd, 6, &data, &length), 0);
	assert_int_equal(length, 6);
	assert_memory_equal(data, "sealed", 6);
	io_sealed_unmap(data, length);
	assert_int_equal(io_sealed_map(fd, 5, &data, &length), -EFBIG);
	close(fd);
}

static void
an_empty_sealed_file_maps_to_nothing(void **state)
{
	const void *data = "";
	size_t length = 1;
	int fd = -1;

	(void)state;
	assert_int_equal(io_sealed_new("test", NULL, 0, &fd), 0);
	assert_int_equal(io_sealed_map(fd, 0, &data, &length), 0);
	assert_null(data);
	assert_int_equal(length, 0);
	io_sealed_unmap(data, length);
	close(fd);
}

static void
every_missing_seal_is_refused(void **state)
{
	static const int all[] = {F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE};

	(void)state;
	for (size_t missing = 0; missing < ARRAY_SIZE(all); missing++) {
		int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING), seals = 0;
		const void *data;
		size_t length;

		for (size_t i = 0; i < ARRAY_SIZE(all); i++)
			seals |= i == missing ? 0 : all[i];
		assert_int_equal(io_write_full(fd, "x", 1), 0);
		assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
		assert_int_equal(io_sealed_map(fd, 99, &data, &length), -EPERM);
		close(fd);
	}
}

static void
what_is_no_memory_file_is_not_sealed(void **state)
{
	const void *data;
	size_t length;
	int pipes[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(io_sealed_map(pipes[0], 99, &data, &length), -EPERM);
	assert_int_equal(io_sealed_map(file, 99, &data, &length), -EPERM);
	assert_int_equal(io_sealed_map(-1, 99, &data, &length), -EPERM);
	close(file);
	close(pipes[0]);
	close(pipes[1]);
}

static bool
seal_and_map(void *context)
{
	int before = check_open_fds(), fd = -1, r;
	const void *data = NULL;
	size_t length = 0;

	(void)context;
	r = io_sealed_new("test", "sealed", 6, &fd);
	if (r == 0) {
		r = io_sealed_map(fd, 6, &data, &length);
		io_sealed_unmap(r == 0 ? data : NULL, length);
		close(fd);
	}
	return (r == 0 || r == -EIO) && check_open_fds() == before;
}

static void
a_failing_call_leaves_no_descriptor(void **state)
{
	(void)state;
	assert_true(fail_nth_until_ok(FAIL_IO, EIO, seal_and_map, NULL) >= 3);
}

static bool
read_own_file(void *context)
{
	int before = check_open_fds();
	char *data = NULL;
	size_t length;
	int r = io_read_file(AT_FDCWD, context, 4096, &data, &length);

	free(data);
	return (r == 0 || r == -EIO || r == -ENOMEM) && (r == 0) == (data != NULL) &&
	       check_open_fds() == before;
}

static void
read_file_leaves_nothing_behind_when_it_fails(void **state)
{
	char *dir = check_tempdir(), *path = NULL;

	(void)state;
	check_write(dir, "file", "hello", 5);
	assert_true(asprintf(&path, "%s/file", dir) > 0);
	assert_true(fail_nth_until_ok(FAIL_IO | FAIL_MEMORY, EIO, read_own_file, path) >= 3);
	free(path);
	check_tempdir_remove(&dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(read_full_stops_at_the_end_wherever_it_is),
	    cmocka_unit_test(read_full_joins_what_comes_in_pieces),
	    cmocka_unit_test(errors_come_back_as_negative_errno),
	    cmocka_unit_test(an_interrupted_call_goes_on),
	    cmocka_unit_test(pwrite_full_leaves_the_offset_alone),
	    cmocka_unit_test(read_file_takes_regular_files_up_to_max),
	    cmocka_unit_test(a_sealed_file_can_be_mapped_and_not_changed),
	    cmocka_unit_test(an_empty_sealed_file_maps_to_nothing),
	    cmocka_unit_test(every_missing_seal_is_refused),
	    cmocka_unit_test(what_is_no_memory_file_is_not_sealed),
	    cmocka_unit_test(a_failing_call_leaves_no_descriptor),
	    cmocka_unit_test(read_file_leaves_nothing_behind_when_it_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
