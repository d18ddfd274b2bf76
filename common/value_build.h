/* value_build.h - values put together member by member, for whoever writes JSON.
 *
 * Invariant: one latch. The first failure (memory, the arena's ceiling, more members than were
 * asked for) sets failed and every later call does nothing, so that a builder is asked once, at its
 * end. */
#ifndef COMMON_VALUE_BUILD_H
#define COMMON_VALUE_BUILD_H

#include "common/arena.h"
#include "common/value.h"

struct value_build {
	struct arena *arena;
	bool failed;
};

/* A map or a list under construction: at most room members. */
struct value_map {
	struct value_pair *pairs;
	uint32_t count, room;
};

struct value_list {
	struct value *items;
	uint32_t count, room;
};

struct value_map value_map_new(struct value_build *build, uint32_t room);
/* name is borrowed. */
void value_map_put(
    struct value_build *build, struct value_map *map, const char *name, struct value value);
/* Borrows text; NULL adds nothing. */
void value_map_text(
    struct value_build *build, struct value_map *map, const char *name, const char *text);
void value_map_number(
    struct value_build *build, struct value_map *map, const char *name, uint64_t number);
void value_map_true(struct value_build *build, struct value_map *map, const char *name);
struct value value_map_done(const struct value_map *map);

struct value_list value_list_new(struct value_build *build, uint32_t room);
void value_list_put(struct value_build *build, struct value_list *list, struct value value);
struct value value_list_done(const struct value_list *list);
/* The texts of a NULL-terminated list, borrowed. */
struct value value_list_texts(struct value_build *build, const char *const *texts);

/* VALUE_INT; latches what int64_t cannot hold. */
struct value value_number(struct value_build *build, uint64_t number);

#endif
