/* The limit of reading, on disks and in a leaf that are folders which look like them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "sandbox/cgroup_file.h"
#include "sandbox/cgroup_io.h"
#include "tests/lib/check.h"

enum { LIMIT = 1048576 };

/* A host with these disks, NULL ends; each is a name, "major:minor" (NULL: none) and a size. */
struct disk {
	const char *name, *number, *size;
};

struct host {
	char *dir;
	int disks, leaf;
};

static struct host
host_new(const struct disk *disks, const char *io_max)
{
	struct host host = {.dir = check_tempdir()};
	char path[256];

	check_write(host.dir, "block/.keep", "", 0);
	check_write(host.dir, "leaf/.keep", "", 0);
	for (; disks->name != NULL; disks++) {
		snprintf(path, sizeof(path), "block/%s/size", disks->name);
		check_write(host.dir, path, disks->size, strlen(disks->size));
		snprintf(path, sizeof(path), "block/%s/dev", disks->name);
		if (disks->number != NULL)
			check_write(host.dir, path, disks->number, strlen(disks->number));
	}
	if (io_max != NULL)
		check_write(host.dir, "leaf/io.max", io_max, strlen(io_max));
	snprintf(path, sizeof(path), "%s/block", host.dir);
	host.disks = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/leaf", host.dir);
	host.leaf = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(host.disks >= 0 && host.leaf >= 0);
	return host;
}

static void
host_free(struct host *host)
{
	close(host->disks);
	close(host->leaf);
	check_tempdir_remove(&host->dir);
}

static void
assert_limits(
    const struct disk *disks, const char *io_max, int expected, const char *disk, const char *line)
{
	struct host host = host_new(disks, io_max);
	char named[CGROUP_IO_NAME_MAX], is[256];
	int before = check_open_fds();

	assert_int_equal(cgroup_io_limit(host.leaf, host.disks, LIMIT, named), expected);
	assert_string_equal(named, disk);
	assert_int_equal(check_open_fds(), before);
	if (line != NULL) {
		assert_int_equal(cgroup_file_read(host.leaf, "io.max", is, sizeof(is)), 0);
		assert_string_equal(is, line);
	}
	host_free(&host);
}

static void
what_has_a_medium_and_a_number_is_limited(void **state)
{
	static const struct disk disks[] = {
	    {"sda", "8:0\n", "1024\n"},    /* the one */
	    {"loop0", "7:0\n", "0\n"},     /* bound to nothing */
	    {"nvme0c0n1", NULL, "1024\n"}, /* a path of a multipath disk */
	    {0},
	};

	(void)state;
	assert_limits(disks, "", 0, "", "8:0 rbps=1048576");
}

/* The kernel shows all four numbers of a disk; ours is looked for line by line. */
static void
the_limit_is_read_back(void **state)
{
	static const struct disk disks[] = {{"sda", "8:0\n", "1024\n"}, {0}};
	static const char rest[] = "8:0 rbps=1048576 wbps=max riops=max wiops=max\n";
	static const char after[] = "7:7 rbps=max wbps=1\n8:0 rbps=10485760 wbps=max riops=max";

	(void)state;
	assert_limits(disks, rest, 0, "", NULL);
	/* What was written lies over the first line, and the disk's own line says otherwise. */
	assert_limits(disks, after, -EPERM, "sda", NULL);
}

static void
a_disk_that_takes_no_limit_is_named(void **state)
{
	static const struct disk disks[] = {{"sda", "8:0\n", "1\n"}, {0}};
	struct host host = host_new(disks, NULL);
	char named[CGROUP_IO_NAME_MAX];

	(void)state;
	check_write(host.dir, "leaf/io.max/.keep", "", 0); /* refuses every write */
	assert_int_equal(cgroup_io_limit(host.leaf, host.disks, LIMIT, named), -EISDIR);
	assert_string_equal(named, "sda");
	host_free(&host);
}

static void
without_the_file_or_a_disk_there_is_no_limit(void **state)
{
	static const struct disk none[] = {{0}}, one[] = {{"sda", "8:0\n", "1\n"}, {0}};
	struct host host = host_new(none, "");
	char named[CGROUP_IO_NAME_MAX];

	(void)state;
	assert_limits(one, NULL, -ENOENT, "", NULL);
	assert_limits(none, NULL, -ENOENT, "", NULL);
	assert_limits(none, "", -ENODEV, "", NULL);
	assert_int_equal(cgroup_io_limit(host.leaf, -1, LIMIT, named), -ENODEV);
	host_free(&host);
}

static void
memory_is_reached_and_what_is_no_disk_is_not(void **state)
{
	int proc = open("/proc", O_PATH | O_CLOEXEC), memory = open("/dev/shm", O_PATH | O_CLOEXEC);

	(void)state;
	assert_false(cgroup_io_reaches(proc));
	assert_false(cgroup_io_reaches(-1));
	if (memory >= 0)
		assert_true(cgroup_io_reaches(memory));
	close(proc);
	close(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_has_a_medium_and_a_number_is_limited),
	    cmocka_unit_test(the_limit_is_read_back),
	    cmocka_unit_test(a_disk_that_takes_no_limit_is_named),
	    cmocka_unit_test(without_the_file_or_a_disk_there_is_no_limit),
	    cmocka_unit_test(memory_is_reached_and_what_is_no_disk_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
