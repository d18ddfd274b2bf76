/* proof.h - builds the proofs that merkle.h checks, from leaf hashes as they pass by. Pure.
 *
 * A proof is one hash for each of a few ranges of entries that touch nowhere, so one pass over a
 * log in order makes it, in memory that does not grow with the log. */
#ifndef AUDIT_PROOF_H
#define AUDIT_PROOF_H

#include "audit/merkle.h"

struct proof_part {
	uint64_t start, end; /* entries [start, end) */
	unsigned place;      /* of its hash in the proof */
	struct merkle_range range;
};

/* Zeroed: the empty proof. */
struct proof {
	unsigned count, at;                     /* at: the part that the next leaf may belong to */
	uint64_t next;                          /* index of the next leaf */
	struct proof_part parts[MERKLE_LEVELS]; /* by start */
};

/* That entry index is in the tree of size. False: it cannot be. */
MUST_USE bool proof_inclusion(struct proof *proof, uint64_t index, uint64_t size);
/* That the tree of size1 is a prefix of that of size2. False: size1 is larger. */
MUST_USE bool proof_consistency(struct proof *proof, uint64_t size1, uint64_t size2);
/* The next leaf hash, from index 0 on. Those that the proof does not need are passed over. */
void proof_add(struct proof *proof, const struct digest *leaf);
/* Writes the hashes, leaf to root; returns how many. False in *ret_whole: leaves are missing. */
unsigned proof_hashes(const struct proof *proof, struct digest to[MERKLE_LEVELS], bool *ret_whole);

#endif
