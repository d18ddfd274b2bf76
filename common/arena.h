/* arena.h - memory that lives and dies together, with a ceiling.
 *
 * Invariant: an arena never holds more than its limit, so whoever fills it for a less trusted peer
 * has bounded that peer once. */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used;  /* bytes handed out and held, blocks' heads included */
	size_t limit; /* bytes; 0: nothing can be allocated */
};

/* An empty arena that may hold limit bytes. */
void arena_init(struct arena *arena, size_t limit);
/* size zeroed bytes, aligned for any object; NULL at the limit or when memory is out. */
void *arena_alloc(struct arena *arena, size_t size);
/* count * size, checked for overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A NUL-terminated copy of length bytes. */
char *arena_copy(struct arena *arena, const void *from, size_t length);
/* Frees everything; the arena can be used again under the same limit. */
void arena_clear(struct arena *arena);

#endif
