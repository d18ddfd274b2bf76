/* tiles.h - a log as anybody's verifier reads it: tiles of hashes and bundles of entries
 * (c2sp.org/tlog-tiles), made from the entries in order. Pure: files are the sink's.
 *
 * Memory: one tile a level and one bundle, whatever the log's size. */
#ifndef AUDIT_TILES_H
#define AUDIT_TILES_H

#include "audit/frame.h"
#include "audit/tile_edge.h"
#include "common/buffer.h"

enum {
	TILE_PATH_MAX = 64,
	TILE_BUNDLE_MAX = TILE_WIDTH * (2 + FRAME_BODY_MAX),
};

/* Takes a whole file; path is relative, its folders may not be there yet. False stops. */
typedef bool tiles_put(void *context, const char *path, const void *data, size_t length);

struct tiles {
	tiles_put *put;
	void *context;
	uint64_t size;
	struct tile_edge edge;
	struct buffer bundle;
};

void tiles_init(struct tiles *tiles, tiles_put *put, void *context);
/* Adds the next entry: at most FRAME_BODY_MAX bytes. False: the sink stopped, or out of memory. */
MUST_USE bool tiles_add(
    struct tiles *tiles, const void *entry, size_t length, const struct digest *leaf);
/* Puts the partial tiles and the partial bundle of the tree as it is. */
MUST_USE bool tiles_finish(struct tiles *tiles);
void tiles_done(struct tiles *tiles);

/* tile/<level>/<index>[.p/<width>]; level -1 is entries. width TILE_WIDTH: a full one. */
void tiles_path(char to[TILE_PATH_MAX], int level, uint64_t index, unsigned width);

#endif
