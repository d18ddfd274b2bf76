/* index.h - where in a log the records are that somebody asks for: an SQLite database, derived from
 * the log alone. It may be deleted at any time and is made again by one command, with the same
 * content.
 *
 * Nothing in it is believed. What a query hands out was read from the log and proven to be in it,
 * by its path to a checkpoint that the log's key has signed (RFC 9162 section 2.1.3). A changed
 * index can only leave out records; of one run the records themselves say whether any is missing
 * (run_seq). */
#ifndef AUDIT_INDEX_H
#define AUDIT_INDEX_H

#include "audit/scan.h"

struct audit_index;

/* log_dir and vkey_path as audit_reader_open has them; path: the database, NULL for index.db in the
 * log's folder. */
struct audit_index_place {
	const char *log_dir, *vkey_path, *path;
};

/* Called now and then with the records that are indexed. */
typedef void audit_index_progress(void *context, uint64_t records);

/* Opens the index, makes it when it is not there, and brings it to where the log ends. Where it
 * cannot be written it is used as it is: audit_index_size says how far it reaches. fresh: makes it
 * from the first record again. ERR_NOT_FOUND: no log, no key, or no index and none can be made;
 * ERR_PROTOCOL: the database is not an index of this log: to be made again;
 * ERR_AUDIT_UNAVAILABLE: the log does not verify. Blocks: reads what is new in the log. */
MUST_USE enum err audit_index_open(const struct audit_index_place *place, bool fresh,
    audit_index_progress *progress, void *context, struct audit_index **ret, struct fault *fault);
/* Accepts NULL and NULLs the caller's pointer. */
void audit_index_close(struct audit_index **index);
/* Records that the index knows. */
uint64_t audit_index_size(const struct audit_index *index);
/* False: it was opened for reading only, and may end before the log does. */
bool audit_index_is_current(const struct audit_index *index);

/* What the answer to a record was, for a query. */
enum audit_index_verdict {
	INDEX_ANY = 0,
	INDEX_OK,     /* done, or on its way */
	INDEX_DENIED, /* refused before anything happened */
	INDEX_FAILED, /* tried, and it failed */
};

/* All that is given must hold. Texts: NULL or "" for any. */
struct audit_index_query {
	const char *run, *skill, *tool, *source, *event; /* the last two: of the run's trigger */
	enum event_kind kind;                            /* EVENT_NONE: any */
	enum err error;                                  /* ERR_OK: any */
	enum audit_index_verdict verdict;
	uint64_t since_ms, until_ms; /* [since, until), ms since 1970; until 0: no end */
	uint64_t from;               /* index of the first record to look at: a page's cursor */
	uint64_t limit;              /* records at most; 0: all */
};

/* Hands the records out in the log's order until each answers false. *ret_next: the cursor of the
 * next page; *ret_more: there is one. ERR_PROTOCOL: the index and the log disagree: to be made
 * again. */
typedef bool audit_index_each(void *context, const struct audit_scan_record *record);
MUST_USE enum err audit_index_find(struct audit_index *index, const struct audit_index_query *query,
    audit_index_each *each, void *context, uint64_t *ret_next, bool *ret_more, struct fault *fault);

/* Digest of the whole content, row by row: the same for every index of one log that reaches as far.
 */
MUST_USE enum err audit_index_digest(
    struct audit_index *index, struct digest *ret, struct fault *fault);

#endif
