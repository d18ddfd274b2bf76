/* tessera.h - the log of Tessera's testdata/build_log.sh: its name, its key's seed, its leaves. */
#ifndef TESTS_AUDIT_TESSERA_H
#define TESTS_AUDIT_TESSERA_H

#include "audit/checkpoint.h"

enum { TESSERA_LEAVES = 15 };
extern const char tessera_name[];
extern const char *const tessera_leaves[TESSERA_LEAVES];

/* Its signer; the caller frees it. */
struct note_signer *tessera_signer(void);
/* The leaf hash of an entry. */
struct digest tessera_leaf(uint64_t index);
/* Writes the signed checkpoint of its first size entries; its length. */
size_t tessera_checkpoint(
    const struct note_signer *signer, uint64_t size, char note[CHECKPOINT_MAX]);

#endif
