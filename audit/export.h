/* export.h - a record as a value for JSON, and as one line for people. */
#ifndef AUDIT_EXPORT_H
#define AUDIT_EXPORT_H

#include <stdio.h>

#include "audit/scan.h"
#include "common/json.h"

enum {
	EXPORT_ARENA_MAX = 32 * 1024 * 1024, /* holds any record */
	EXPORT_MEMBERS_MAX = 32,
};

/* A decision: the audit event, version 1, exactly auditEventId, skillId, runId, workspaceId,
 * trigger, input, reasoning, alternatives, confidence, output, tools_used, duration_ms,
 * occurred_at; what the body does not say is null. Any other kind: its header fields and body. A
 * body that is not MessagePack that we write becomes base64 text. *ret lives in arena and borrows
 * from record. ERR_LIMIT: the arena is full. */
MUST_USE enum err export_value(const struct audit_scan_record *record, struct arena *arena,
    struct value *ret, struct fault *fault);

/* Writes value as JSON and a newline. Characters that a reader cannot see, or that drive a
 * terminal, leave as \u escapes: what a Skill said must not run in the reader's terminal
 * (CVE-2021-42574). ERR_INTERNAL: out of memory. */
MUST_USE enum err export_json(
    FILE *out, const struct value *value, enum json_style style, struct fault *fault);

/* Writes one line: time, kind, tool, verdict, rule:line, run. All text is made printable. */
void export_line(FILE *out, const struct audit_record *record, bool colours);

#endif
