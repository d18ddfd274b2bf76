/* codec_scan.h - finds the end of one MessagePack object in bytes that may still be coming.
 *
 * Invariant: nothing is allocated and nothing is decoded before the whole object has passed every
 * limit. A length or count is compared with its limit the moment its header is read, before a byte
 * of what it announces is waited for.
 * Source: github.com/msgpack/msgpack/blob/master/spec.md */
#ifndef COMMON_CODEC_SCAN_H
#define COMMON_CODEC_SCAN_H

#include "common/fault.h"
#include "common/value.h"

/* What one object may be. Zeroed: nothing passes. */
struct codec_limits {
	uint32_t bytes;
	uint32_t depth;       /* containers inside containers; at most VALUE_DEPTH_MAX */
	uint32_t items;       /* values, keys and values of a map counted apart; at most 2^24 */
	uint32_t array;       /* items of one array */
	uint32_t map;         /* pairs of one map; at most 2^24 */
	uint32_t string, key; /* bytes of a string or binary, of a map's key */
};

/* How far a scan has come. Zeroed but for its limits: at the first byte. */
struct codec_scan {
	const struct codec_limits *limits; /* borrowed */
	uint32_t at;                       /* bytes that passed */
	uint32_t items;                    /* values announced so far */
	uint32_t depth;                    /* open containers */
	bool done;
	struct {
		uint32_t left; /* values still to come, keys and values of a map counted apart */
		bool is_map;
	} open[VALUE_DEPTH_MAX];
};

/* Goes on with data[0..length), which starts at the object's first byte and has grown since the
 * last call. scan->done: the object is data[0..scan->at). Not done: more bytes are needed. Work is
 * linear over all calls. ERR_PROTOCOL: malformed, an ext type, a map key that is no string, text
 * that is not UTF-8, or a limit; the stream cannot be used any more. Trust: data is hostile. */
MUST_USE enum err codec_scan(
    struct codec_scan *scan, const unsigned char *data, size_t length, struct fault *fault);

#endif
