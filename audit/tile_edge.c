#include "audit/tile_edge.h"

static bool
put_last(const struct tile_edge *edge, unsigned level, unsigned width, tile_put *put, void *context)
{
	return put(
	    context, level, (edge->counts[level] - 1) / TILE_WIDTH, width, edge->hashes[level]);
}

/* A full tile is one hash of the level above. */
bool
tile_edge_add(struct tile_edge *edge, const struct digest *leaf, tile_put *put, void *context)
{
	struct digest hash = *leaf;

	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		struct merkle_range range = {0};

		edge->hashes[level][edge->counts[level]++ % TILE_WIDTH] = hash;
		if (edge->counts[level] % TILE_WIDTH != 0)
			return true;
		if (!put_last(edge, level, TILE_WIDTH, put, context))
			return false;
		/* The hashes are nodes, and merkle_append takes nodes of one height as well. */
		for (unsigned i = 0; i < TILE_WIDTH; i++)
			merkle_append(&range, &edge->hashes[level][i]);
		hash = merkle_root(&range);
	}
	return true;
}

bool
tile_edge_finish(const struct tile_edge *edge, tile_put *put, void *context)
{
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		unsigned width = (unsigned)(edge->counts[level] % TILE_WIDTH);

		if (width > 0 && !put_last(edge, level, width, put, context))
			return false;
	}
	return true;
}
