#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "audit/bytes.h"
#include "audit/keys.h"
#include "tests/audit/rig.h"

static const char first_segment[] = "seg-0000000000000000.plog";

static struct rig *
rig_with_log(uint64_t seed)
{
	struct rig *rig = malloc(sizeof(*rig));
	struct fault fault;

	if (rig == NULL)
		abort();
	rig_init(rig, seed);
	assert_int_equal(rig_open(rig, &fault), ERR_OK);
	return rig;
}

/* Appends and waits. */
static void
record(struct rig *rig, enum event_kind kind, const char *run, size_t body)
{
	assert_int_equal(rig_append(rig, kind, run, body), ERR_OK);
	audit_log_drain(rig->log);
}

static void
rig_free(struct rig *rig)
{
	rig_done(rig);
	free(rig);
}

static enum audit_verdict_code
verify(struct rig *rig, struct audit_verdict *verdict)
{
	unsigned found;

	return rig_verify(rig, verdict, &found);
}

/* Where the used bytes of a segment end. */
static size_t
used_bytes(const struct sim_file *file)
{
	size_t end = file->size;

	while (file->now[end - 1] == 0)
		end--;
	return (end + AUDIT_BLOCK - 1) / AUDIT_BLOCK * AUDIT_BLOCK;
}

static void
every_flipped_byte_is_found_and_named(void **state)
{
	struct rig *rig = rig_with_log(1);
	struct audit_verdict verdict;
	struct sim_file *file;
	size_t used;

	(void)state;
	record(rig, EVENT_RUN_ADMITTED, rig_run, 30);
	rig_close(rig);
	file = sim_find(&rig->sim, first_segment);
	used = used_bytes(file);
	assert_int_equal(used, 3 * AUDIT_BLOCK);
	for (size_t i = 0; i < used; i++) {
		file->now[i] ^= (unsigned char)(1 << i % 8);
		if (verify(rig, &verdict) != AUDIT_TAMPERED)
			fail_msg("byte %zu: %s", i, audit_verdict_info(verdict.code)->name);
		assert_string_equal(verdict.place.segment, first_segment);
		/* Named to the block at worst, never behind the byte, and with its record. */
		assert_true(verdict.place.offset <= i);
		assert_int_equal(verdict.place.offset / AUDIT_BLOCK, i / AUDIT_BLOCK);
		assert_true(verdict.place.index <= 2);
		assert_true(verdict.why[0] != '\0');
		file->now[i] ^= (unsigned char)(1 << i % 8);
	}
	assert_int_equal(verify(rig, &verdict), AUDIT_OK);
	rig_free(rig);
}

static void
bytes_behind_the_end_are_found_and_named(void **state)
{
	struct rig *rig = rig_with_log(2);
	struct audit_verdict verdict;
	struct sim_file *file;

	(void)state;
	rig_close(rig);
	file = sim_find(&rig->sim, first_segment);
	for (size_t i = used_bytes(file); i < file->size; i += 509) {
		enum audit_verdict_code code;

		file->now[i] = 1;
		code = verify(rig, &verdict);
		/* Within one group of the end it may be a torn write, but never nothing. */
		assert_true(code == AUDIT_TORN_TAIL || code == AUDIT_TAMPERED);
		assert_int_equal(verdict.place.offset, i);
		file->now[i] = 0;
	}
	rig_free(rig);
}

static void
a_log_cut_short_is_found(void **state)
{
	struct rig *rig = rig_with_log(3);
	struct audit_verdict verdict;
	struct sim_file *file;
	size_t size, used;

	(void)state;
	for (int i = 0; i < 3; i++)
		record(rig, EVENT_PEER_REFUSED, "", 10);
	rig_close(rig);
	file = sim_find(&rig->sim, first_segment);
	used = used_bytes(file);
	size = file->size;
	/* Shorter by a byte, a block, a group, nearly everything. */
	for (size_t cut = 1; cut < size; cut = cut * 3 + 1) {
		file->size = size - cut;
		assert_int_equal(verify(rig, &verdict), AUDIT_TAMPERED);
	}
	file->size = 0;
	assert_int_equal(verify(rig, &verdict), AUDIT_TAMPERED);
	file->size = size;
	/* The last group and the last two wiped as if never written: the anchor knows. */
	for (size_t from = used - AUDIT_BLOCK; from > AUDIT_BLOCK; from -= AUDIT_BLOCK) {
		memset(file->now + from, 0, AUDIT_BLOCK);
		assert_int_equal(verify(rig, &verdict), AUDIT_ROLLED_BACK);
	}
	sim_unlink(&rig->sim, first_segment);
	assert_int_equal(verify(rig, &verdict), AUDIT_ROLLED_BACK);
	rig_free(rig);
}

/* A log of several segments; their names. */
static unsigned
fill_segments(struct rig *rig, char names[][SEGMENT_NAME_MAX], unsigned max)
{
	unsigned count = 0;

	for (int i = 0; i < 9; i++)
		record(rig, EVENT_PEER_REFUSED, "", 50000);
	rig_close(rig);
	for (uint64_t first = 0; first < 20; first++) {
		char name[SEGMENT_NAME_MAX];

		segment_name(name, first);
		if (sim_find(&rig->sim, name) != NULL && count < max)
			memcpy(names[count++], name, SEGMENT_NAME_MAX);
	}
	return count;
}

static void
a_segment_that_is_gone_is_missed(void **state)
{
	char names[8][SEGMENT_NAME_MAX];

	(void)state;
	for (unsigned gone = 0; gone < 4; gone++) {
		struct rig *rig = rig_with_log(4);
		struct audit_verdict verdict;
		struct fault fault;

		assert_int_equal(fill_segments(rig, names, 8), 5);
		assert_int_equal(verify(rig, &verdict), AUDIT_OK);
		assert_int_equal(verdict.segments, 5);
		sim_unlink(&rig->sim, names[gone]);
		assert_int_equal(verify(rig, &verdict), AUDIT_MISSING_SEGMENT);
		/* Two that are neighbours. */
		sim_unlink(&rig->sim, names[gone + 1]);
		assert_int_equal(
		    verify(rig, &verdict), gone < 3 ? AUDIT_MISSING_SEGMENT : AUDIT_ROLLED_BACK);
		/* And nobody writes to such a log. */
		assert_int_equal(rig_open(rig, &fault), ERR_AUDIT_UNAVAILABLE);
		rig_free(rig);
	}
}

static void
the_last_segment_that_is_gone_is_a_rollback(void **state)
{
	struct rig *rig = rig_with_log(5);
	char names[8][SEGMENT_NAME_MAX];
	struct audit_verdict verdict;
	struct fault fault;

	(void)state;
	assert_int_equal(fill_segments(rig, names, 8), 5);
	sim_unlink(&rig->sim, names[4]);
	assert_int_equal(verify(rig, &verdict), AUDIT_ROLLED_BACK);
	assert_int_equal(rig_open(rig, &fault), ERR_AUDIT_UNAVAILABLE);
	assert_non_null(strstr(fault.message, "rolled-back"));
	rig_free(rig);
}

static void
an_old_copy_of_the_segments_is_a_rollback(void **state)
{
	struct rig *rig = rig_with_log(6), *old = malloc(sizeof(*old));
	struct audit_verdict verdict;
	struct fault fault;
	struct sim_file *file;

	(void)state;
	assert_non_null(old);
	record(rig, EVENT_PEER_REFUSED, "", 10);
	sim_copy(&old->sim, &rig->sim);
	record(rig, EVENT_PEER_REFUSED, "", 10);
	rig_close(rig);
	file = sim_find(&rig->sim, first_segment);
	memcpy(file->now, sim_find(&old->sim, first_segment)->now, file->size);
	assert_int_equal(verify(rig, &verdict), AUDIT_ROLLED_BACK);
	assert_int_equal(rig_open(rig, &fault), ERR_AUDIT_UNAVAILABLE);
	sim_done(&old->sim);
	free(old);
	rig_free(rig);
}

static void
groups_of_another_segment_are_not_taken(void **state)
{
	struct rig *rig = rig_with_log(7), *other = rig_with_log(8);
	struct audit_verdict verdict;
	struct sim_file *file, *foreign;

	(void)state;
	record(rig, EVENT_PEER_REFUSED, "", 10);
	record(other, EVENT_PEER_REFUSED, "", 10);
	rig_close(rig);
	rig_close(other);
	file = sim_find(&rig->sim, first_segment);
	foreign = sim_find(&other->sim, first_segment);
	/* Spliced: a whole group of the same index and length from another log. */
	memcpy(file->now + 2 * AUDIT_BLOCK, foreign->now + 2 * AUDIT_BLOCK, AUDIT_BLOCK);
	assert_int_equal(verify(rig, &verdict), AUDIT_TAMPERED);
	assert_int_equal(verdict.place.index, 1);
	/* The whole segment: signed by a key that is not ours. */
	memcpy(file->now, foreign->now, file->size);
	assert_int_equal(verify(rig, &verdict), AUDIT_UNKNOWN_KEY);
	rig_free(rig);
	rig_free(other);
}

/* Rewrites a frame's body and gives it a fitting checksum, as whoever owns the disk can. */
static void
forge(struct sim_file *file, size_t group, enum frame_type type, const char *find,
    const char *replace)
{
	unsigned char *at = file->now + group, *hit;
	struct segment_header header;
	struct frame frame;
	static unsigned char body[FRAME_BODY_MAX];

	assert_null(segment_header_parse(file->now, &header));
	while (at[8] != type)
		at = at[8] == FRAME_END
			 ? file->now + group + group_commit_at((size_t)(at - file->now) - group)
			 : at + frame_size(get_u32(at));
	frame = (struct frame){.type = at[8],
	    .flags = get_u16(at + 10),
	    .index = get_u64(at + 12),
	    .body = body,
	    .length = get_u32(at)};
	memcpy(body, at + FRAME_HEAD, frame.length);
	hit = memmem(body, frame.length, find, strlen(find));
	assert_non_null(hit);
	memcpy(hit, replace, strlen(find));
	frame_put(at, header.id, &frame);
}

static void
what_the_disks_owner_rewrites_does_not_verify(void **state)
{
	static const struct {
		enum frame_type type;
		const char *find, *replace;
		enum audit_verdict_code code;
	} rows[] = {
	    {FRAME_EVENT, "git.read.diff", "git.push.main", AUDIT_TAMPERED},
	    {FRAME_EVENT, "praxa/ws_test", "praxa/ws_best", AUDIT_TAMPERED},
	    {FRAME_EVENT, "peer.refused", "run.admitted", AUDIT_TAMPERED},
	    {FRAME_COMMIT, "\n2\n", "\n3\n", AUDIT_TAMPERED},
	    {FRAME_COMMIT, "\xe2\x80\x94 praxa", "\xe2\x80\x94 prbxa", AUDIT_UNKNOWN_KEY},
	    {FRAME_COMMIT, "\n\n\xe2\x80\x94", "\n\n\xe2\x80\x95", AUDIT_TAMPERED},
	    {FRAME_COMMIT, "\n\n", "\nx", AUDIT_UNSIGNED},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rig *rig = rig_with_log(9);
		struct audit_verdict verdict;
		struct fault fault;

		record(rig, EVENT_PEER_REFUSED, "", 10);
		rig_close(rig);
		forge(sim_find(&rig->sim, first_segment), 2 * (size_t)AUDIT_BLOCK, rows[i].type,
		    rows[i].find, rows[i].replace);
		if (verify(rig, &verdict) != rows[i].code)
			fail_msg("row %u: %s: %s", i, audit_verdict_info(verdict.code)->name,
			    verdict.why);
		assert_int_equal(verdict.size, 1);
		assert_int_equal(rig_open(rig, &fault), ERR_AUDIT_UNAVAILABLE);
		rig_free(rig);
	}
}

static void
a_log_without_its_anchor_or_key_is_not_written(void **state)
{
	static const char *const names[] = {"anchor", "keys/log.key"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		struct rig *rig = rig_with_log(10);
		struct fault fault;

		rig_close(rig);
		sim_unlink(&rig->sim, names[i]);
		assert_int_equal(rig_open(rig, &fault), ERR_AUDIT_UNAVAILABLE);
		rig_free(rig);
	}
}

static void
corruption_in_the_middle_stops_the_writer_and_changes_nothing(void **state)
{
	struct rig *rig = rig_with_log(11);
	struct sim_file *file;
	unsigned char *before;
	struct fault fault;

	(void)state;
	record(rig, EVENT_PEER_REFUSED, "", 10);
	record(rig, EVENT_PEER_REFUSED, "", 10);
	rig_close(rig);
	file = sim_find(&rig->sim, first_segment);
	file->now[2 * AUDIT_BLOCK + 100] ^= 1;
	before = malloc(file->size);
	assert_non_null(before);
	memcpy(before, file->now, file->size);
	assert_int_equal(rig_open(rig, &fault), ERR_AUDIT_UNAVAILABLE);
	assert_non_null(strstr(fault.message, first_segment));
	assert_non_null(strstr(fault.message, "offset 8192"));
	assert_memory_equal(file->now, before, file->size);
	free(before);
	rig_free(rig);
}

/* Reads to the end for now. */
static unsigned
read_on(struct audit_scan *scan)
{
	struct audit_scan_record found;
	unsigned count = 0;

	while (audit_scan_next(scan, &found) == SCAN_RECORD)
		count++;
	return count;
}

static void
a_reader_follows_a_log_that_grows_over_segments(void **state)
{
	struct rig *rig = rig_with_log(12);
	struct audit_scan *scan = NULL;
	struct note_key key;

	(void)state;
	assert_int_equal(audit_key_read(&rig->files, "log.vkey", &key, NULL), ERR_OK);
	assert_int_equal(audit_scan_new(&rig->files, &key, &scan, NULL), ERR_OK);
	assert_int_equal(read_on(scan), 1);
	for (int i = 0; i < 12; i++) {
		record(rig, EVENT_PEER_REFUSED, "", 40000);
		assert_int_equal(read_on(scan), 1);
		assert_int_equal(audit_scan_finish(scan), SCAN_END);
		assert_int_equal(audit_scan_verdict(scan)->code, AUDIT_OK);
		assert_int_equal(read_on(scan), 0);
	}
	assert_true(audit_scan_verdict(scan)->segments > 3);
	/* What came between the end and its check is not missed. */
	record(rig, EVENT_PEER_REFUSED, "", 10);
	assert_int_equal(audit_scan_finish(scan), SCAN_RECORD);
	assert_int_equal(read_on(scan), 1);
	audit_scan_free(&scan);
	rig_free(rig);
}

static void
a_group_on_its_way_is_torn_only_until_it_has_arrived(void **state)
{
	struct rig *rig = rig_with_log(13);
	unsigned char group[AUDIT_BLOCK];
	struct audit_scan_record found;
	struct audit_scan *scan = NULL;
	struct sim_file *file;
	struct note_key key;

	(void)state;
	sim_unlink(&rig->sim, "anchor");
	record(rig, EVENT_PEER_REFUSED, "", 10);
	file = sim_find(&rig->sim, first_segment);
	memcpy(group, file->now + 2 * AUDIT_BLOCK, sizeof(group));
	memset(file->now + 2 * AUDIT_BLOCK + SIM_SECTOR, 0, sizeof(group) - SIM_SECTOR);
	assert_int_equal(audit_key_read(&rig->files, "log.vkey", &key, NULL), ERR_OK);
	assert_int_equal(audit_scan_new(&rig->files, &key, &scan, NULL), ERR_OK);
	assert_int_equal(audit_scan_next(scan, &found), SCAN_RECORD);
	assert_int_equal(audit_scan_next(scan, &found), SCAN_FAULT);
	assert_int_equal(audit_scan_verdict(scan)->code, AUDIT_TORN_TAIL);
	assert_int_equal(audit_scan_next(scan, &found), SCAN_FAULT);
	memcpy(file->now + 2 * AUDIT_BLOCK, group, sizeof(group));
	assert_true(audit_scan_retry(scan));
	assert_int_equal(audit_scan_next(scan, &found), SCAN_RECORD);
	assert_int_equal(audit_scan_next(scan, &found), SCAN_END);
	assert_false(audit_scan_retry(scan));
	audit_scan_free(&scan);
	rig_free(rig);
}

static void
a_verdict_outside_the_table_is_not_ok(void **state)
{
	(void)state;
	assert_int_not_equal(audit_verdict_info((enum audit_verdict_code)99)->exit_code, 0);
	assert_int_not_equal(audit_verdict_info((enum audit_verdict_code)0)->exit_code, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_flipped_byte_is_found_and_named),
	    cmocka_unit_test(bytes_behind_the_end_are_found_and_named),
	    cmocka_unit_test(a_log_cut_short_is_found),
	    cmocka_unit_test(a_segment_that_is_gone_is_missed),
	    cmocka_unit_test(the_last_segment_that_is_gone_is_a_rollback),
	    cmocka_unit_test(an_old_copy_of_the_segments_is_a_rollback),
	    cmocka_unit_test(groups_of_another_segment_are_not_taken),
	    cmocka_unit_test(what_the_disks_owner_rewrites_does_not_verify),
	    cmocka_unit_test(a_log_without_its_anchor_or_key_is_not_written),
	    cmocka_unit_test(corruption_in_the_middle_stops_the_writer_and_changes_nothing),
	    cmocka_unit_test(a_reader_follows_a_log_that_grows_over_segments),
	    cmocka_unit_test(a_group_on_its_way_is_torn_only_until_it_has_arrived),
	    cmocka_unit_test(a_verdict_outside_the_table_is_not_ok),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
