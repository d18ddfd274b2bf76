#include "broker/rpc.h"

#include "common/codec.h"

enum { RPC_REQUEST = 0, RPC_RESPONSE = 1, RPC_NOTIFICATION = 2 };

/* The envelope's bytes. They were scanned: a header that is there has its bytes behind it. */
struct cursor {
	const unsigned char *at, *end;
};

static uint64_t
take_bytes(struct cursor *cursor, unsigned bytes)
{
	uint64_t value = 0;

	for (; bytes > 0 && cursor->at < cursor->end; bytes--)
		value = value << 8 | *cursor->at++;
	return value;
}

/* The envelope is read by hand, so that a request whose params cannot be decoded still has an id to
 * answer to. Any form of a header is accepted, not only the shortest. */
static bool
take_array(struct cursor *cursor, uint64_t *ret_count)
{
	unsigned char byte = (unsigned char)take_bytes(cursor, 1);

	if ((byte & 0xf0) == 0x90)
		*ret_count = byte & 0x0f;
	else if (byte == 0xdc || byte == 0xdd)
		*ret_count = take_bytes(cursor, byte == 0xdc ? 2 : 4);
	else
		return false;
	return true;
}

static bool
take_unsigned(struct cursor *cursor, uint64_t *ret)
{
	unsigned char byte = (unsigned char)take_bytes(cursor, 1);

	if (byte < 0x80)
		*ret = byte;
	else if (byte >= 0xcc && byte <= 0xcf)
		*ret = take_bytes(cursor, 1u << (byte - 0xcc));
	else
		return false;
	return true;
}

static bool
take_method(struct cursor *cursor, char to[BROKER_METHOD_BYTES_MAX + 1])
{
	unsigned char byte = (unsigned char)take_bytes(cursor, 1);
	uint64_t length;

	if ((byte & 0xe0) == 0xa0)
		length = byte & 0x1f;
	else if (byte >= 0xd9 && byte <= 0xdb)
		length = take_bytes(cursor, 1u << (byte - 0xd9));
	else if (byte >= 0xc4 && byte <= 0xc6) /* Neovim's client sends its first name so */
		length = take_bytes(cursor, 1u << (byte - 0xc4));
	else
		return false;
	/* A NUL would let two readers see two names. */
	if (length > BROKER_METHOD_BYTES_MAX || length > (size_t)(cursor->end - cursor->at) ||
	    memchr(cursor->at, 0, (size_t)length) != NULL)
		return false;
	text_copy_bytes(to, BROKER_METHOD_BYTES_MAX + 1, cursor->at, (size_t)length);
	cursor->at += length;
	return true;
}

static enum err
take_envelope(struct cursor *cursor, struct broker_request *request, struct fault *fault)
{
	uint64_t count, type, id = 0;

	if (!take_array(cursor, &count) || count == 0 || !take_unsigned(cursor, &type))
		return fault_set(fault, ERR_PROTOCOL, "message: not a MessagePack-RPC array");
	if (type == RPC_RESPONSE)
		return fault_set(fault, ERR_PROTOCOL, "message: a response to nothing");
	if (type > RPC_NOTIFICATION || count != (type == RPC_REQUEST ? 4 : 3))
		return fault_set(fault, ERR_PROTOCOL,
		    "message: neither [0, id, method, params] nor [2, method, params]");
	if (type == RPC_REQUEST && (!take_unsigned(cursor, &id) || id > UINT32_MAX))
		return fault_set(
		    fault, ERR_PROTOCOL, "message: the id is not an unsigned 32-bit integer");
	if (!take_method(cursor, request->method))
		return fault_set(fault, ERR_PROTOCOL,
		    "message: the method is not a string of at most %d bytes",
		    BROKER_METHOD_BYTES_MAX);
	request->wants_reply = type == RPC_REQUEST;
	request->id = (uint32_t)id;
	return ERR_OK;
}

/* A map, [map] or []. */
static enum err
unwrap_params(struct value *params, struct fault *fault)
{
	if (params->type == VALUE_ARRAY && params->length == 0)
		*params = (struct value){.type = VALUE_MAP};
	else if (params->type == VALUE_ARRAY && params->length == 1)
		*params = params->items[0];
	if (params->type == VALUE_MAP)
		return ERR_OK;
	return fault_set(
	    fault, ERR_PROTOCOL, "params is neither a map nor an array that holds one map");
}

enum err
broker_rpc_parse(const unsigned char *data, size_t length, struct arena *arena,
    struct broker_request *ret, struct fault *fault)
{
	struct cursor cursor = {data, data + length};
	struct broker_request request = {0};
	struct fault params = {0};
	enum err r = take_envelope(&cursor, &request, fault);

	if (r != ERR_OK)
		return r;
	r = codec_decode(
	    cursor.at, (size_t)(cursor.end - cursor.at), arena, &request.params, &params);
	if (r == ERR_OK)
		r = unwrap_params(&request.params, &params);
	if (r != ERR_OK && r != ERR_PROTOCOL) {
		if (fault != NULL)
			*fault = params;
		return r;
	}
	if (r != ERR_OK)
		request.params = (struct value){.type = VALUE_MAP};
	request.bad_params = params;
	*ret = request;
	return ERR_OK;
}

static bool
add_head(struct buffer *buffer, uint32_t id)
{
	const struct value answer = value_integer(RPC_RESPONSE), number = value_integer(id);

	return buffer_add(buffer, "\x94", 1) && codec_encode(buffer, &answer) &&
	       codec_encode(buffer, &number);
}

bool
broker_rpc_result(struct buffer *buffer, uint32_t id, const struct value *result,
    size_t *ret_result, size_t *ret_length)
{
	size_t before = buffer->length, start = 0;
	bool fits = add_head(buffer, id) && buffer_add(buffer, "\xc0", 1);

	start = buffer->length;
	if (fits && codec_encode(buffer, result)) {
		*ret_result = start;
		*ret_length = buffer->length - start;
		return true;
	}
	buffer->length = before;
	return false;
}

bool
broker_rpc_error(struct buffer *buffer, uint32_t id, const struct fault *fault)
{
	const struct err_info *info = err_info(fault->code);
	const struct value_pair pairs[] = {
	    {value_string("code"), value_integer(info->jsonrpc)},
	    {value_string("type"), value_string(info->name)},
	    {value_string("message"), value_string(fault->message)},
	    {value_string("rule"), value_string(fault->rule)},
	    {value_string("line"), value_integer(fault->line)},
	    {value_string("field"), value_string(fault->field)},
	    {value_string("allowed"), value_string(fault->allowed)},
	    {value_string("retry"), value_boolean(info->retry)},
	};
	const struct value error = {.type = VALUE_MAP, .length = ARRAY_SIZE(pairs), .pairs = pairs};
	size_t before = buffer->length;

	if (add_head(buffer, id) && codec_encode(buffer, &error) && buffer_add(buffer, "\xc0", 1))
		return true;
	buffer->length = before;
	return false;
}
