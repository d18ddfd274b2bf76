#include <errno.h>
#include <sys/socket.h>

#include "common/codec.h"
#include "common/json.h"
#include "tests/broker/stage.h"
#include "tests/lib/check.h"

void
stage_send(struct stage *stage, const void *data, size_t length)
{
	size_t sent = 0;

	while (sent < length) {
		ssize_t n =
		    send(stage->skill, (const char *)data + sent, length - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		else if (errno == EAGAIN)
			stage_step(stage);
		else
			return; /* the broker has shut the door */
	}
}

void
stage_call(struct stage *stage, uint32_t id, const char *method, const char *params)
{
	struct buffer buffer = {.limit = 2 * BROKER_FRAME_BYTES_MAX};
	struct value request[] = {
	    {.type = VALUE_INT, .integer = 0},
	    {.type = VALUE_INT, .integer = id},
	    value_string(method),
	    {0},
	};
	const struct value message = {.type = VALUE_ARRAY, .length = 4, .items = request};
	struct fault fault;

	assert_int_equal(
	    json_parse(params, strlen(params), &stage->arena, &request[3], &fault), ERR_OK);
	assert_true(codec_encode(&buffer, &message));
	stage_send(stage, buffer.data, buffer.length);
	buffer_done(&buffer);
}

/* True when a whole reply stands in stage->in. */
static bool
has_reply(struct stage *stage, struct codec_scan *scan)
{
	struct fault fault;
	unsigned char *to = buffer_reserve(&stage->in, 65536);
	ssize_t n = recv(stage->skill, to, 65536, MSG_DONTWAIT);

	if (n > 0)
		stage->in.length += (size_t)n;
	*scan = (struct codec_scan){.limits = &broker_limits};
	assert_int_equal(codec_scan(scan, stage->in.data, stage->in.length, &fault), ERR_OK);
	return scan->done;
}

struct stage_reply
stage_reply(struct stage *stage)
{
	struct codec_scan scan;
	struct stage_reply reply;
	struct value whole;
	struct fault fault;

	while (!has_reply(stage, &scan))
		stage_step(stage);
	assert_int_equal(
	    codec_decode(stage->in.data, scan.at, &stage->arena, &whole, &fault), ERR_OK);
	buffer_drop(&stage->in, scan.at);
	assert_int_equal(whole.type, VALUE_ARRAY);
	assert_int_equal(whole.length, 4);
	assert_int_equal(whole.items[0].integer, 1);
	reply.id = (uint32_t)whole.items[1].integer;
	reply.error = whole.items[2];
	reply.result = whole.items[3];
	return reply;
}

struct stage_reply
stage_ask(struct stage *stage, const char *method, const char *params)
{
	stage_call(stage, 1, method, params);
	return stage_reply(stage);
}

/* --- what was seen --- */

void
stage_assert_error(const struct stage_reply *reply, const char *type)
{
	const struct value *name = value_get(&reply->error, "type");

	assert_int_equal(reply->error.type, VALUE_MAP);
	assert_non_null(name);
	assert_string_equal(name->string, type);
	assert_int_equal(reply->result.type, VALUE_NULL);
}

void
stage_assert_json(const struct value *value, const char *json)
{
	char *text = json_write(value, JSON_STYLE_COMPACT, NULL);

	assert_non_null(text);
	assert_string_equal(text, json);
	free(text);
}

const struct stage_record *
stage_last(struct stage *stage, enum event_kind kind, const char *tool)
{
	const struct stage_record *record = &stage->records[stage->record_count - 1];

	assert_true(stage->record_count > 0);
	assert_string_equal(event_name(record->head.kind), event_name(kind));
	assert_string_equal(record->head.tool, tool);
	return record;
}
