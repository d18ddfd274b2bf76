#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/io.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

/* A directory with one file in it. */
struct place {
	char *dir, *path;
};

static int
set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	place->dir = check_tempdir();
	check_write(place->dir, "file", "old", 3);
	assert_true(asprintf(&place->path, "%s/file", place->dir) > 0);
	*state = place;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *place = *state;

	check_tempdir_remove(&place->dir);
	free(place->path);
	free(place);
	return 0;
}

/* Not by io_read_file: its calls may be those that fail. */
static bool
holds(const struct place *place, const char *text)
{
	FILE *file = fopen(place->path, "re");
	char data[64] = "";

	assert_non_null(file);
	assert_true(fread(data, 1, sizeof(data) - 1, file) > 0);
	fclose(file);
	return strcmp(data, text) == 0;
}

/* Files in the directory: what was begun and not finished would be one more. */
static unsigned
count_files(const struct place *place)
{
	DIR *dir = opendir(place->dir);
	const struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void
a_replaced_file_keeps_its_mode(void **state)
{
	const struct place *place = *state;
	struct stat about;

	assert_int_equal(chmod(place->path, 0640), 0);
	assert_int_equal(io_replace_file(place->path, "fresh", 5), 0);
	assert_true(holds(place, "fresh"));
	assert_int_equal(stat(place->path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0640);
}

static void
a_link_or_nothing_is_not_replaced(void **state)
{
	struct place *place = *state;
	char *link = NULL;

	assert_true(asprintf(&link, "%s/link", place->dir) > 0);
	assert_int_equal(io_replace_file(link, "x", 1), -ENOENT);
	assert_int_equal(symlink("file", link), 0);
	assert_int_equal(io_replace_file(link, "x", 1), -ELOOP);
	assert_int_equal(io_replace_file(place->dir, "x", 1), -EINVAL);
	assert_true(holds(place, "old"));
	free(link);
}

static bool
replace_once(void *context)
{
	const struct place *place = context;
	int before = check_open_fds(), r = io_replace_file(place->path, "fresh", 5);

	if (r != 0 && r != -EIO && r != -ENOMEM)
		return false;
	return count_files(place) == 1 && check_open_fds() == before &&
	       (r == 0 ? holds(place, "fresh") : holds(place, "old") || holds(place, "fresh"));
}

static void
a_failed_replacement_leaves_the_old_file_or_the_new_one(void **state)
{
	assert_true(fail_nth_until_ok(FAIL_IO | FAIL_MEMORY, EIO, replace_once, *state) >= 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_replaced_file_keeps_its_mode, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_link_or_nothing_is_not_replaced, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_failed_replacement_leaves_the_old_file_or_the_new_one, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
