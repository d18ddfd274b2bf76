#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "audit/record.h"
#include "tests/lib/fail_nth.h"

static struct audit_record
sample(void)
{
	return (struct audit_record){
	    .version = RECORD_VERSION,
	    .origin = "praxa/ws_test",
	    .index = 70000,
	    .id = "ae_01JDF3Z0000000000000000000",
	    .kind = EVENT_CALL_DENIED,
	    .workspace = "ws_test",
	    .skill = "sk_review",
	    .run = "rn_01JDF3Z0000000000000000000",
	    .tool = "git.push",
	    .error = ERR_TOOL_NOT_ALLOWED,
	    .rule = "tools.git.push",
	    .line = 12,
	    .layers = UINT64_MAX,
	    .duration_ms = 255,
	    .realtime_ms = UINT64_C(1790000000000),
	    .mono_ns = 128,
	    .run_seq = 65535,
	    .body = {(const unsigned char *)"\x81\xa1x\x01", 4},
	};
}

static void
a_leaf_is_read_as_it_was_packed(void **state)
{
	struct audit_record record = sample(), again;
	SCOPED_FREE unsigned char *leaf = NULL;
	size_t length = 0;

	(void)state;
	assert_int_equal(record_pack(&record, &leaf, &length, NULL), ERR_OK);
	assert_null(record_parse(leaf, length, &again));
	assert_int_equal(again.index, 70000);
	assert_int_equal(again.kind, EVENT_CALL_DENIED);
	assert_int_equal(again.error, ERR_TOOL_NOT_ALLOWED);
	assert_string_equal(again.rule, "tools.git.push");
	assert_int_equal(again.layers, UINT64_MAX);
	assert_int_equal(again.body.length, 4);
	assert_memory_equal(again.body.bytes, "\x81\xa1x\x01", 4);
	/* 23 keys: the map's header is map 16. */
	assert_memory_equal(leaf, "\xde\x00\x17\xa1v\x01\xa6origin", 13);
}

/* One record, one leaf: whatever parses packs to the same bytes. */
static void
every_altered_byte_is_refused_or_another_record(void **state)
{
	struct audit_record record = sample(), again;
	SCOPED_FREE unsigned char *leaf = NULL;
	size_t length = 0;

	(void)state;
	assert_int_equal(record_pack(&record, &leaf, &length, NULL), ERR_OK);
	for (size_t i = 0; i < length; i++) {
		unsigned char kept = leaf[i];

		for (int value = 0; value < 256; value++) {
			SCOPED_FREE unsigned char *repacked = NULL;
			size_t n = 0;

			leaf[i] = (unsigned char)value;
			if (record_parse(leaf, length, &again) != NULL)
				continue;
			assert_int_equal(record_pack(&again, &repacked, &n, NULL), ERR_OK);
			assert_int_equal(n, length);
			assert_memory_equal(repacked, leaf, length);
		}
		leaf[i] = kept;
	}
}

static void
every_prefix_and_every_suffix_is_refused(void **state)
{
	struct audit_record record = sample(), again;
	SCOPED_FREE unsigned char *leaf = NULL, *longer = NULL;
	size_t length = 0;

	(void)state;
	assert_int_equal(record_pack(&record, &leaf, &length, NULL), ERR_OK);
	for (size_t i = 0; i < length; i++) {
		/* A copy of its own size, so that a reader past the end is seen. */
		SCOPED_FREE unsigned char *prefix = malloc(i + 1);

		assert_non_null(prefix);
		memcpy(prefix, leaf, i);
		assert_non_null(record_parse(prefix, i, &again));
	}
	longer = calloc(1, length + 1);
	assert_non_null(longer);
	memcpy(longer, leaf, length);
	assert_string_equal(record_parse(longer, length + 1, &again), "end");
}

static void
the_largest_record_fits_a_frame(void **state)
{
	static unsigned char body[RECORD_BODY_MAX + 1];
	struct audit_record record = sample();
	SCOPED_FREE unsigned char *leaf = NULL;
	size_t length = 0;

	(void)state;
	memset(record.origin, 'o', sizeof(record.origin) - 1);
	memset(record.workspace, 'w', sizeof(record.workspace) - 1);
	memset(record.skill, 's', sizeof(record.skill) - 1);
	memset(record.tool, 't', sizeof(record.tool) - 1);
	memset(record.rule, 'r', sizeof(record.rule) - 1);
	record.index = record.line = record.duration_ms = record.realtime_ms = UINT64_MAX;
	record.mono_ns = record.run_seq = UINT64_MAX;
	record.body = (struct record_body){body, RECORD_BODY_MAX};
	assert_int_equal(record_pack(&record, &leaf, &length, NULL), ERR_OK);
	assert_true(length <= FRAME_BODY_MAX);
	record.body.length++;
	assert_int_equal(record_pack(&record, &leaf, &length, NULL), ERR_LIMIT);
}

static void
what_cannot_be_read_back_is_not_packed(void **state)
{
	struct audit_record record = sample();
	unsigned char *leaf = NULL;
	size_t length;

	(void)state;
	record.kind = (enum event_kind)9999;
	assert_int_equal(record_pack(&record, &leaf, &length, NULL), ERR_PROTOCOL);
	record = sample();
	memcpy(record.tool, "\xc0\xaf", 3);
	assert_int_equal(record_pack(&record, &leaf, &length, NULL), ERR_PROTOCOL);
	assert_null(leaf);
}

static bool
pack_or_notice(void *context)
{
	static unsigned char body[RECORD_BODY_MAX];
	struct audit_record record = sample();
	SCOPED_FREE unsigned char *leaf = NULL;
	size_t length = 0;

	(void)context;
	record.body = (struct record_body){body, sizeof(body)};
	return record_pack(&record, &leaf, &length, NULL) != ERR_OK ||
	       record_parse(leaf, length, &record) == NULL;
}

static void
running_out_of_memory_is_noticed(void **state)
{
	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, pack_or_notice, NULL) >= 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_leaf_is_read_as_it_was_packed),
	    cmocka_unit_test(every_altered_byte_is_refused_or_another_record),
	    cmocka_unit_test(every_prefix_and_every_suffix_is_refused),
	    cmocka_unit_test(the_largest_record_fits_a_frame),
	    cmocka_unit_test(what_cannot_be_read_back_is_not_packed),
	    cmocka_unit_test(running_out_of_memory_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
