/* index_private.h - the parts of an index; for audit/index*.c only. */
#ifndef AUDIT_INDEX_PRIVATE_H
#define AUDIT_INDEX_PRIVATE_H

#include <sqlite3.h>

#include "audit/index.h"
#include "audit/reader.h"
#include "audit/tile_edge.h"

enum index_statement {
	INDEX_BEGIN,
	INDEX_COMMIT,
	INDEX_ROLLBACK,
	INDEX_ABOUT_GET,
	INDEX_ABOUT_PUT,
	INDEX_RUNS_GET,
	INDEX_RUNS_CLEAR,
	INDEX_RUNS_PUT,
	INDEX_TILE_GET,
	INDEX_TILE_PUT,
	INDEX_NAME_GET,
	INDEX_NAME_PUT,
	INDEX_TRIGGER_PUT,
	INDEX_RECORD_PUT,
	INDEX_STATEMENTS,
};

/* A tile that was read, and where it stands. */
struct index_tile {
	bool held;
	uint64_t place;
	unsigned width;
	struct digest hashes[TILE_WIDTH];
};

struct audit_index {
	sqlite3 *db;
	sqlite3_stmt *statements[INDEX_STATEMENTS];
	bool writable;
	char *log_dir, *vkey_path; /* the second may be NULL */
	struct audit_files files;
	struct note_key key;

	/* What the database says of the log: its head as the index knows it. */
	struct audit_head head;
	char note[CHECKPOINT_MAX];
	size_t note_length;
	struct digest root; /* what note signs */

	/* The segment that was read last. */
	int handle; /* -1: none */
	struct segment_header segment;

	struct index_tile tiles[TILE_LEVELS]; /* the last of each level */
};

/* A statement, reset. */
sqlite3_stmt *index_statement(struct audit_index *index, enum index_statement which);
/* Runs a statement that gives no rows. */
MUST_USE bool index_run(struct audit_index *index, enum index_statement which);
/* "the index cannot be WHAT: …" */
enum err index_failed(struct audit_index *index, const char *what, struct fault *fault);
/* A column that holds exactly length bytes. */
MUST_USE bool index_blob(sqlite3_stmt *statement, int column, void *to, size_t length);

/* Reads and checks what the database says of itself. ERR_PROTOCOL: it is not of this log. */
MUST_USE enum err index_load(struct audit_index *index, struct fault *fault);
/* Reads on where the index ends. */
MUST_USE enum err index_update(
    struct audit_index *index, audit_index_progress *progress, void *context, struct fault *fault);
/* Proves that leaf is entry at of the tree that the index's checkpoint signs. False: it is not. */
MUST_USE bool index_prove(struct audit_index *index, uint64_t at, const struct digest *leaf);

#endif
