#include "common/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(max_align_t) unsigned char data[];
};

enum { BLOCK_BYTES = 4096 - sizeof(struct arena_block) };

void
arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){.limit = limit};
}

static struct arena_block *
add_block(struct arena *arena, size_t size)
{
	size_t want = size > BLOCK_BYTES ? size : BLOCK_BYTES;
	size_t left = arena->limit - arena->used;
	struct arena_block *block;

	if (left < sizeof(*block))
		return NULL;
	if (want > left - sizeof(*block))
		want = left - sizeof(*block);
	if (want < size || (block = malloc(sizeof(*block) + want)) == NULL)
		return NULL;
	*block = (struct arena_block){.next = arena->blocks, .size = want};
	arena->blocks = block;
	arena->used += sizeof(*block) + want;
	return block;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_block *block = arena->blocks;
	void *at;

	if (size > arena->limit || size > SIZE_MAX - align)
		return NULL;
	size = size == 0 ? align : (size + align - 1) / align * align;
	if (block == NULL || block->size - block->used < size) {
		block = add_block(arena, size);
		if (block == NULL)
			return NULL;
	}
	at = block->data + block->used;
	block->used += size;
	memset(at, 0, size);
	return at;
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return arena_alloc(arena, total);
}

char *
arena_copy(struct arena *arena, const void *from, size_t length)
{
	char *copy = length < SIZE_MAX ? arena_alloc(arena, length + 1) : NULL;

	if (copy != NULL && length > 0)
		memcpy(copy, from, length);
	return copy;
}

void
arena_clear(struct arena *arena)
{
	while (arena->blocks != NULL) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
	arena->used = 0;
}
