/* receipt.h - that one record is in a log, as a file that needs nothing but the log's public key
 * (c2sp.org/tlog-proof): the record's index, its path to the root, and the signed checkpoint.
 *
 * The record's own bytes travel beside it; a receipt for other bytes does not verify. */
#ifndef AUDIT_RECEIPT_H
#define AUDIT_RECEIPT_H

#include "audit/checkpoint.h"
#include "audit/merkle.h"
#include "common/buffer.h"

enum { RECEIPT_MAX = 64 * 1024 }; /* room for a quorum of witnesses */

/* Appends a receipt. note is the signed checkpoint as it was published. False: the buffer's limit.
 */
MUST_USE bool receipt_write(struct buffer *to, uint64_t index, const struct digest *hashes,
    unsigned count, const char *note, size_t note_length);

/* What a receipt proves. */
struct receipt {
	uint64_t index, size; /* of the record, of the tree */
	struct digest root;
};

/* Checks that entry is in the log of key. ERR_PROTOCOL: no receipt, a signature that is not there,
 * not known or does not fit, or another record; fault says which. Trust: both texts may come from
 * anyone. */
MUST_USE enum err receipt_verify(const struct note_key *key, const char *text, size_t length,
    const void *entry, size_t entry_length, struct receipt *ret, struct fault *fault);

#endif
