/* analyse_box.h - one subtraction under way: what is asked of every slot so far. */
#ifndef POLICY_ANALYSE_BOX_H
#define POLICY_ANALYSE_BOX_H

#include "policy/analyse.h"

enum {
	SOLVING_EXTRAS_MAX = 128,
	SOLVING_DIFFERENCES_MAX = 16,
	SOLVING_LITERALS_MAX = 192,
};

enum presence { PRESENCE_FREE = 0, PRESENCE_PRESENT, PRESENCE_MISSING };

struct slot {
	const char *name;
	bool payload;
	const struct box_slot *own; /* in the box that is subtracted from; NULL: not named there */
	enum presence forced;
	/* Of one solution. */
	enum presence presence;
	uint32_t group; /* slots that equal each other: the index of one of them */
	unsigned kinds;
	bool has_value;
	struct value value;
};

struct solving {
	struct analysis *a;
	const struct box *box, *others;
	uint32_t count;
	struct slot *slots; /* sorted by name */
	uint32_t slot_count;
	struct {
		const struct slot *slot;
		struct literal literal;
	} extras[SOLVING_EXTRAS_MAX];
	uint32_t extra_count;
	struct {
		const struct slot *slot, *field;
	} differences[SOLVING_DIFFERENCES_MAX];
	uint32_t difference_count;
	box_check check;
	const void *context;
	struct box_example *ret;
};

struct slot *analyse_slot_find(struct solving *s, const char *name);
MUST_USE bool analyse_slot_literals(
    const struct solving *s, const struct slot *slot, struct literal *to, uint32_t *count);
/* One conjunction: values for every slot, put together to a request that check accepts. */
enum analyse_answer analyse_box_solve(struct solving *s);

#endif
