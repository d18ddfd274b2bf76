/* rpc.h - MessagePack-RPC: what a message asks, and how an answer looks.
 * Source: github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md
 *
 * params is the method's map, or an array whose one item is that map ([{}] is what msgpack-rpc
 * clients send), or an empty array for an empty map. */
#ifndef BROKER_RPC_H
#define BROKER_RPC_H

#include "broker/limits.h"
#include "common/arena.h"
#include "common/buffer.h"
#include "common/fault.h"
#include "common/value.h"

struct broker_request {
	bool wants_reply; /* false: a notification */
	uint32_t id;
	char method[BROKER_METHOD_BYTES_MAX + 1];
	struct value params; /* VALUE_MAP */
	/* Not ERR_OK: the envelope is sound, params are not; the peer can be told. */
	struct fault bad_params;
};

/* Reads one scanned message. ERR_PROTOCOL: it is not a request and not a notification, so that it
 * cannot be answered; ERR_LIMIT or ERR_INTERNAL: no memory. Trust: data is hostile. */
MUST_USE enum err broker_rpc_parse(const unsigned char *data, size_t length, struct arena *arena,
    struct broker_request *ret, struct fault *fault);

/* Appends [1, id, nil, result]. *ret_result and *ret_length are where the encoded result stands in
 * buffer. False at the buffer's limit, and then it is as before. */
MUST_USE bool broker_rpc_result(struct buffer *buffer, uint32_t id, const struct value *result,
    size_t *ret_result, size_t *ret_length);
/* Appends [1, id, {code, type, message, rule, line, field, allowed, retry}, nil]. */
MUST_USE bool broker_rpc_error(struct buffer *buffer, uint32_t id, const struct fault *fault);

#endif
