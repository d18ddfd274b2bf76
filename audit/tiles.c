#include "audit/tiles.h"

#include <stdio.h>

void
tiles_init(struct tiles *tiles, tiles_put *put, void *context)
{
	*tiles = (struct tiles){.put = put, .context = context, .bundle.limit = TILE_BUNDLE_MAX};
}

void
tiles_done(struct tiles *tiles)
{
	buffer_done(&tiles->bundle);
}

/* Groups of three digits, all but the last with an x: 1234067 is x001/x234/067. */
void
tiles_path(char to[TILE_PATH_MAX], int level, uint64_t index, unsigned width)
{
	unsigned groups[7], count = 0;
	int at = level < 0 ? snprintf(to, TILE_PATH_MAX, "tile/entries")
			   : snprintf(to, TILE_PATH_MAX, "tile/%d", level);

	do {
		groups[count++] = (unsigned)(index % 1000);
		index /= 1000;
	} while (index > 0);
	while (count-- > 0)
		at += snprintf(to + at, TILE_PATH_MAX - (size_t)at, "/%s%03u", count > 0 ? "x" : "",
		    groups[count]);
	if (width < TILE_WIDTH)
		snprintf(to + at, TILE_PATH_MAX - (size_t)at, ".p/%u", width);
}

static bool
put_tile(void *context, unsigned level, uint64_t index, unsigned width, const struct digest *hashes)
{
	const struct tiles *tiles = context;
	char path[TILE_PATH_MAX];

	tiles_path(path, (int)level, index, width);
	return tiles->put(tiles->context, path, hashes, width * sizeof(*hashes));
}

static bool
put_bundle(struct tiles *tiles, unsigned width)
{
	char path[TILE_PATH_MAX];

	tiles_path(path, -1, (tiles->size - 1) / TILE_WIDTH, width);
	if (!tiles->put(tiles->context, path, tiles->bundle.data, tiles->bundle.length))
		return false;
	tiles->bundle.length = 0;
	return true;
}

bool
tiles_add(struct tiles *tiles, const void *entry, size_t length, const struct digest *leaf)
{
	const unsigned char head[2] = {(unsigned char)(length >> 8), (unsigned char)length};

	if (length > FRAME_BODY_MAX || !buffer_add(&tiles->bundle, head, sizeof(head)) ||
	    !buffer_add(&tiles->bundle, entry, length))
		return false;
	tiles->size++;
	return tile_edge_add(&tiles->edge, leaf, put_tile, tiles) &&
	       (tiles->size % TILE_WIDTH != 0 || put_bundle(tiles, TILE_WIDTH));
}

bool
tiles_finish(struct tiles *tiles)
{
	if (!tile_edge_finish(&tiles->edge, put_tile, tiles))
		return false;
	return tiles->size % TILE_WIDTH == 0 ||
	       put_bundle(tiles, (unsigned)(tiles->size % TILE_WIDTH));
}
