/* sink.h - where a MessagePack packer writes to, on msgpack-c's inline packers: remembers a write
 * that failed, because the packers' results are many and easily lost. */
#ifndef AUDIT_SINK_H
#define AUDIT_SINK_H

#include <msgpack/pack.h>
#include <msgpack/sbuffer.h>
#include <stdbool.h>
#include <string.h>

struct sink {
	msgpack_sbuffer buffer;
	bool failed; /* out of memory: the buffer is incomplete */
};

static inline int
sink_write(void *context, const char *bytes, size_t length)
{
	struct sink *sink = context;

	if (length > 0 && msgpack_sbuffer_write(&sink->buffer, bytes, length) != 0)
		sink->failed = true;
	return 0;
}

static inline void
sink_init(struct sink *sink, msgpack_packer *pk)
{
	msgpack_sbuffer_init(&sink->buffer);
	sink->failed = false;
	msgpack_packer_init(pk, sink, sink_write);
}

static inline void
sink_done(struct sink *sink)
{
	msgpack_sbuffer_destroy(&sink->buffer);
}

static inline void
sink_text(msgpack_packer *pk, const char *text, size_t length)
{
	msgpack_pack_str(pk, length);
	msgpack_pack_str_body(pk, text, length);
}

static inline void
sink_name(msgpack_packer *pk, const char *name)
{
	sink_text(pk, name, strlen(name));
}

static inline void
sink_bytes(msgpack_packer *pk, const void *bytes, size_t length)
{
	msgpack_pack_bin(pk, length);
	msgpack_pack_bin_body(pk, bytes, length);
}

#endif
