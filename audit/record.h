/* record.h - one record of the log, version 1: the leaf of the tree. Pure.
 *
 * A leaf is one MessagePack map with fixed keys in fixed order and every number in its shortest
 * form. Invariant: record_parse accepts exactly the bytes that record_pack writes, so one record
 * has one leaf and one hash. The reader is this shape and nothing else, not a MessagePack decoder:
 * praxa-auditd must not contain one. */
#ifndef AUDIT_RECORD_H
#define AUDIT_RECORD_H

#include "audit/frame.h"
#include "audit/note.h"
#include "common/event.h"
#include "common/id.h"
#include "common/wire.h"

enum {
	RECORD_VERSION = 1,
	RECORD_BODY_MAX = WIRE_EXTRA_MAX, /* leaves the header its room below FRAME_BODY_MAX */
	RECORD_KIND_MAX = 32,
	RECORD_ERROR_MAX = 48,
};

/* F(kind, key in the leaf, member, size of a text) in the order of the leaf. Hashes: prev_leaf is
 * the hash of the leaf before this one; prev_in_run of the one before in this run, whose count is
 * run_seq. Both are zero for the first. */
#define RECORD_FIELDS(F)                             \
	F(U64, "v", version, 0)                      \
	F(TEXT, "origin", origin, NOTE_NAME_MAX)     \
	F(U64, "index", index, 0)                    \
	F(TEXT, "id", id, ID_MAX)                    \
	F(KIND, "kind", kind, 0)                     \
	F(TEXT, "workspace", workspace, ID_NAME_MAX) \
	F(TEXT, "skill", skill, ID_NAME_MAX)         \
	F(TEXT, "run", run, ID_MAX)                  \
	F(TEXT, "tool", tool, WIRE_TOOL_MAX)         \
	F(ERROR, "error", error, 0)                  \
	F(TEXT, "rule", rule, FAULT_RULE_MAX)        \
	F(U64, "line", line, 0)                      \
	F(DIGEST, "policy", policy, 0)               \
	F(DIGEST, "bundle", bundle, 0)               \
	F(U64, "layers", layers, 0)                  \
	F(U64, "duration_ms", duration_ms, 0)        \
	F(U64, "occurred_at", realtime_ms, 0)        \
	F(U64, "mono_ns", mono_ns, 0)                \
	F(BOOT, "boot_id", boot_id, 0)               \
	F(DIGEST, "prev_leaf", prev_leaf, 0)         \
	F(U64, "run_seq", run_seq, 0)                \
	F(DIGEST, "prev_in_run", prev_in_run, 0)     \
	F(BODY, "body", body, 0)

/* What the appender packed, opaque to the log. Borrowed. */
struct record_body {
	const unsigned char *bytes;
	size_t length;
};

struct record_boot {
	uint8_t bytes[BOOT_ID_BYTES];
};

#define RECORD_MEMBER_U64(name, size) uint64_t name;
#define RECORD_MEMBER_TEXT(name, size) char name[size];
#define RECORD_MEMBER_KIND(name, size) enum event_kind name;
#define RECORD_MEMBER_ERROR(name, size) enum err name;
#define RECORD_MEMBER_DIGEST(name, size) struct digest name;
#define RECORD_MEMBER_BOOT(name, size) struct record_boot name;
#define RECORD_MEMBER_BODY(name, size) struct record_body name;
#define RECORD_MEMBER(kind, key, name, size) RECORD_MEMBER_##kind(name, size)

struct audit_record {
	RECORD_FIELDS(RECORD_MEMBER)
};

/* Packs the leaf: heap memory of the caller's. ERR_INTERNAL: out of memory; ERR_LIMIT: the body is
 * longer than RECORD_BODY_MAX; ERR_PROTOCOL: a text is not UTF-8 or the kind is unknown. */
MUST_USE enum err record_pack(const struct audit_record *record, unsigned char **ret_leaf,
    size_t *ret_length, struct fault *fault);
/* Reads a leaf; NULL on success, or the key at fault (static storage). ret->body borrows from leaf.
 * Trust: leaf may be anything. */
MUST_USE const char *record_parse(
    const unsigned char *leaf, size_t length, struct audit_record *ret);

#endif
