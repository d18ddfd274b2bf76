/* frame.h - finds the end of one MessagePack object in a stream of bytes.
 *
 * Invariant: nothing is allocated and nothing is decoded before the whole object has passed every
 * limit of limits.h. A length or count is compared with its limit the moment its header is read,
 * before a byte of what it announces is waited for.
 * Source: github.com/msgpack/msgpack/blob/master/spec.md */
#ifndef BROKER_FRAME_H
#define BROKER_FRAME_H

#include "broker/limits.h"
#include "common/fault.h"

/* How far a scan has come. Zeroed: at the first byte. */
struct broker_frame {
	uint32_t at;    /* bytes that passed */
	uint32_t items; /* values announced so far */
	uint32_t depth; /* open containers */
	bool done;
	struct {
		uint32_t left; /* values still to come, keys and values of a map counted apart */
		bool is_map;
	} open[BROKER_DEPTH_MAX];
};

/* Goes on with data[0..length), which starts at the object's first byte and has grown since the
 * last call. scan->done: the object is data[0..scan->at). Not done: more bytes are needed. Work is
 * linear over all calls. ERR_PROTOCOL: malformed, an ext type, a map key that is no string, or a
 * limit; the stream cannot be used any more. Trust: data is hostile. */
MUST_USE enum err broker_frame_scan(
    struct broker_frame *scan, const unsigned char *data, size_t length, struct fault *fault);

#endif
