/* Approvals: a call that was asked about and is not any more is open, whoever would have been
 * asked.
 *
 * What one requires of a call another implies where the same people answer, no longer, and not
 * fewer are left out. Confidence is one more axis on which approvals are nested: what asks at some
 * confidence asks at every lower one. So the calls that one approval is about are compared at the
 * highest confidence at which it asks, where the fewest of the others do. */
#include "policy/constraint.h"
#include "policy/diff_parts.h"

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Whoever satisfies a satisfies b. */
static bool
implies(const struct policy_approval *a, const struct policy_approval *b)
{
	return same_text(a->group, b->group) && same_text(a->person, b->person) &&
	       (a->not_initiator || !b->not_initiator) && a->expires_ns <= b->expires_ns;
}

bool
diff_asks_less(
    const struct policy *own, const struct policy *theirs, const struct policy_request *request)
{
	const uint64_t asks = policy_decide(own, request).approvals;
	const uint64_t asked = policy_decide(theirs, request).approvals;

	for (uint32_t i = 0; i < theirs->approvals.count; i++) {
		bool covered = (asked >> i & 1) == 0;

		for (uint32_t j = 0; j < own->approvals.count && !covered; j++)
			covered = (asks >> j & 1) != 0 &&
				  implies(&own->approvals.items[j], &theirs->approvals.items[i]);
		if (!covered)
			return true;
	}
	return false;
}

/* What a call is checked by while an example is looked for. */
struct asking {
	const struct policy *own, *theirs;
	struct policy_request request;
	struct value confidence; /* what request points to */
};

static bool
is_witness(const void *context, const struct box_example *example)
{
	const struct asking *c = context;
	struct policy_request request = c->request;

	request.args = &example->args;
	request.input = &example->input;
	return policy_decide(c->own, &request).verdict != POLICY_DENY &&
	       policy_decide(c->theirs, &request).verdict != POLICY_DENY &&
	       diff_asks_less(c->own, c->theirs, &request);
}

/* The highest confidence at which asked still asks and none of own's that need not does. */
static struct value
confidence_of(const struct policy *own, const struct policy_approval *asked)
{
	struct value highest = {.type = VALUE_INT, .integer = asked->has_below ? 0 : 1};

	for (uint32_t i = 0; asked->has_below && i < own->approvals.count; i++) {
		const struct policy_approval *other = &own->approvals.items[i];

		if (other->has_below && policy_number_compare(&other->below, &asked->below) < 0 &&
		    policy_number_compare(&other->below, &highest) > 0)
			highest = other->below;
	}
	return highest;
}

/* Calls that asked is about and nothing of own that implies it. */
static void
open_approval(struct differing *d, struct asking *c, const struct policy_approval *asked,
    const struct box *both, struct policy_side *side)
{
	struct analysis *a = &d->analysis;
	struct box when = box_of_args(a, &asked->args), box = box_meet(a, both, &when);
	struct box others[POLICY_APPROVALS_MAX];
	struct box_example example = {0};
	enum analyse_answer answer;
	uint32_t count = 0;

	a->work = ANALYSE_WORK_MAX;
	c->confidence = confidence_of(c->own, asked);
	c->request.confidence = &c->confidence;
	for (uint32_t i = 0; i < c->own->approvals.count; i++) {
		const struct policy_approval *other = &c->own->approvals.items[i];

		if (strcmp(other->tool, asked->tool) == 0 && implies(other, asked) &&
		    (!other->has_below || policy_number_compare(&c->confidence, &other->below) < 0))
			others[count++] = box_of_args(a, &other->args);
	}
	answer = a->out_of_memory
		     ? ANALYSE_UNKNOWN
		     : analyse_box_subtract(a, &box, others, count, is_witness, c, &example);
	side->state = answer == ANALYSE_NONE    ? POLICY_SIDE_NOTHING
		      : answer == ANALYSE_FOUND ? POLICY_SIDE_WITNESS
						: POLICY_SIDE_UNKNOWN;
	if (answer != ANALYSE_FOUND)
		return;
	side->has_request = true;
	side->request = c->request;
	side->args = example.args;
	side->input = example.input;
	side->confidence = c->confidence;
	side->request.args = &side->args;
	side->request.input = &side->input;
	side->request.confidence = &side->confidence;
	side->line = policy_decide(c->own, &side->request).line;
}

static void
open_side(struct differing *d, const struct policy *own, const struct policy *theirs,
    const char *tool, const struct box *both, struct policy_side *side)
{
	struct asking c = {.own = own,
	    .theirs = theirs,
	    .request = {.action = POLICY_TOOL, .workspace = ANALYSE_WORKSPACE, .name = tool}};
	bool unknown = false;

	side->state = POLICY_SIDE_NOTHING;
	for (uint32_t i = 0; i < theirs->approvals.count; i++) {
		if (strcmp(theirs->approvals.items[i].tool, tool) != 0)
			continue;
		open_approval(d, &c, &theirs->approvals.items[i], both, side);
		if (diff_is_found(side, &unknown))
			return;
	}
	if (unknown)
		side->state = POLICY_SIDE_UNKNOWN;
}

void
diff_approvals(
    struct differing *d, const struct policy_tool_rule *old, const struct policy_tool_rule *new)
{
	struct box before, after, both;
	struct policy_dimension *dimension;

	if (d->old->approvals.count == 0 && d->new->approvals.count == 0)
		return;
	dimension = diff_add(d, diff_name(d, "tools.", old->tool.name, ".approval"));
	if (dimension == NULL)
		return;
	before = box_of_tool(&d->analysis, old);
	after = box_of_tool(&d->analysis, new);
	both = box_meet(&d->analysis, &before, &after);
	open_side(d, d->new, d->old, old->tool.name, &both, &dimension->opened);
	open_side(d, d->old, d->new, old->tool.name, &both, &dimension->closed);
}
