#include "audit/log_private.h"
#include "audit/sink.h"

/* Appends what was packed and releases it. */
static enum err
append_packed(struct audit_log *log, enum event_kind kind, enum err error, struct sink *sink,
    struct fault *fault)
{
	const struct audit_record record = {.kind = kind,
	    .error = error,
	    .body = {(const unsigned char *)sink->buffer.data, sink->buffer.size}};
	enum err r = sink->failed ? fault_set(fault, ERR_INTERNAL, "out of memory")
				  : audit_log_append(log, &record, NULL, fault);

	sink_done(sink);
	return r;
}

enum err
log_append_opened(struct audit_log *log, struct fault *fault)
{
	struct sink sink;
	msgpack_packer pk;

	sink_init(&sink, &pk);
	msgpack_pack_map(&pk, 2);
	sink_name(&pk, "backend");
	sink_name(&pk, audit_backend_name(log->options.writer->backend));
	sink_name(&pk, "size");
	msgpack_pack_uint64(&pk, log->head.size);
	return append_packed(log, EVENT_LOG_OPENED, ERR_OK, &sink, fault);
}

enum err
log_append_recovered(struct audit_log *log, const struct log_loss *loss, struct fault *fault)
{
	struct sink sink;
	msgpack_packer pk;

	sink_init(&sink, &pk);
	msgpack_pack_map(&pk, 8);
	sink_name(&pk, "cause");
	sink_name(&pk, loss->cause);
	sink_name(&pk, "segment");
	sink_name(&pk, loss->segment);
	sink_name(&pk, "offset");
	msgpack_pack_uint64(&pk, loss->offset);
	sink_name(&pk, "bytes");
	msgpack_pack_uint64(&pk, loss->bytes);
	sink_name(&pk, "sha256");
	sink_bytes(&pk, loss->digest.bytes, DIGEST_BYTES);
	sink_name(&pk, "kept");
	sink_name(&pk, loss->kept);
	sink_name(&pk, "place");
	msgpack_pack_uint64(&pk, loss->place);
	sink_name(&pk, "of");
	msgpack_pack_uint64(&pk, loss->of);
	return append_packed(log, EVENT_LOG_RECOVERED, ERR_OK, &sink, fault);
}

enum err
audit_log_append_refused(struct audit_log *log, const char *peer, uint32_t uid,
    const struct fault *why, struct fault *fault)
{
	struct sink sink;
	msgpack_packer pk;

	sink_init(&sink, &pk);
	msgpack_pack_map(&pk, 3);
	sink_name(&pk, "peer");
	sink_name(&pk, peer);
	sink_name(&pk, "uid");
	msgpack_pack_uint64(&pk, uid);
	sink_name(&pk, "message");
	sink_name(&pk, why->message);
	return append_packed(log, EVENT_PEER_REFUSED, why->code, &sink, fault);
}
