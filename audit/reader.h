/* reader.h - reads a log's folder, also while praxa-auditd writes it. Needs no daemon and no
 * private key, and changes nothing.
 *
 * Invariant: a record is handed out only after the commit that signs it was verified. */
#ifndef AUDIT_READER_H
#define AUDIT_READER_H

#include "audit/export.h"

struct audit_reader;

/* Opens the folder log_dir. vkey_path: file with the public key; NULL: log.vkey in the folder,
 * which proves only that the log agrees with its folder. ERR_NOT_FOUND: no folder or key;
 * ERR_PROTOCOL: not a key. */
MUST_USE enum err audit_reader_open(
    const char *log_dir, const char *vkey_path, struct audit_reader **ret, struct fault *fault);
/* The same, to go on where an earlier scan stood (NULL: from the first record); as
 * audit_scan_resume. */
MUST_USE enum err audit_reader_resume(const char *log_dir, const char *vkey_path,
    struct audit_scan_start *start, struct audit_reader **ret, struct fault *fault);
/* Accepts NULL and NULLs the caller's pointer. */
void audit_reader_close(struct audit_reader **reader);
/* The next record; after SCAN_END the log may grow. A group that is on its way is waited for, at
 * most 200 ms, before it is called torn. */
enum audit_scan_state audit_reader_next(struct audit_reader *reader, struct audit_scan_record *ret);
/* After SCAN_END: checks the rest as audit_scan_finish does. */
enum audit_scan_state audit_reader_finish(struct audit_reader *reader);
/* For readers that follow: forgets a torn tail and reads it again at the next call. */
bool audit_reader_retry(struct audit_reader *reader);
const struct audit_verdict *audit_reader_verdict(const struct audit_reader *reader);
/* Words for a verdict that is not AUDIT_OK. ERR_AUDIT_UNAVAILABLE. */
enum err audit_reader_fault(const struct audit_reader *reader, struct fault *fault);
/* As audit_scan_note. */
const char *audit_reader_note(const struct audit_reader *reader, size_t *ret_length);
/* The scan beneath, borrowed. */
const struct audit_scan *audit_reader_scan(const struct audit_reader *reader);
/* The folder, borrowed. */
const struct audit_files *audit_reader_files(const struct audit_reader *reader);
/* The key that signatures are checked with. */
const struct note_key *audit_reader_key(const struct audit_reader *reader);

/* The record called id, or for a run's id (rn_…) the last decision of that run, as export_value
 * gives it, copied into arena. ERR_NOT_FOUND; ERR_AUDIT_UNAVAILABLE: the log does not verify up to
 * its end, with the verdict and the place. Reads the whole log. */
MUST_USE enum err audit_find_event(const char *log_dir, const char *id, struct arena *arena,
    struct value *ret, struct fault *fault);
/* The same, written to out. */
MUST_USE enum err audit_show_event(
    FILE *out, const char *log_dir, const char *id, enum json_style style, struct fault *fault);

#endif
