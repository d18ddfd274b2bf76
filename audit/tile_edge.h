/* tile_edge.h - the hashes of a tree in tiles of 256, as c2sp.org/tlog-tiles and our index keep
 * them: takes leaf hashes in order, hands out each tile when it is full. Pure.
 *
 * Memory: one tile a level, whatever the tree's size. */
#ifndef AUDIT_TILE_EDGE_H
#define AUDIT_TILE_EDGE_H

#include "audit/merkle.h"

enum {
	TILE_WIDTH = 256,
	TILE_LEVELS = 8, /* 256^8 entries */
};

/* Takes tile number index of level: width hashes, TILE_WIDTH for a full one. False stops. */
typedef bool tile_put(
    void *context, unsigned level, uint64_t index, unsigned width, const struct digest *hashes);

/* Zeroed: the empty tree. To go on with a tree whose tiles were kept: counts[level] is its size
 * >> (8 * level), hashes those of the last tile of each level that is not full. */
struct tile_edge {
	struct digest hashes[TILE_LEVELS][TILE_WIDTH];
	uint64_t counts[TILE_LEVELS]; /* hashes of each level so far */
};

/* False: put stopped. */
MUST_USE bool tile_edge_add(
    struct tile_edge *edge, const struct digest *leaf, tile_put *put, void *context);
/* Puts the tiles that are not full, of the tree as it is. */
MUST_USE bool tile_edge_finish(const struct tile_edge *edge, tile_put *put, void *context);

#endif
