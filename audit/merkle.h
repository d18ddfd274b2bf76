/* merkle.h - the two structures over the same leaves: the tree of RFC 6962 section 2.1 and a linear
 * chain. Pure.
 *
 * A tree alone or a chain alone is only as good as the code that connects them (immudb's "linear
 * fake"); here both heads stand in every commit and both are recomputed from the leaves. */
#ifndef AUDIT_MERKLE_H
#define AUDIT_MERKLE_H

#include "common/digest.h"

enum { MERKLE_LEVELS = 64 };

/* The right edge of a tree: one hash for each complete subtree, largest first. Zeroed: empty. */
struct merkle_range {
	uint64_t size;
	unsigned depth; /* hashes in use: the one bits of size */
	struct digest nodes[MERKLE_LEVELS];
};

/* SHA-256(0x00 || entry). */
struct digest merkle_leaf(const void *entry, size_t length);
/* SHA-256(0x01 || left || right). */
struct digest merkle_node(const struct digest *left, const struct digest *right);
/* Adds one leaf hash at the right edge. */
void merkle_append(struct merkle_range *range, const struct digest *leaf);
/* The root; SHA-256 of nothing for an empty tree. */
struct digest merkle_root(const struct merkle_range *range);
/* The next link of the chain: SHA-256(0x02 || previous || leaf). The first previous is zero. */
struct digest merkle_chain(const struct digest *previous, const struct digest *leaf);

/* RFC 9162 section 2.1.3.2: leaf is entry index of the tree of size with this root. */
MUST_USE bool merkle_includes(uint64_t index, uint64_t size, const struct digest *leaf,
    const struct digest *proof, size_t count, const struct digest *root);
/* RFC 9162 section 2.1.4.2: the tree (size1, root1) is a prefix of (size2, root2). From size 0 only
 * the empty proof is accepted (c2sp.org/tlog-witness). */
MUST_USE bool merkle_is_consistent(uint64_t size1, const struct digest *root1, uint64_t size2,
    const struct digest *root2, const struct digest *proof, size_t count);

/* The same for the subtree of entries [start, end), whose start is a multiple of the power of two
 * that holds it; any other is no subtree: false. The empty one is consistent with every tree that
 * reaches it. Source: draft-ietf-plants-merkle-tree-certs section 4; the vectors of
 * transparency-dev/merkle. */
MUST_USE bool merkle_subtree_includes(uint64_t index, uint64_t start, uint64_t end,
    const struct digest *leaf, const struct digest *proof, size_t count, const struct digest *root);
MUST_USE bool merkle_subtree_is_consistent(uint64_t start, uint64_t end, uint64_t size,
    const struct digest *node, const struct digest *root, const struct digest *proof, size_t count);

#endif
