/* scan.h - reads a log from its first byte and believes nothing.
 *
 * One pass recomputes every leaf hash, link, run chain, root and signature, and accounts for every
 * byte. The writer recovers with it and the verifier verifies with it; neither uses an index.
 * Invariant: a record is handed out only after the commit that signs it was verified. Memory is
 * bounded by one window, the segments' names and the live runs. */
#ifndef AUDIT_SCAN_H
#define AUDIT_SCAN_H

#include "audit/anchor.h"
#include "audit/merkle.h"
#include "audit/runs.h"
#include "audit/verdict.h"

struct audit_scan;

enum audit_scan_state {
	SCAN_FAULT = 0, /* the verdict says what and where */
	SCAN_RECORD,
	SCAN_END, /* nothing more for now: a live log may have more at the next call */
};

struct audit_scan_record {
	struct audit_record record; /* body borrows until the next call */
	const unsigned char *leaf;  /* the record's own bytes, borrowed likewise */
	uint32_t leaf_length;
	struct digest leaf_hash;
	struct audit_place place;
};

/* Where a log ends: all that its writer needs to go on. */
struct audit_head {
	uint64_t size;
	struct merkle_range tree;
	struct digest chain, last_leaf;
	bool has_segment;
	struct segment_header segment; /* the last one */
	uint64_t used;                 /* offset behind its last group */
};

/* Begins at the first record. Borrows files and key until audit_scan_free. Reads the anchor first,
 * so that a log which grows meanwhile is never behind it. ERR_INTERNAL: out of memory or the folder
 * cannot be read. */
MUST_USE enum err audit_scan_new(const struct audit_files *files, const struct note_key *key,
    struct audit_scan **ret, struct fault *fault);
/* Where an earlier scan stood between two groups. */
struct audit_scan_start {
	struct audit_head head;
	struct runs *runs; /* live there */
	const char *note;  /* the checkpoint that was verified last */
	size_t note_length;
};

/* Begins where an earlier scan of this log stood. Of start only what note signs is proven: its
 * tree. The rest is checked by the next group, which does not fit what is not true. Takes
 * start->runs (NULL afterwards) on success. ERR_PROTOCOL: note does not sign the tree;
 * ERR_NOT_FOUND: the log has no such place. */
MUST_USE enum err audit_scan_resume(const struct audit_files *files, const struct note_key *key,
    struct audit_scan_start *start, struct audit_scan **ret, struct fault *fault);
/* Accepts NULL and NULLs the caller's pointer. */
void audit_scan_free(struct audit_scan **scan);
/* The next record. After SCAN_FAULT every call answers SCAN_FAULT. */
enum audit_scan_state audit_scan_next(struct audit_scan *scan, struct audit_scan_record *ret);
/* After SCAN_END: checks what stands behind the last group and the anchor. SCAN_END: all is said,
 * SCAN_RECORD: the log has grown, read on; SCAN_FAULT. */
enum audit_scan_state audit_scan_finish(struct audit_scan *scan);
/* After SCAN_FAULT with AUDIT_TORN_TAIL: the group may just have been on its way; reads it again.
 * False: nothing to retry. */
bool audit_scan_retry(struct audit_scan *scan);
/* Borrowed; final after SCAN_FAULT or a finished SCAN_END. */
const struct audit_verdict *audit_scan_verdict(const struct audit_scan *scan);
/* The checkpoint that was verified last, as it was signed: of all records handed out so far, after
 * SCAN_END. Empty for an empty log. */
const char *audit_scan_note(const struct audit_scan *scan, size_t *ret_length);
void audit_scan_head(const struct audit_scan *scan, struct audit_head *ret);
/* The live runs, borrowed. Exact between two groups: when all records were handed out. */
const struct runs *audit_scan_runs(const struct audit_scan *scan);
/* The live runs; moves them out of the scan, which must not be used any more but freed. */
struct runs *audit_scan_take_runs(struct audit_scan *scan);

#endif
