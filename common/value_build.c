#include "common/value_build.h"

struct value_map
value_map_new(struct value_build *build, uint32_t room)
{
	struct value_map map = {.pairs = arena_array(build->arena, room, sizeof(*map.pairs))};

	map.room = map.pairs != NULL ? room : 0;
	build->failed = build->failed || (map.pairs == NULL && room > 0);
	return map;
}

void
value_map_put(
    struct value_build *build, struct value_map *map, const char *name, struct value value)
{
	if (map->count == map->room) {
		build->failed = true;
		return;
	}
	map->pairs[map->count++] = (struct value_pair){.key = value_string(name), .value = value};
}

void
value_map_text(struct value_build *build, struct value_map *map, const char *name, const char *text)
{
	if (text != NULL)
		value_map_put(build, map, name, value_string(text));
}

void
value_map_number(
    struct value_build *build, struct value_map *map, const char *name, uint64_t number)
{
	value_map_put(build, map, name, value_number(build, number));
}

void
value_map_true(struct value_build *build, struct value_map *map, const char *name)
{
	value_map_put(build, map, name, value_boolean(true));
}

struct value
value_map_done(const struct value_map *map)
{
	return (struct value){.type = VALUE_MAP, .length = map->count, .pairs = map->pairs};
}

struct value_list
value_list_new(struct value_build *build, uint32_t room)
{
	struct value_list list = {.items = arena_array(build->arena, room, sizeof(*list.items))};

	list.room = list.items != NULL ? room : 0;
	build->failed = build->failed || (list.items == NULL && room > 0);
	return list;
}

void
value_list_put(struct value_build *build, struct value_list *list, struct value value)
{
	if (list->count == list->room) {
		build->failed = true;
		return;
	}
	list->items[list->count++] = value;
}

struct value
value_list_done(const struct value_list *list)
{
	return (struct value){.type = VALUE_ARRAY, .length = list->count, .items = list->items};
}

struct value
value_list_texts(struct value_build *build, const char *const *texts)
{
	struct value_list list;
	uint32_t count = 0;

	while (texts[count] != NULL)
		count++;
	list = value_list_new(build, count);
	for (uint32_t i = 0; i < list.room; i++)
		value_list_put(build, &list, value_string(texts[i]));
	return value_list_done(&list);
}

struct value
value_number(struct value_build *build, uint64_t number)
{
	build->failed = build->failed || number > INT64_MAX;
	return value_integer((int64_t)number);
}
