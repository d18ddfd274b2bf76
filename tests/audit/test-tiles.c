#include "audit/tiles.h"

#include <fcntl.h>
#include <stdio.h>

#include "common/io.h"
#include "tests/audit/tessera.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

enum { KEPT_MAX = 64 };

/* What was put: every file once. */
struct kept {
	unsigned count;
	bool refuse;
	struct {
		char path[TILE_PATH_MAX];
		unsigned char *data;
		size_t length;
	} files[KEPT_MAX];
};

static bool
keep(void *context, const char *path, const void *data, size_t length)
{
	struct kept *kept = context;

	if (kept->refuse || kept->count == KEPT_MAX)
		return false;
	for (unsigned i = 0; i < kept->count; i++)
		assert_string_not_equal(kept->files[i].path, path);
	kept->files[kept->count].data = malloc(length);
	if (kept->files[kept->count].data == NULL)
		return false;
	memcpy(kept->files[kept->count].data, data, length);
	kept->files[kept->count].length = length;
	snprintf(kept->files[kept->count++].path, TILE_PATH_MAX, "%s", path);
	return true;
}

static void
drop(struct kept *kept)
{
	while (kept->count > 0)
		free(kept->files[--kept->count].data);
}

static size_t
length_of(const struct kept *kept, const char *path)
{
	for (unsigned i = 0; i < kept->count; i++)
		if (strcmp(kept->files[i].path, path) == 0)
			return kept->files[i].length;
	fail_msg("no file %s", path);
	return 0;
}

static void
paths_are_those_of_the_specification(void **state)
{
	static const struct {
		int level;
		uint64_t index;
		unsigned width;
		const char *path;
	} rows[] = {
	    {0, 0, 256, "tile/0/000"},
	    {1, 1234067, 256, "tile/1/x001/x234/067"},
	    {0, 455667, 256, "tile/0/x455/667"},
	    {15, 123456789, 41, "tile/15/x123/x456/789.p/41"},
	    {-1, 0, 3, "tile/entries/000.p/3"},
	    {-1, UINT64_MAX, 256, "tile/entries/x018/x446/x744/x073/x709/x551/615"},
	};
	char path[TILE_PATH_MAX];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		tiles_path(path, rows[i].level, rows[i].index, rows[i].width);
		assert_string_equal(path, rows[i].path);
	}
}

static void
the_files_of_the_shared_log_are_reproduced(void **state)
{
	const char *shared = getenv("PRAXA_SHARED");

	(void)state;
	for (uint64_t size = 1; size <= TESSERA_LEAVES; size++) {
		struct kept kept = {0};
		struct tiles *tiles = malloc(sizeof(*tiles));

		assert_non_null(tiles);
		tiles_init(tiles, keep, &kept);
		for (uint64_t i = 0; i < size; i++) {
			struct digest leaf = tessera_leaf(i);

			assert_true(
			    tiles_add(tiles, tessera_leaves[i], strlen(tessera_leaves[i]), &leaf));
		}
		assert_true(tiles_finish(tiles));
		assert_int_equal(kept.count, 2);
		for (unsigned i = 0; i < kept.count; i++) {
			char path[512], *want = NULL;
			size_t length = 0;

			snprintf(path, sizeof(path), "%s/vectors/tlog/%s",
			    shared != NULL ? shared : "", kept.files[i].path);
			if (io_read_file(AT_FDCWD, path, 65536, &want, &length) < 0) {
				drop(&kept);
				tiles_done(tiles);
				free(tiles);
				CHECK_SKIP("no vectors in $PRAXA_SHARED/vectors/tlog");
			}
			assert_int_equal(kept.files[i].length, length);
			assert_memory_equal(kept.files[i].data, want, length);
			free(want);
		}
		drop(&kept);
		tiles_done(tiles);
		free(tiles);
	}
}

/* c2sp.org/tlog-tiles: the files of a log of 70,000 entries, and of 256. */
static void
widths_are_those_of_the_size(void **state)
{
	static const struct digest leaf;
	struct kept kept = {0};
	struct tiles *tiles = malloc(sizeof(*tiles));

	(void)state;
	assert_non_null(tiles);
	tiles_init(tiles, keep, &kept);
	for (unsigned i = 0; i < 256; i++)
		assert_true(tiles_add(tiles, "x", 1, &leaf));
	assert_true(tiles_finish(tiles));
	assert_int_equal(kept.count, 3);
	assert_int_equal(length_of(&kept, "tile/0/000"), 8192);
	assert_int_equal(length_of(&kept, "tile/1/000.p/1"), 32);
	assert_int_equal(length_of(&kept, "tile/entries/000"), 768);
	drop(&kept);
	for (unsigned i = 256; i < 600; i++)
		assert_true(tiles_add(tiles, "x", 1, &leaf));
	assert_true(tiles_finish(tiles));
	assert_int_equal(length_of(&kept, "tile/0/002.p/88"), 88 * 32);
	assert_int_equal(length_of(&kept, "tile/1/000.p/2"), 64);
	assert_int_equal(length_of(&kept, "tile/entries/002.p/88"), 264);
	drop(&kept);
	tiles_done(tiles);
	free(tiles);
}

static bool
adds_or_notices(void *context)
{
	static const struct digest leaf;
	struct kept kept = {0};
	struct tiles *tiles = malloc(sizeof(*tiles));
	bool done;

	(void)context;
	if (tiles == NULL)
		return true;
	tiles_init(tiles, keep, &kept);
	done = tiles_add(tiles, "entry", 5, &leaf) && tiles_finish(tiles);
	done = !done || kept.count == 2;
	drop(&kept);
	tiles_done(tiles);
	free(tiles);
	return done;
}

static void
a_sink_that_stops_and_memory_that_ends_are_noticed(void **state)
{
	static const struct digest leaf;
	struct kept kept = {.refuse = true};
	struct tiles *tiles = malloc(sizeof(*tiles));

	(void)state;
	assert_non_null(tiles);
	tiles_init(tiles, keep, &kept);
	assert_true(tiles_add(tiles, "x", 1, &leaf));
	assert_false(tiles_finish(tiles));
	assert_false(tiles_add(tiles, "x", FRAME_BODY_MAX + 1, &leaf));
	tiles_done(tiles);
	free(tiles);
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, adds_or_notices, NULL) >= 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths_are_those_of_the_specification),
	    cmocka_unit_test(the_files_of_the_shared_log_are_reproduced),
	    cmocka_unit_test(widths_are_those_of_the_size),
	    cmocka_unit_test(a_sink_that_stops_and_memory_that_ends_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
