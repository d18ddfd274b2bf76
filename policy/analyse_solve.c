/* Values for one conjunction: who must be there, who must equal whom, a value for each group, and
 * the request they make. */
#include "policy/analyse_box.h"

enum { INDEX_MAX = 63 };

/* True where below is a path that leads through above. */
static bool
leads_through(const char *below, const char *above)
{
	size_t length = strlen(above);

	return strncmp(below, above, length) == 0 && (below[length] == '.' || below[length] == '[');
}

static enum presence
first_guess(const struct slot *slot)
{
	if (slot->forced != PRESENCE_FREE)
		return slot->forced;
	return slot->own != NULL && !slot->own->may_miss ? PRESENCE_PRESENT : PRESENCE_MISSING;
}

/* Makes slot present. false: it cannot be. */
static bool
require(struct slot *slot, bool *changed)
{
	if (slot->presence == PRESENCE_PRESENT)
		return true;
	if (slot->forced == PRESENCE_MISSING || (slot->own != NULL && !slot->own->may_have))
		return false;
	slot->presence = PRESENCE_PRESENT;
	*changed = true;
	return true;
}

/* What a slot that is there needs to be there. */
static bool
require_others(struct solving *s, struct slot *slot, bool *changed)
{
	for (uint32_t i = 0; slot->own != NULL && i < slot->own->atoms.count; i++)
		if (slot->own->atoms.items[i].kind == ATOM_EQUAL &&
		    !require(analyse_slot_find(s, slot->own->atoms.items[i].path), changed))
			return false;
	for (uint32_t i = 0; slot->payload && i < s->slot_count; i++) {
		struct slot *above = &s->slots[i];

		if (!above->payload || !leads_through(slot->name, above->name))
			continue;
		if (!require(above, changed))
			return false;
		above->kinds &= slot->name[strlen(above->name)] == '.' ? ANALYSE_KIND(VALUE_MAP)
								       : ANALYSE_KIND(VALUE_ARRAY);
	}
	return true;
}

static bool
settle_presence(struct solving *s)
{
	bool changed = true;

	for (uint32_t i = 0; i < s->slot_count; i++) {
		struct slot *slot = &s->slots[i];

		slot->presence = first_guess(slot);
		slot->group = i;
		slot->kinds = ANALYSE_KINDS_ALL;
		slot->has_value = false;
		if (slot->presence == PRESENCE_PRESENT && slot->own != NULL && !slot->own->may_have)
			return false;
	}
	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < s->slot_count; i++)
			if (s->slots[i].presence == PRESENCE_PRESENT &&
			    !require_others(s, &s->slots[i], &changed))
				return false;
	}
	return true;
}

static uint32_t
group_of(const struct solving *s, uint32_t index)
{
	while (s->slots[index].group != index)
		index = s->slots[index].group;
	return index;
}

static void
join_groups(struct solving *s)
{
	for (uint32_t i = 0; i < s->slot_count; i++) {
		const struct box_slot *own = s->slots[i].own;

		if (s->slots[i].presence != PRESENCE_PRESENT || own == NULL)
			continue;
		for (uint32_t j = 0; j < own->atoms.count; j++)
			if (own->atoms.items[j].kind == ATOM_EQUAL)
				s->slots[group_of(s, (uint32_t)(analyse_slot_find(
								    s, own->atoms.items[j].path) -
								s->slots))]
				    .group = group_of(s, i);
	}
}

/* One group's question. */
struct asking {
	struct literal literals[SOLVING_LITERALS_MAX];
	struct value excluded[SOLVING_DIFFERENCES_MAX];
	uint32_t count, excluded_count, members;
	unsigned kinds;
};

/* False where there is too much to ask, or a group must differ from itself (*ret_none). */
static bool
gather(struct solving *s, uint32_t group, struct asking *q, bool *ret_none)
{
	*q = (struct asking){.kinds = ANALYSE_KINDS_ALL};
	for (uint32_t i = 0; i < s->slot_count; i++) {
		uint32_t before = q->count;

		if (s->slots[i].presence != PRESENCE_PRESENT || group_of(s, i) != group)
			continue;
		q->kinds &= s->slots[i].kinds;
		if (!analyse_slot_literals(s, &s->slots[i], q->literals, &q->count))
			return false;
		q->members += q->count > before;
	}
	for (uint32_t i = 0; i < s->difference_count; i++) {
		uint32_t x = group_of(s, (uint32_t)(s->differences[i].slot - s->slots));
		uint32_t y = group_of(s, (uint32_t)(s->differences[i].field - s->slots));

		if (x == y) {
			*ret_none = true;
			return false;
		}
		if (x == group && s->slots[y].has_value)
			q->excluded[q->excluded_count++] = s->slots[y].value;
		if (y == group && s->slots[x].has_value)
			q->excluded[q->excluded_count++] = s->slots[x].value;
	}
	return true;
}

/* 1 and 1.0 are equal and of two types: slots that equal each other need not have one value. So a
 * group without a value is a proof only where one of its slots alone can be neither a number nor
 * hold any. */
static bool
is_proof(struct solving *s, uint32_t group, const struct asking *q)
{
	const unsigned kinds = ANALYSE_KIND(VALUE_INT) | ANALYSE_KIND(VALUE_REAL) |
			       ANALYSE_KIND(VALUE_ARRAY) | ANALYSE_KIND(VALUE_MAP);
	struct literal literals[SOLVING_LITERALS_MAX];
	struct value value;

	if (q->members < 2)
		return true;
	for (uint32_t i = 0; i < s->slot_count; i++) {
		uint32_t count = 0;

		if (s->slots[i].presence != PRESENCE_PRESENT || group_of(s, i) != group ||
		    !analyse_slot_literals(s, &s->slots[i], literals, &count))
			continue;
		if (analyse_value_find(s->a, literals, count, kinds, NULL, 0, &value) ==
		    ANALYSE_NONE)
			return true;
	}
	return false;
}

static enum analyse_answer
solve_group(struct solving *s, uint32_t group)
{
	struct asking q;
	bool none = false;
	enum analyse_answer answer;

	if (!gather(s, group, &q, &none))
		return none ? ANALYSE_NONE : ANALYSE_UNKNOWN;
	answer = analyse_value_find(s->a, q.literals, q.count, q.kinds, q.excluded,
	    q.excluded_count, &s->slots[group].value);
	s->slots[group].has_value = answer == ANALYSE_FOUND;
	if (answer != ANALYSE_NONE)
		return answer;
	/* Another value of the other group might leave room for this one. */
	if (q.excluded_count > 0 || !is_proof(s, group, &q))
		return ANALYSE_UNKNOWN;
	return ANALYSE_NONE;
}

static enum analyse_answer
solve_groups(struct solving *s, bool backwards)
{
	for (uint32_t i = 0; i < s->slot_count; i++)
		s->slots[i].has_value = false;
	for (uint32_t i = 0; i < s->slot_count; i++) {
		uint32_t at = backwards ? s->slot_count - 1 - i : i;
		enum analyse_answer answer;

		if (s->slots[at].presence != PRESENCE_PRESENT || group_of(s, at) != at)
			continue;
		answer = solve_group(s, at);
		if (answer != ANALYSE_FOUND)
			return answer;
	}
	return ANALYSE_FOUND;
}

/* A copy of list with room for length entries. */
static void *
widened(struct analysis *a, const void *list, uint32_t have, uint32_t want, size_t size)
{
	void *copy = analyse_alloc(a, want, size);

	if (copy != NULL && have > 0)
		memcpy(copy, list, have * size);
	return copy;
}

static struct value *
member(struct analysis *a, struct value *map, const char *name, size_t length)
{
	uint32_t at = 0;
	struct value_pair *pairs;

	while (at < map->length && (map->pairs[at].key.length != length ||
				       memcmp(map->pairs[at].key.string, name, length) != 0))
		at++;
	pairs = widened(a, map->pairs, map->length, map->length + 1, sizeof(*pairs));
	if (pairs == NULL)
		return NULL;
	pairs[at].key =
	    (struct value){.type = VALUE_STRING, .length = (uint32_t)length, .string = name};
	map->pairs = pairs;
	map->length += at == map->length;
	return &pairs[at].value;
}

static struct value *
item(struct analysis *a, struct value *array, uint32_t index)
{
	uint32_t want = index >= array->length ? index + 1 : array->length;
	struct value *items = index <= INDEX_MAX
				  ? widened(a, array->items, array->length, want, sizeof(*items))
				  : NULL;

	if (items == NULL)
		return NULL;
	array->items = items;
	array->length = want;
	return &items[index];
}

/* Gives the field at path value. What stands in the way is left for the check to find. */
static void
put(struct analysis *a, struct value *root, const char *path, const struct value *value)
{
	struct value *at = root;

	for (path++; *path != '\0' && at != NULL;) {
		bool index = *path == '[';
		enum value_type type = index ? VALUE_ARRAY : VALUE_MAP;
		size_t length = strcspn(path + 1, index ? "]" : ".[");

		if (at->type != type)
			*at = (struct value){.type = type};
		at = index ? item(a, at, (uint32_t)strtoul(path + 1, NULL, 10))
			   : member(a, at, path + 1, length);
		path += 1 + length + index;
	}
	if (at != NULL)
		*at = *value;
}

static void
assemble(struct solving *s)
{
	struct box_example *ret = s->ret;

	*ret = (struct box_example){.args = {.type = VALUE_MAP}, .input = {.type = VALUE_MAP}};
	for (uint32_t i = 0; i < s->slot_count; i++) {
		const struct slot *slot = &s->slots[i];
		struct value *at;

		if (slot->presence != PRESENCE_PRESENT)
			continue;
		if (slot->payload) {
			put(s->a, &ret->input, slot->name, &s->slots[group_of(s, i)].value);
			continue;
		}
		at = member(s->a, &ret->args, slot->name, strlen(slot->name));
		if (at != NULL)
			*at = s->slots[group_of(s, i)].value;
	}
	for (uint32_t i = 0; i < s->a->binding_count; i++)
		put(s->a, &ret->input, s->a->bindings[i].path, &s->a->bindings[i].value);
}

enum analyse_answer
analyse_box_solve(struct solving *s)
{
	enum analyse_answer answer;

	s->a->binding_count = 0;
	if (!settle_presence(s))
		return ANALYSE_NONE;
	join_groups(s);
	answer = solve_groups(s, false);
	if (answer == ANALYSE_UNKNOWN && s->difference_count > 0)
		answer = solve_groups(s, true);
	if (answer != ANALYSE_FOUND)
		return answer;
	assemble(s);
	/* Slots that lead through each other were asked one by one: only what the decision itself
	 * confirms is an example. */
	return !s->a->out_of_memory && s->check(s->context, s->ret) ? ANALYSE_FOUND
								    : ANALYSE_UNKNOWN;
}
