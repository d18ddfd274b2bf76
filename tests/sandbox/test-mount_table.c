#include "sandbox/mount_table.h"

#include <errno.h>
#include <fcntl.h>

#include "tests/lib/check.h"

static bool
is_sound(const char *text)
{
	char line[256];
	const char *point = NULL;

	strcpy(line, text);
	return mount_table_line_is_sound(line, &point);
}

static void
lines_of_a_cell_are_sound(void **state)
{
	static const char *const lines[] = {
	    "63 42 0:39 / / ro,nosuid,nodev,noexec,relatime - tmpfs none rw,size=1024k",
	    "65 63 254:0 /usr /usr ro,nosuid,nodev,relatime - ext4 /dev/vda rw\n",
	    "68 63 0:6 /null /dev/null ro,nosuid,noexec,relatime - devtmpfs devtmpfs rw",
	    "74 63 0:42 / /tmp rw,nosuid,nodev,noexec,relatime - tmpfs none rw",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!is_sound(lines[i]))
			fail_msg("%s", lines[i]);
}

static void
anything_looser_is_not(void **state)
{
	static const char *const lines[] = {
	    "",
	    "\n",
	    "63 42 0:39 / /",
	    "63 42 0:39 / / ro,nosuid,nodev",
	    /* writable, set-uid, devices, in a peer group, a slave */
	    "65 63 254:0 /usr /usr rw,nosuid,nodev - ext4 /dev/vda rw",
	    "65 63 254:0 /usr /usr ro,nodev - ext4 /dev/vda rw",
	    "65 63 254:0 /usr /usr ro,nosuid - ext4 /dev/vda rw",
	    "65 63 254:0 /usr /usr ro,nosuid,nodev shared:1 - ext4 /dev/vda rw",
	    "65 63 254:0 /usr /usr ro,nosuid,nodev master:1 - ext4 /dev/vda rw",
	    /* options that only begin or end alike */
	    "65 63 254:0 /usr /usr ro,nosuid,nodevice - ext4 /dev/vda rw",
	    "65 63 254:0 /usr /usr errors=ro,nosuid,nodev - ext4 /dev/vda rw",
	    /* only /tmp itself, only below /dev */
	    "65 63 254:0 / /tmp/x rw,nosuid,nodev - tmpfs none rw",
	    "65 63 254:0 / /dev ro,nosuid - tmpfs none rw",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (is_sound(lines[i]))
			fail_msg("%s", lines[i]);
}

static void
the_hosts_table_is_not_a_cells(void **state)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char wrong[64] = "";

	(void)state;
	assert_int_equal(mount_table_check(proc, wrong, sizeof(wrong)), -EPERM);
	assert_int_equal(wrong[0], '/');
	assert_int_equal(mount_table_check(-1, wrong, sizeof(wrong)), -EBADF);
	close(proc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_of_a_cell_are_sound),
	    cmocka_unit_test(anything_looser_is_not),
	    cmocka_unit_test(the_hosts_table_is_not_a_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
