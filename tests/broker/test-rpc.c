#include "broker/rpc.h"

#include "common/codec.h"
#include "common/codec_scan.h"
#include "tests/lib/check.h"

/* Scans and parses, as a door does. */
static enum err
parse(const char *data, size_t length, struct arena *arena, struct broker_request *ret)
{
	struct codec_scan scan = {.limits = &broker_limits};
	struct fault fault;

	arena_init(arena, 64 * 1024);
	assert_int_equal(codec_scan(&scan, (const unsigned char *)data, length, &fault), ERR_OK);
	assert_true(scan.done);
	assert_int_equal(scan.at, length);
	return broker_rpc_parse((const unsigned char *)data, length, arena, ret, &fault);
}

static void
assert_broken(const char *data, size_t length)
{
	struct broker_request request;
	struct arena arena;

	assert_int_equal(parse(data, length, &arena, &request), ERR_PROTOCOL);
	arena_clear(&arena);
}

static void
assert_request(const char *data, size_t length, uint32_t id, const char *method, uint32_t params)
{
	struct broker_request request;
	struct arena arena;

	assert_int_equal(parse(data, length, &arena, &request), ERR_OK);
	assert_true(request.wants_reply);
	assert_int_equal(request.id, id);
	assert_string_equal(request.method, method);
	assert_int_equal(request.bad_params.code, ERR_OK);
	assert_int_equal(request.params.type, VALUE_MAP);
	assert_int_equal(request.params.length, params);
	arena_clear(&arena);
}

#define BYTES(text) text, sizeof(text) - 1

static void
params_are_a_map_a_list_of_one_map_or_an_empty_list(void **state)
{
	(void)state;
	assert_request(BYTES("\x94\x00\x01\xa1m\x81\xa1k\x02"), 1, "m", 1);
	assert_request(BYTES("\x94\x00\x01\xa1m\x91\x81\xa1k\x02"), 1, "m", 1);
	assert_request(BYTES("\x94\x00\x01\xa1m\x90"), 1, "m", 0);
	assert_request(BYTES("\x94\x00\x01\xa1m\x80"), 1, "m", 0);
}

static void
every_form_of_id_and_method_is_read(void **state)
{
	(void)state;
	assert_request(BYTES("\x94\x00\xcc\xff\xa1m\x80"), 255, "m", 0);
	assert_request(BYTES("\x94\x00\xce\xff\xff\xff\xff\xa1m\x80"), UINT32_MAX, "m", 0);
	assert_request(BYTES("\x94\x00\xcf\0\0\0\0\xff\xff\xff\xff\xa1m\x80"), UINT32_MAX, "m", 0);
	assert_request(BYTES("\x94\x00\x01\xd9\x01m\x80"), 1, "m", 0);
	assert_request(BYTES("\x94\x00\x01\xdb\0\0\0\x01m\x80"), 1, "m", 0);
	assert_request(BYTES("\x94\x00\x01\xc4\x01m\x80"), 1, "m", 0);
	assert_request(BYTES("\x94\x00\x01\xc5\0\x01m\x80"), 1, "m", 0);
	assert_request(BYTES("\xdc\x00\x04\xcd\0\0\x01\xa1m\x80"), 1, "m", 0);
}

static void
a_notification_has_no_id(void **state)
{
	struct broker_request request;
	struct arena arena;

	(void)state;
	assert_int_equal(parse(BYTES("\x93\x02\xa1m\x80"), &arena, &request), ERR_OK);
	assert_false(request.wants_reply);
	assert_string_equal(request.method, "m");
	arena_clear(&arena);
}

static void
what_cannot_be_answered_is_broken(void **state)
{
	(void)state;
	assert_broken(BYTES("\x80"));
	assert_broken(BYTES("\xc0"));
	assert_broken(BYTES("\x90"));
	assert_broken(BYTES("\x91\x00"));
	assert_broken(BYTES("\x94\x01\x01\xc0\xc0"));      /* a response */
	assert_broken(BYTES("\x93\x00\x01\xa1m"));         /* too short */
	assert_broken(BYTES("\x95\x00\x01\xa1m\x80\xc0")); /* too long */
	assert_broken(BYTES("\x94\x02\x01\xa1m\x80"));     /* a notification with an id */
	assert_broken(BYTES("\x94\x03\x01\xa1m\x80"));
	assert_broken(BYTES("\x94\x00\xff\xa1m\x80")); /* id -1 */
	assert_broken(BYTES("\x94\x00\xa1x\xa1m\x80"));
	assert_broken(BYTES("\x94\x00\xcf\0\0\0\x01\0\0\0\0\xa1m\x80"));
	assert_broken(BYTES("\x94\x00\x01\x05\x80"));
	assert_broken(BYTES("\x94\x00\x01\xc4\x02m\0\x80"));
	assert_broken(BYTES("\x94\x00\x01\xa3m\0n\x80")); /* NUL in the method */
	assert_broken(
	    BYTES("\x94\x00\x01\xd9\x41"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x80"));
}

static void
params_that_cannot_be_used_leave_an_id_to_answer_to(void **state)
{
	static const struct {
		const char *data;
		size_t length;
	} rows[] = {
	    {BYTES("\x94\x00\x07\xa1m\x05")},
	    {BYTES("\x94\x00\x07\xa1m\x92\x80\x80")},
	    {BYTES("\x94\x00\x07\xa1m\x91\x05")},
	    {BYTES("\x94\x00\x07\xa1m\x82\xa1k\x01\xa1k\x02")},
	    {BYTES("\x94\x00\x07\xa1m\x81\xa1k\xcf\xff\xff\xff\xff\xff\xff\xff\xff")},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct broker_request request;
		struct arena arena;

		assert_int_equal(parse(rows[i].data, rows[i].length, &arena, &request), ERR_OK);
		assert_int_equal(request.id, 7);
		assert_int_equal(request.bad_params.code, ERR_PROTOCOL);
		assert_int_equal(request.params.type, VALUE_MAP);
		arena_clear(&arena);
	}
}

static void
an_error_has_all_eight_members(void **state)
{
	static const char *const members[] = {
	    "code", "type", "message", "rule", "line", "field", "allowed", "retry"};
	struct buffer buffer = {.limit = 4096};
	struct arena arena;
	struct value reply;
	struct fault fault;

	(void)state;
	fault_set(&fault, ERR_TOOL_ARGUMENT, "no");
	fault_at(&fault, "tools.x.allow", 12);
	fault_field(&fault, "path", "a/**");
	assert_true(broker_rpc_error(&buffer, 9, &fault));
	arena_init(&arena, 64 * 1024);
	assert_int_equal(codec_decode(buffer.data, buffer.length, &arena, &reply, &fault), ERR_OK);
	assert_int_equal(reply.length, 4);
	assert_int_equal(reply.items[0].integer, 1);
	assert_int_equal(reply.items[1].integer, 9);
	assert_int_equal(reply.items[2].length, ARRAY_SIZE(members));
	for (unsigned i = 0; i < ARRAY_SIZE(members); i++)
		assert_non_null(value_get(&reply.items[2], members[i]));
	assert_true(value_is_string(value_get(&reply.items[2], "type"), "ToolArgumentError"));
	assert_int_equal(value_get(&reply.items[2], "line")->integer, 12);
	assert_int_equal(reply.items[3].type, VALUE_NULL);
	arena_clear(&arena);
	buffer_done(&buffer);
}

static void
a_result_says_where_it_stands_and_fits_or_is_not_there(void **state)
{
	const struct value result = value_string("abc");
	struct buffer buffer = {.limit = 8};
	size_t start, length;

	(void)state;
	assert_true(broker_rpc_result(&buffer, 1, &result, &start, &length));
	assert_memory_equal(buffer.data,
	    "\x94\x01\x01\xc0\xa3"
	    "abc",
	    8);
	assert_int_equal(start, 4);
	assert_int_equal(length, 4);
	buffer.length = 1;
	assert_false(broker_rpc_result(&buffer, 1, &result, &start, &length));
	assert_int_equal(buffer.length, 1);
	buffer_done(&buffer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(params_are_a_map_a_list_of_one_map_or_an_empty_list),
	    cmocka_unit_test(every_form_of_id_and_method_is_read),
	    cmocka_unit_test(a_notification_has_no_id),
	    cmocka_unit_test(what_cannot_be_answered_is_broken),
	    cmocka_unit_test(params_that_cannot_be_used_leave_an_id_to_answer_to),
	    cmocka_unit_test(an_error_has_all_eight_members),
	    cmocka_unit_test(a_result_says_where_it_stands_and_fits_or_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
