/* verdict.h - what can be said about a log, once: name, exit code, text. Numbers never change. */
#ifndef AUDIT_VERDICT_H
#define AUDIT_VERDICT_H

#include <stdbool.h>

#include "audit/frame.h"

/* X(enumerator, name, exit code, what it means). Exit codes stand apart from those of fault.h. */
#define AUDIT_VERDICTS(X)                                                                      \
	X(UNREADABLE, "unreadable", 56, "the log could not be read to its end")                \
	X(OK, "ok", 0, "every record, link, root and signature fits")                          \
	X(TORN_TAIL, "torn-tail", 50,                                                          \
	    "all whole groups fit; bytes of one unfinished write stand behind them")           \
	X(TAMPERED, "tampered", 51, "the log was changed, or its disk lost what it had kept")  \
	X(UNSIGNED, "unsigned", 52, "a commit carries no signature")                           \
	X(ROLLED_BACK, "rolled-back", 53, "the log ends before a point that was acknowledged") \
	X(UNKNOWN_KEY, "unknown-key", 54, "a commit is signed by a key that is not ours")      \
	X(MISSING_SEGMENT, "missing-segment", 55, "a segment is not there")

#define AUDIT_VERDICT_ENUM(name, text, exit_code, meaning) AUDIT_##name,
enum audit_verdict_code { AUDIT_VERDICTS(AUDIT_VERDICT_ENUM) AUDIT_VERDICT_COUNT };

struct audit_verdict_info {
	const char *name;
	int exit_code;
	const char *meaning;
};

/* A place in a log: the file, the byte, the record that is or would be there. */
struct audit_place {
	char segment[SEGMENT_NAME_MAX];
	uint64_t offset;
	uint64_t index;
};

/* Zeroed: unreadable. */
struct audit_verdict {
	enum audit_verdict_code code;
	struct audit_place place; /* where, unless the code is AUDIT_OK */
	char why[160];            /* one sentence, printable */
	/* What was verified before that. */
	uint64_t size;     /* records */
	uint64_t groups;   /* commits, each with its signature */
	uint64_t segments; /* entered */
	struct digest root, chain;
	bool anchored; /* an anchor was there and the log reaches it */
	uint64_t anchor_size;
	uint64_t live_runs; /* admitted and not ended at the end */
	uint64_t abandoned; /* bytes of failed writes behind the end of a segment */
};

/* The row of a code; UNREADABLE's outside the table. Never NULL. */
const struct audit_verdict_info *audit_verdict_info(enum audit_verdict_code code);

#endif
