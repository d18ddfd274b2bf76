/* archive.h - a log, or one record of it, for somebody who does not have Praxa: the folder of
 * c2sp.org/tlog-tiles, and the receipt of c2sp.org/tlog-proof.
 *
 * Invariant: nothing is handed out that was not verified, up to the checkpoint that goes with it.
 */
#ifndef AUDIT_ARCHIVE_H
#define AUDIT_ARCHIVE_H

#include "common/buffer.h"
#include "common/digest.h"
#include "common/fault.h"
#include "common/id.h"

struct audit_archive {
	uint64_t records, files;
};

/* Called now and then with the records that are done. */
typedef void audit_archive_progress(void *context, uint64_t records);

/* Writes checkpoint, policy (tlog-policy: the log's key, no witness), tile/… and tile/entries/…
 * beneath to_fd, an empty folder. checkpoint comes last: a folder without one is not whole.
 * vkey_path as audit_reader_open has it. ERR_AUDIT_UNAVAILABLE: the log does not verify; ERR_LIMIT:
 * a file cannot be written; ERR_NOT_FOUND: the log is empty. Blocks: reads all of it. */
MUST_USE enum err audit_archive_write(const char *log_dir, const char *vkey_path, int to_fd,
    audit_archive_progress *progress, void *context, struct audit_archive *ret,
    struct fault *fault);

/* The receipt of the record called id, and the record's own bytes, which it is a receipt for: two
 * zeroed buffers, the caller's. Reads the whole log twice. ERR_NOT_FOUND: no such record. */
MUST_USE enum err audit_archive_receipt(const char *log_dir, const char *vkey_path, const char *id,
    struct buffer *receipt, struct buffer *entry, struct fault *fault);

/* What a receipt proves. */
struct audit_archive_proven {
	char event[ID_MAX]; /* "" where the record is of a version that is not ours */
	uint64_t index, size;
	struct digest root;
};

/* Checks the three files: a receipt, the record it is for, the log's public key. ERR_NOT_FOUND: one
 * cannot be read; ERR_PROTOCOL: it proves nothing, and why. Trust: the files may come from anyone;
 * the key is what is trusted. */
MUST_USE enum err audit_archive_check(const char *receipt_path, const char *entry_path,
    const char *vkey_path, struct audit_archive_proven *ret, struct fault *fault);

#endif
