/* limits.h - every limit of the door, with its unit and its reason, once. docs/protocol.md quotes
 * them; tests reach each of them. */
#ifndef BROKER_LIMITS_H
#define BROKER_LIMITS_H

#include "common/codec_scan.h"

enum {
	/* One message. The largest thing that travels is a run's input or a tool's result; the
	 * widely used msgpack-rpc servers draw the line at the same size. */
	BROKER_FRAME_BYTES_MAX = 1024 * 1024,
	/* Containers inside containers, the message's own array included. msgpack-c's decoder has a
	 * fixed stack of 32 and VALUE_DEPTH_MAX is the same: nobody recurses deeper. */
	BROKER_DEPTH_MAX = 32,
	/* Values in one message: a decoded item takes 16 to 48 bytes, so this bounds what a message
	 * of one-byte items can grow to (3 MiB). */
	BROKER_ITEMS_MAX = 65536,
	BROKER_ARRAY_MAX = 32768, /* items of one array */
	BROKER_MAP_MAX = 4096,    /* pairs of one map: lookups in a map are linear */
	BROKER_STRING_BYTES_MAX = 768 * 1024,
	BROKER_KEY_BYTES_MAX = 256, /* a map's key */
	BROKER_METHOD_BYTES_MAX = 64,

	/* Calls of one run that are not yet answered. The door is not read while it is reached, so
	 * a client that sends more only waits. */
	BROKER_CALLS_MAX = 64,
	/* Records of one run that the log has not yet acknowledged; the same back-pressure. */
	BROKER_RECORDS_WAITING_MAX = 256,
	/* Decoded arguments and tool output of all calls of a run; the same back-pressure. */
	BROKER_HELD_BYTES_MAX = 8 * 1024 * 1024,
	/* Replies that the Skill has not read: above the first the door is not read, above the
	 * second the run is ended. The gap is what calls in flight may still answer. */
	BROKER_OUT_BYTES_HIGH = 1024 * 1024,
	BROKER_OUT_BYTES_MAX = 16 * 1024 * 1024,
	/* A message must be whole this long after its first byte came, and a full queue must have
	 * moved: 1 MiB over a unix socket takes a millisecond. */
	BROKER_STALL_MS = 10 * 1000,
	/* Messages of one run that are handled in a row before other runs have their turn. */
	BROKER_TURN_FRAMES = 32,
	BROKER_TURN_BYTES = 64 * 1024,

	/* What one run may write into the log: it costs disk for as long as logs are kept. */
	BROKER_RECORDS_MAX = 100 * 1000,
	BROKER_DENIED_MAX = 1000, /* a Skill that is refused this often is not working */
	BROKER_LOG_LINES_MAX = 1000,
	BROKER_LOG_BYTES_MAX = 4096, /* one line */
	BROKER_DECISIONS_MAX = 64,

	/* A run's input as JSON text. Its reply must fit in one message. */
	BROKER_INPUT_BYTES_MAX = BROKER_FRAME_BYTES_MAX - 4096,
	BROKER_INPUT_ARENA_MAX = 16 * 1024 * 1024, /* "[0,0,…" grows eightfold when decoded */
	/* Arguments above this stand in a record as digest and size: a record is one packet. */
	BROKER_RECORD_ARGUMENTS_MAX = 32 * 1024,
	BROKER_RECORD_INPUT_MAX = 16 * 1024,

	BROKER_TOOLS_LIVE_MAX = 8, /* tools of one run at a time: each is a cell */
	BROKER_TOOL_OUTPUT_MAX = BROKER_FRAME_BYTES_MAX, /* its JSON becomes one reply */
	BROKER_STDERR_TAIL = 160,                        /* bytes that a ToolFailedError shows */

	BROKER_REASONS_MAX = 64, /* lines of reasoning, alternatives of one decision */
	BROKER_REASON_BYTES_MAX = 4096,

	BROKER_MEMORY_KEY_MAX = 256, /* bytes */
	BROKER_MEMORY_VALUE_MAX = 64 * 1024,
	BROKER_MEMORY_LIST_MAX = 256,   /* keys in one reply */
	BROKER_MEMORY_SCAN_MAX = 10000, /* rows one list may look at */
	BROKER_MEMORY_FACTS_MAX = 100 * 1000,
	BROKER_MEMORY_BYTES_MAX = 256 * 1024 * 1024, /* keys and values of a workspace */

	BROKER_POLICIES_MAX = 64, /* compiled policies that are kept */
	BROKER_RUNS_MAX = 1024,   /* live runs of one workspace */
};

/* The limits of one message, and of one stored value. */
extern const struct codec_limits broker_limits;

#endif
