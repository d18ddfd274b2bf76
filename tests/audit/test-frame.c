#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "audit/frame.h"

enum { ID = 0x1234 };

/* RFC 3720 appendix B.4. */
static void
crc32c_is_that_of_iscsi(void **state)
{
	unsigned char bytes[32];

	(void)state;
	assert_int_equal(frame_crc32c(0, "123456789", 9), 0xe3069283);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(frame_crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(frame_crc32c(0, bytes, 32), 0x62a8ab43);
	for (unsigned char i = 0; i < 32; i++)
		bytes[i] = i;
	assert_int_equal(frame_crc32c(0, bytes, 32), 0x46dd794e);
	assert_int_equal(frame_crc32c(frame_crc32c(0, bytes, 11), bytes + 11, 21), 0x46dd794e);
}

/* A group of two records at index 7; its bytes. */
static size_t
build(unsigned char *to)
{
	struct frame frame = {.type = FRAME_EVENT,
	    .flags = FRAME_FIRST,
	    .index = 7,
	    .body = (const unsigned char *)"first record",
	    .length = 12};
	size_t at = frame_put(to, ID, &frame);

	frame = (struct frame){.type = FRAME_EVENT, .index = 8};
	at += frame_put(to + at, ID, &frame);
	at = group_commit_at(at);
	frame = (struct frame){
	    .type = FRAME_COMMIT, .index = 9, .body = (const unsigned char *)"commit", .length = 6};
	frame_put(to + at, ID, &frame);
	return AUDIT_BLOCK;
}

static void
a_group_is_read_as_it_was_written(void **state)
{
	static unsigned char bytes[2 * AUDIT_BLOCK];
	static struct group group;

	(void)state;
	build(bytes);
	assert_int_equal(group_parse(bytes, sizeof(bytes), ID, 7, &group), GROUP_WHOLE);
	assert_int_equal(group.count, 2);
	assert_int_equal(group.bytes, AUDIT_BLOCK);
	assert_memory_equal(group.frames[0].body, "first record", 12);
	assert_int_equal(group.frames[2].offset, AUDIT_SECTOR);
	assert_true(group_starts_at(bytes, sizeof(bytes), ID));
	assert_false(group_starts_at(bytes + 32, sizeof(bytes) - 32, ID));
	/* Another place, another segment: not this group. */
	assert_int_equal(group_parse(bytes, sizeof(bytes), ID, 8, &group), GROUP_BAD);
	assert_int_equal(group_parse(bytes, sizeof(bytes), ID + 1, 7, &group), GROUP_BAD);
	assert_int_equal(group_parse(bytes + AUDIT_BLOCK, AUDIT_BLOCK, ID, 9, &group), GROUP_NONE);
}

static void
every_flipped_bit_of_a_group_is_noticed(void **state)
{
	static unsigned char bytes[AUDIT_BLOCK];
	static struct group group;

	(void)state;
	build(bytes);
	for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(group_parse(bytes, sizeof(bytes), ID, 7, &group), GROUP_BAD);
		assert_true(group.bad_offset <= bit / 8);
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}

static void
every_prefix_of_a_group_is_noticed(void **state)
{
	static unsigned char bytes[AUDIT_BLOCK];
	static struct group group;

	(void)state;
	build(bytes);
	for (size_t length = FRAME_HEAD; length < sizeof(bytes); length++)
		assert_int_equal(group_parse(bytes, length, ID, 7, &group), GROUP_BAD);
}

static void
a_group_of_the_wrong_shape_is_refused(void **state)
{
	static unsigned char bytes[GROUP_BYTES_MAX];
	static struct group group;
	struct frame frame = {.type = FRAME_COMMIT, .flags = FRAME_FIRST, .index = 7};
	size_t at;

	(void)state;
	/* A commit without records. */
	frame_put(bytes, ID, &frame);
	assert_int_equal(group_parse(bytes, sizeof(bytes), ID, 7, &group), GROUP_BAD);
	/* Records without end. */
	frame.type = FRAME_EVENT;
	at = 0;
	for (unsigned i = 0; i <= GROUP_RECORDS_MAX; i++) {
		frame.index = 7 + i;
		at += frame_put(bytes + at, ID, &frame);
		frame.flags = 0;
	}
	assert_int_equal(group_parse(bytes, sizeof(bytes), ID, 7, &group), GROUP_BAD);
	/* A commit that does not stand at a sector. */
	memset(bytes, 0, sizeof(bytes));
	frame = (struct frame){.type = FRAME_EVENT, .flags = FRAME_FIRST, .index = 7};
	at = frame_put(bytes, ID, &frame);
	frame = (struct frame){.type = FRAME_COMMIT, .index = 8};
	frame_put(bytes + at, ID, &frame);
	assert_int_equal(group_parse(bytes, sizeof(bytes), ID, 7, &group), GROUP_BAD);
	/* A record where only a commit may stand. */
	memset(bytes, 0, sizeof(bytes));
	frame = (struct frame){.type = FRAME_EVENT, .flags = FRAME_FIRST, .index = 7};
	frame_put(bytes, ID, &frame);
	frame = (struct frame){.type = FRAME_EVENT, .index = 8};
	frame_put(bytes + AUDIT_SECTOR, ID, &frame);
	assert_int_equal(group_parse(bytes, sizeof(bytes), ID, 7, &group), GROUP_BAD);
}

static void
a_header_is_read_as_it_was_written_and_no_flip_passes(void **state)
{
	static unsigned char block[AUDIT_BLOCK];
	struct segment_header header = {.flags = SEGMENT_AFTER_FAILURE,
	    .id = UINT64_MAX,
	    .first_index = 42,
	    .bytes = SEGMENT_BYTES_MIN,
	    .predecessor_id = 3,
	    .predecessor_used = 4096,
	    .vkey = "name+00000000+key"};
	struct segment_header again;

	(void)state;
	segment_header_put(block, &header);
	assert_null(segment_header_parse(block, &again));
	assert_int_equal(again.first_index, 42);
	assert_int_equal(again.id, UINT64_MAX);
	assert_string_equal(again.vkey, header.vkey);
	for (size_t i = 0; i < sizeof(block); i++) {
		block[i] ^= 0x40;
		assert_non_null(segment_header_parse(block, &again));
		block[i] ^= 0x40;
	}
}

static void
only_one_spelling_is_a_segments_name(void **state)
{
	static const char *const bad[] = {"seg-0.plog", "seg-000000000000000g.plog",
	    "seg-00000000000000AB.plog", "seg-0000000000000000.plog.new", "spare.plog", "",
	    "seg-+000000000000001.plog", "seg- 00000000000000a.plog"};
	char name[SEGMENT_NAME_MAX];
	uint64_t index;

	(void)state;
	segment_name(name, 0xab12);
	assert_string_equal(name, "seg-000000000000ab12.plog");
	assert_true(segment_name_parse(name, &index));
	assert_int_equal(index, 0xab12);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(segment_name_parse(bad[i], &index));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(crc32c_is_that_of_iscsi),
	    cmocka_unit_test(a_group_is_read_as_it_was_written),
	    cmocka_unit_test(every_flipped_bit_of_a_group_is_noticed),
	    cmocka_unit_test(every_prefix_of_a_group_is_noticed),
	    cmocka_unit_test(a_group_of_the_wrong_shape_is_refused),
	    cmocka_unit_test(a_header_is_read_as_it_was_written_and_no_flip_passes),
	    cmocka_unit_test(only_one_spelling_is_a_segments_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
