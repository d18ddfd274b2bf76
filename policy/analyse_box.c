/* A request in one box and in none of others, by recursive subtraction: to leave a box one of its
 * conditions must fail, so each condition is a branch, and each branch is one conjunction. */
#include "policy/analyse_box.h"

static int
compare_slots(const void *a, const void *b)
{
	return strcmp(((const struct slot *)a)->name, ((const struct slot *)b)->name);
}

struct slot *
analyse_slot_find(struct solving *s, const char *name)
{
	const struct slot key = {.name = name};

	return bsearch(&key, s->slots, s->slot_count, sizeof(*s->slots), compare_slots);
}

static uint32_t
count_names(const struct box *box)
{
	uint32_t n = box->count;

	for (uint32_t i = 0; i < box->count; i++)
		n += box->slots[i].atoms.count;
	return n;
}

static void
add_names(struct solving *s, const struct box *box)
{
	for (uint32_t i = 0; i < box->count; i++) {
		const struct box_slot *slot = &box->slots[i];

		s->slots[s->slot_count++] =
		    (struct slot){.name = slot->name, .payload = slot->payload};
		for (uint32_t j = 0; j < slot->atoms.count; j++)
			if (slot->atoms.items[j].kind == ATOM_EQUAL)
				s->slots[s->slot_count++] = (struct slot){
				    .name = slot->atoms.items[j].path, .payload = true};
	}
}

/* Every argument and every field of the payload that any of the boxes names, once. */
static bool
collect_slots(struct solving *s)
{
	uint32_t most = count_names(s->box), n = 0;

	for (uint32_t i = 0; i < s->count; i++)
		most += count_names(&s->others[i]);
	s->slots = analyse_alloc(s->a, most, sizeof(*s->slots));
	if (s->slots == NULL)
		return false;
	add_names(s, s->box);
	for (uint32_t i = 0; i < s->count; i++)
		add_names(s, &s->others[i]);
	qsort(s->slots, s->slot_count, sizeof(*s->slots), compare_slots);
	for (uint32_t i = 0; i < s->slot_count; i++)
		if (n == 0 || strcmp(s->slots[n - 1].name, s->slots[i].name) != 0)
			s->slots[n++] = s->slots[i];
	s->slot_count = n;
	for (uint32_t i = 0; i < s->box->count; i++)
		analyse_slot_find(s, s->box->slots[i].name)->own = &s->box->slots[i];
	return true;
}

static bool
can(const struct solving *s, const struct slot *slot, enum presence want)
{
	bool closed = s->box->closed && !slot->payload && slot->own == NULL;

	if (slot->forced != PRESENCE_FREE)
		return slot->forced == want;
	if (want == PRESENCE_MISSING)
		return slot->own == NULL || slot->own->may_miss;
	return !closed && (slot->own == NULL || slot->own->may_have);
}

/* Adds what slot must satisfy when it is there. false: too much. */
bool
analyse_slot_literals(
    const struct solving *s, const struct slot *slot, struct literal *to, uint32_t *count)
{
	for (uint32_t i = 0; slot->own != NULL && i < slot->own->atoms.count; i++) {
		if (*count == SOLVING_LITERALS_MAX)
			return false;
		to[(*count)++] = (struct literal){.atom = &slot->own->atoms.items[i]};
	}
	for (uint32_t i = 0; i < s->extra_count; i++) {
		if (s->extras[i].slot != slot)
			continue;
		if (*count == SOLVING_LITERALS_MAX)
			return false;
		to[(*count)++] = s->extras[i].literal;
	}
	return true;
}

/* True where slot alone already cannot be. */
static bool
is_hopeless(struct solving *s, const struct slot *slot)
{
	struct literal literals[SOLVING_LITERALS_MAX];
	struct value value;
	uint32_t count = 0;

	return analyse_slot_literals(s, slot, literals, &count) &&
	       analyse_value_find(s->a, literals, count, ANALYSE_KINDS_ALL, NULL, 0, &value) ==
		   ANALYSE_NONE;
}

static bool
has_atom(const struct atom_set *set, const struct atom *atom)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (analyse_atom_same(&set->items[i], atom))
			return true;
	return false;
}

/* True where what is asked so far lies outside the box already. */
static bool
is_outside(struct solving *s, const struct box *other)
{
	for (uint32_t i = 0; i < other->count; i++) {
		const struct box_slot *theirs = &other->slots[i];
		const struct slot *slot = analyse_slot_find(s, theirs->name);

		if ((slot->forced == PRESENCE_MISSING && !theirs->may_miss) ||
		    (slot->forced == PRESENCE_PRESENT && !theirs->may_have))
			return true;
		for (uint32_t j = 0; j < s->extra_count; j++)
			if (s->extras[j].slot == slot &&
			    has_atom(&theirs->atoms, s->extras[j].literal.atom))
				return true;
	}
	return false;
}

static enum analyse_answer choose(struct solving *s, uint32_t index);

/* Goes on with slot forced; takes it back afterwards. */
static enum analyse_answer
with_presence(struct solving *s, struct slot *slot, enum presence want, uint32_t index)
{
	enum presence before = slot->forced;
	enum analyse_answer answer;

	if (!can(s, slot, want))
		return ANALYSE_NONE;
	slot->forced = want;
	answer = choose(s, index);
	slot->forced = before;
	return answer;
}

/* The slot's value differs from the field, or the field is not there. */
static enum analyse_answer
with_difference(struct solving *s, struct slot *slot, const struct atom *atom, uint32_t index)
{
	struct slot *field = analyse_slot_find(s, atom->path);
	enum analyse_answer answer, other;

	if (s->difference_count == SOLVING_DIFFERENCES_MAX)
		return ANALYSE_UNKNOWN;
	s->differences[s->difference_count].slot = slot;
	s->differences[s->difference_count++].field = field;
	answer = with_presence(s, field, PRESENCE_PRESENT, index);
	s->difference_count--;
	if (answer == ANALYSE_FOUND)
		return answer;
	other = with_presence(s, field, PRESENCE_MISSING, index);
	return other == ANALYSE_NONE ? answer : other;
}

/* The slot is there and atom fails for it. */
static enum analyse_answer
with_failure(struct solving *s, struct slot *slot, const struct atom *atom, uint32_t index)
{
	enum presence before = slot->forced;
	enum analyse_answer answer = ANALYSE_NONE;

	if (!can(s, slot, PRESENCE_PRESENT) ||
	    (slot->own != NULL && has_atom(&slot->own->atoms, atom)))
		return ANALYSE_NONE;
	if (s->extra_count == SOLVING_EXTRAS_MAX)
		return ANALYSE_UNKNOWN;
	slot->forced = PRESENCE_PRESENT;
	if (atom->kind == ATOM_EQUAL) {
		answer = with_difference(s, slot, atom, index);
	} else {
		s->extras[s->extra_count].slot = slot;
		s->extras[s->extra_count++].literal =
		    (struct literal){.atom = atom, .negated = true};
		if (!is_hopeless(s, slot))
			answer = choose(s, index);
		s->extra_count--;
	}
	slot->forced = before;
	return answer;
}

static enum analyse_answer
worse(enum analyse_answer a, enum analyse_answer b)
{
	if (a == ANALYSE_FOUND || b == ANALYSE_FOUND)
		return ANALYSE_FOUND;
	return a == ANALYSE_UNKNOWN ? a : b;
}

static enum analyse_answer
leave_slot(struct solving *s, const struct box_slot *theirs, uint32_t index)
{
	struct slot *slot = analyse_slot_find(s, theirs->name);
	enum analyse_answer answer = ANALYSE_NONE;

	for (uint32_t i = 0; answer != ANALYSE_FOUND && i < theirs->atoms.count; i++)
		answer = worse(answer, with_failure(s, slot, &theirs->atoms.items[i], index));
	if (answer != ANALYSE_FOUND && !theirs->may_have)
		answer = worse(answer, with_presence(s, slot, PRESENCE_PRESENT, index));
	if (answer != ANALYSE_FOUND && !theirs->may_miss)
		answer = worse(answer, with_presence(s, slot, PRESENCE_MISSING, index));
	return answer;
}

static bool
names(const struct box *box, const char *name)
{
	for (uint32_t i = 0; i < box->count; i++)
		if (strcmp(box->slots[i].name, name) == 0)
			return true;
	return false;
}

/* Leaves others[index] in every way there is, then the rest. */
static enum analyse_answer
choose(struct solving *s, uint32_t index)
{
	const struct box *other = &s->others[index];
	enum analyse_answer answer = ANALYSE_NONE;

	s->a->work -= 16;
	if (s->a->work < 0 || s->a->out_of_memory)
		return ANALYSE_UNKNOWN;
	if (index == s->count)
		return analyse_box_solve(s);
	if (is_outside(s, other))
		return choose(s, index + 1);
	for (uint32_t i = 0; answer != ANALYSE_FOUND && i < other->count; i++)
		answer = worse(answer, leave_slot(s, &other->slots[i], index + 1));
	for (uint32_t i = 0; answer != ANALYSE_FOUND && other->closed && i < s->box->count; i++)
		if (!names(other, s->box->slots[i].name))
			answer = worse(
			    answer, with_presence(s, analyse_slot_find(s, s->box->slots[i].name),
					PRESENCE_PRESENT, index + 1));
	return answer;
}

enum analyse_answer
analyse_box_subtract(struct analysis *a, const struct box *box, const struct box *others,
    uint32_t count, box_check check, const void *context, struct box_example *ret)
{
	struct solving s = {.a = a,
	    .box = box,
	    .others = others,
	    .count = count,
	    .check = check,
	    .context = context,
	    .ret = ret};

	if (!collect_slots(&s))
		return ANALYSE_UNKNOWN;
	return choose(&s, 0);
}
