#include "common/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/io.h"
#include "common/pack_scan.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"

static int
open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static enum err
pack_dir(const char *path, int *ret_fd, struct fault *fault)
{
	SCOPED_FD fd = open_dir(path);

	return pack_from_dir(fd, ret_fd, fault);
}

/* What the header promises that anybody can compute. */
static void
digest_by_coreutils(const char *path, char hex[65])
{
	SCOPED_FREE char *command = NULL;
	FILE *pipe;

	assert_true(asprintf(&command,
			"cd '%s' && find . -type f -print0 | LC_ALL=C sort -z |"
			" xargs -0 sha256sum | sha256sum",
			path) > 0);
	pipe = popen(command, "re");
	assert_non_null(pipe);
	assert_int_equal(fread(hex, 1, 64, pipe), 64);
	hex[64] = '\0';
	assert_int_equal(pclose(pipe), 0);
}

static void
fill_with_awkward_names(const char *dir)
{
	check_write(dir, "SKILL.md", "# hello\n", 8);
	check_write(dir, "main.py", "print()\n", 8);
	check_write(dir, "empty", "", 0);
	check_write(dir, "a/b/c/deep", "\0\1\2", 3);
	check_write(dir, "a.b", "sorts before a/b", 16);
	check_write(dir, "a/b-", "x", 1);
	check_write(dir, "A", "upper case", 10);
	check_write(dir, ".hidden", "h", 1);
	check_write(dir, "with space", "s", 1);
	check_write(dir, "gr\xc3\xbc\xc3\x9f", "utf-8", 5);
	check_write(dir, "...", "three dots", 10);
	check_write(dir, "'quote\"", "q", 1);
	check_write(dir, "-rf", "dash", 4);
}

static void
the_digest_is_what_coreutils_compute(void **state)
{
	char *dir = check_tempdir(), want[65], text[DIGEST_TEXT_MAX];
	SCOPED_FD fd = -1;
	struct pack pack;

	(void)state;
	fill_with_awkward_names(dir);
	digest_by_coreutils(dir, want);
	assert_int_equal(pack_dir(dir, &fd, NULL), ERR_OK);
	assert_int_equal(pack_open(fd, &pack, NULL), ERR_OK);
	digest_text(text, &pack.digest);
	assert_string_equal(text + 7, want);
	assert_int_equal(pack.count, 13);
	pack_close(&pack);
	check_tempdir_remove(&dir);
}

static void
a_changed_byte_or_name_changes_the_digest(void **state)
{
	static const struct pack_file sets[][1] = {
	    {{"a", 1, (const unsigned char *)"x", 1}},
	    {{"a", 1, (const unsigned char *)"y", 1}},
	    {{"b", 1, (const unsigned char *)"x", 1}},
	};
	struct digest digests[ARRAY_SIZE(sets)];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		SCOPED_FD fd = -1;
		struct pack pack;

		assert_int_equal(pack_from_files(sets[i], 1, &fd, NULL), ERR_OK);
		assert_int_equal(pack_open(fd, &pack, NULL), ERR_OK);
		digests[i] = pack.digest;
		pack_close(&pack);
		for (size_t j = 0; j < i; j++)
			assert_false(digest_equal(&digests[i], &digests[j]));
	}
}

static void
files_are_found_by_name_whatever_their_order(void **state)
{
	struct pack_file files[] = {
	    {"manifest/z", 10, (const unsigned char *)"Z", 1},
	    {"policy", 6, (const unsigned char *)"P", 1},
	    {"manifest/a", 10, NULL, 0},
	};
	SCOPED_FD fd = -1;
	struct pack pack;

	(void)state;
	assert_int_equal(pack_from_files(files, 3, &fd, NULL), ERR_OK);
	assert_int_equal(pack_open(fd, &pack, NULL), ERR_OK);
	assert_int_equal(pack.count, 3);
	assert_memory_equal(pack_find(&pack, "manifest/z")->data, "Z", 1);
	assert_int_equal(pack_find(&pack, "manifest/a")->length, 0);
	assert_null(pack_find(&pack, "manifest"));
	assert_null(pack_find(&pack, "manifest/"));
	assert_null(pack_find(&pack, ""));
	pack_close(&pack);
	assert_null(pack_find(&pack, "policy"));
	pack_close(&pack);
}

static void
a_pack_without_files_is_empty(void **state)
{
	SCOPED_FD fd = -1;
	struct pack pack;

	(void)state;
	assert_int_equal(pack_from_files(NULL, 0, &fd, NULL), ERR_OK);
	assert_int_equal(pack_open(fd, &pack, NULL), ERR_OK);
	assert_int_equal(pack.count, 0);
	assert_null(pack_find(&pack, "x"));
	pack_close(&pack);
}

static void
bad_names_are_refused(void **state)
{
	static const char *const bad[] = {"", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.",
	    "a/../b", "../a", "a/..", "a\nb", "a\\b", "a\tb", "a\x7f", "\xff", "\xc0\xaf"};
	char longer[PACK_NAME_MAX + 2];
	struct fault fault;
	int fd = -1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pack_file file = {bad[i], (uint32_t)strlen(bad[i]), NULL, 0};

		if (pack_from_files(&file, 1, &fd, &fault) != ERR_PROTOCOL)
			fail_msg("\"%s\"", bad[i]);
	}
	memset(longer, 'a', sizeof(longer));
	assert_int_equal(
	    pack_from_files(&(struct pack_file){longer, PACK_NAME_MAX + 1, NULL, 0}, 1, &fd, NULL),
	    ERR_PROTOCOL);
	assert_int_equal(
	    pack_from_files(&(struct pack_file){"a\0b", 3, NULL, 0}, 1, &fd, NULL), ERR_PROTOCOL);
	assert_int_equal(fd, -1);
}

static void
a_name_may_stand_only_once(void **state)
{
	struct pack_file files[] = {{"a", 1, NULL, 0}, {"b", 1, NULL, 0}, {"a", 1, NULL, 0}};
	struct fault fault;
	int fd = -1;

	(void)state;
	assert_int_equal(pack_from_files(files, 3, &fd, &fault), ERR_PROTOCOL);
	assert_string_equal(fault.message, "the file \"a\" is there twice");
}

static void
too_many_files_and_too_many_bytes_are_limits(void **state)
{
	struct pack_file *files = calloc(PACK_FILES_MAX + 1, sizeof(*files));
	struct pack_file big = {"big", 3, (const unsigned char *)"", PACK_BYTES_MAX};
	int fd = -1;

	(void)state;
	assert_int_equal(pack_from_files(files, PACK_FILES_MAX + 1, &fd, NULL), ERR_LIMIT);
	/* Refused by arithmetic: nothing behind big.data is read. */
	assert_int_equal(pack_from_files(&big, 1, &fd, NULL), ERR_LIMIT);
	free(files);
}

/* Runs make in a fresh directory that holds one good file, and expects a refusal that names
 * something. */
static void
expect_refusal(void (*make)(const char *dir, int fd), const char *named)
{
	char *dir = check_tempdir();
	struct fault fault = {0};
	int root = open_dir(dir), fd = -1;

	check_write(dir, "good", "x", 1);
	make(dir, root);
	assert_int_equal(pack_from_dir(root, &fd, &fault), ERR_SKILL_DIGEST);
	assert_int_equal(fault.code, ERR_SKILL_DIGEST);
	assert_int_equal(pack_from_dir(root, &fd, NULL), ERR_SKILL_DIGEST);
	if (strstr(fault.message, named) == NULL)
		fail_msg("%s", fault.message);
	assert_int_equal(fd, -1);
	close(root);
	check_tempdir_remove(&dir);
}

static void
make_link(const char *dir, int fd)
{
	(void)dir;
	assert_int_equal(symlinkat("good", fd, "link"), 0);
}

static void
make_dangling_link_below(const char *dir, int fd)
{
	(void)dir;
	assert_int_equal(mkdirat(fd, "sub", 0700), 0);
	assert_int_equal(symlinkat("/nowhere", fd, "sub/gone"), 0);
}

static void
make_link_to_directory(const char *dir, int fd)
{
	(void)dir;
	assert_int_equal(symlinkat("/etc", fd, "etc"), 0);
}

static void
make_fifo(const char *dir, int fd)
{
	(void)dir;
	assert_int_equal(mkfifoat(fd, "fifo", 0600), 0);
}

static void
make_newline(const char *dir, int fd)
{
	(void)fd;
	check_write(dir, "two\nlines", "x", 1);
}

static void
make_backslash(const char *dir, int fd)
{
	(void)fd;
	check_write(dir, "back\\slash", "x", 1);
}

static void
make_latin1(const char *dir, int fd)
{
	(void)fd;
	check_write(dir, "\xfc", "x", 1);
}

static void
make_deep(const char *dir, int fd)
{
	(void)fd;
	check_write(dir, "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/x", "x", 1);
}

static void
make_long_path(const char *dir, int fd)
{
	char part[201];

	(void)dir;
	memset(part, 'p', 200);
	part[200] = '\0';
	assert_int_equal(mkdirat(fd, part, 0700), 0);
	{
		SCOPED_FD sub = openat(fd, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		assert_int_equal(mkdirat(sub, part, 0700), 0);
	}
}

static void
make_too_many(const char *dir, int fd)
{
	(void)dir;
	for (int i = 0; i < PACK_FILES_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		close(openat(fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
}

static void
make_too_large(const char *dir, int fd)
{
	SCOPED_FD file = openat(fd, "large", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)dir;
	assert_int_equal(ftruncate(file, PACK_BYTES_MAX), 0); /* sparse; with "good" one too many */
}

static void
make_empty(const char *dir, int fd)
{
	(void)dir;
	assert_int_equal(unlinkat(fd, "good", 0), 0);
}

static void
what_cannot_be_pinned_is_refused_by_name(void **state)
{
	(void)state;
	expect_refusal(make_link, "\"link\"");
	expect_refusal(make_dangling_link_below, "\"sub/gone\"");
	expect_refusal(make_link_to_directory, "\"etc\"");
	expect_refusal(make_fifo, "\"fifo\"");
	expect_refusal(make_newline, "two?lines");
	expect_refusal(make_backslash, "back\\slash");
	expect_refusal(make_latin1, "?");
	expect_refusal(make_deep, "deeper than 16");
	expect_refusal(make_long_path, "longer than 255");
	expect_refusal(make_too_many, "1024 files");
	expect_refusal(make_too_large, "32 MiB");
	expect_refusal(make_empty, "no file");
}

/* A sealed copy of data[0..length), as a hostile sender could make it. */
static enum err
open_bytes(const void *data, size_t length)
{
	SCOPED_FD fd = -1;
	struct pack pack;
	enum err r;

	assert_int_equal(io_sealed_new("hostile", data, length, &fd), 0);
	r = pack_open(fd, &pack, NULL);
	if (r == ERR_OK)
		pack_close(&pack);
	return r;
}

static int
sample_pack(void)
{
	static const struct pack_file files[] = {{"a", 1, (const unsigned char *)"AA", 2},
	    {"b/c", 3, NULL, 0}, {"d", 1, (const unsigned char *)"DDDD", 4}};
	int fd = -1;

	assert_int_equal(pack_from_files(files, 3, &fd, NULL), ERR_OK);
	return fd;
}

static void
every_truncation_and_one_extra_byte_fail(void **state)
{
	SCOPED_FD fd = sample_pack();
	unsigned char copy[256] = {0};
	const void *data;
	size_t length;

	(void)state;
	assert_int_equal(io_sealed_map(fd, sizeof(copy), &data, &length), 0);
	memcpy(copy, data, length);
	assert_int_equal(open_bytes(copy, length), ERR_OK);
	for (size_t cut = 0; cut < length; cut++)
		assert_int_equal(open_bytes(copy, cut), ERR_PROTOCOL);
	assert_int_equal(open_bytes(copy, length + 1), ERR_PROTOCOL);
	io_sealed_unmap(data, length);
}

/* Heads, counts and lengths of the layout; a flip in a name or in data is another sound pack. */
static void
hostile_numbers_are_refused(void **state)
{
	static const struct {
		size_t offset;
		uint32_t value;
	} rows[] = {{0, 0}, {7, 2}, {8, 2}, {8, 4}, {8, PACK_FILES_MAX + 1}, {8, UINT32_MAX},
	    {12, 1}, {16, 0}, {16, 2}, {16, UINT32_MAX}, {20, 0}, {20, 3}, {20, UINT32_MAX},
	    {20, UINT32_MAX - 3}};
	SCOPED_FD fd = sample_pack();
	const void *data;
	size_t length;

	(void)state;
	assert_int_equal(io_sealed_map(fd, 256, &data, &length), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned char copy[256];

		memcpy(copy, data, length);
		memcpy(copy + rows[i].offset, &rows[i].value, sizeof(rows[i].value));
		if (open_bytes(copy, length) != ERR_PROTOCOL)
			fail_msg("row %zu", i);
	}
	io_sealed_unmap(data, length);
}

static void
files_out_of_order_were_not_written_by_us(void **state)
{
	SCOPED_FD fd = sample_pack();
	unsigned char copy[256];
	const void *data;
	size_t length;

	(void)state;
	assert_int_equal(io_sealed_map(fd, sizeof(copy), &data, &length), 0);
	memcpy(copy, data, length);
	copy[24] = 'z'; /* the first file's name */
	assert_int_equal(open_bytes(copy, length), ERR_PROTOCOL);
	copy[24] = 'd'; /* twice */
	assert_int_equal(open_bytes(copy, length), ERR_PROTOCOL);
	io_sealed_unmap(data, length);
}

static void
a_pack_that_can_still_change_is_refused(void **state)
{
	SCOPED_FD sealed = sample_pack();
	SCOPED_FD open_file = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct fault fault;
	struct pack pack;
	const void *data;
	size_t length;

	(void)state;
	assert_int_equal(io_sealed_map(sealed, 256, &data, &length), 0);
	assert_int_equal(io_write_full(open_file, data, length), 0);
	io_sealed_unmap(data, length);
	assert_int_equal(pack_open(open_file, &pack, &fault), ERR_PROTOCOL);
	assert_string_equal(fault.message, "the pack cannot be mapped: it is not sealed");
}

static bool
pack_and_open(void *context)
{
	int before = check_open_fds(), fd = -1;
	struct fault fault = {0};
	enum err r = pack_dir(context, &fd, &fault);

	if (r == ERR_OK) {
		struct pack pack;

		r = pack_open(fd, &pack, &fault);
		if (r == ERR_OK)
			pack_close(&pack);
		close(fd);
	}
	return r == fault.code && check_open_fds() == before;
}

static void
every_failing_call_is_noticed_and_leaves_nothing(void **state)
{
	char *dir = check_tempdir();

	(void)state;
	check_write(dir, "a", "A", 1);
	check_write(dir, "sub/b", "B", 1);
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, pack_and_open, dir) >= 6);
	assert_true(fail_nth_until_ok(FAIL_IO, EIO, pack_and_open, dir) >= 8);
	check_tempdir_remove(&dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_digest_is_what_coreutils_compute),
	    cmocka_unit_test(a_changed_byte_or_name_changes_the_digest),
	    cmocka_unit_test(files_are_found_by_name_whatever_their_order),
	    cmocka_unit_test(a_pack_without_files_is_empty),
	    cmocka_unit_test(bad_names_are_refused),
	    cmocka_unit_test(a_name_may_stand_only_once),
	    cmocka_unit_test(too_many_files_and_too_many_bytes_are_limits),
	    cmocka_unit_test(what_cannot_be_pinned_is_refused_by_name),
	    cmocka_unit_test(every_truncation_and_one_extra_byte_fail),
	    cmocka_unit_test(hostile_numbers_are_refused),
	    cmocka_unit_test(files_out_of_order_were_not_written_by_us),
	    cmocka_unit_test(a_pack_that_can_still_change_is_refused),
	    cmocka_unit_test(every_failing_call_is_noticed_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
