#include "policy/diff.h"

#include "policy/diff_parts.h"

/* A dimension at the end of the list; NULL: there is no room. */
bool
diff_is_found(struct policy_side *side, bool *unknown)
{
	if (side->state == POLICY_SIDE_WITNESS)
		return true;
	*unknown = *unknown || side->state == POLICY_SIDE_UNKNOWN;
	side->state = POLICY_SIDE_NOTHING;
	return false;
}

struct policy_dimension *
diff_add(struct differing *d, const char *name)
{
	struct policy_dimension *dimension;

	if (d->count == d->room) {
		d->analysis.out_of_memory = true;
		return NULL;
	}
	dimension = &d->items[d->count++];
	*dimension = (struct policy_dimension){.name = name};
	dimension->opened.text = dimension->closed.text = "";
	return dimension;
}

/* What a request is checked by while an example is looked for. */
struct checking {
	const struct policy *allows, *refuses;
	struct policy_request request;
};

static bool
is_witness(const void *context, const struct box_example *example)
{
	const struct checking *c = context;
	struct policy_request request = c->request;

	request.args = request.action == POLICY_TOOL ? &example->args : NULL;
	request.input = &example->input;
	return policy_decide(c->allows, &request).verdict != POLICY_DENY &&
	       policy_decide(c->refuses, &request).verdict == POLICY_DENY;
}

/* Keeps the example, if there is one, as side's witness. An earlier witness stays, an earlier doubt
 * does too. */
static void
settle(struct policy_side *side, enum analyse_answer answer, const struct checking *c,
    const struct box_example *example)
{
	const struct policy_side keep = {
	    .state = POLICY_SIDE_WITNESS, .has_request = true, .request = c->request, .text = ""};

	if (answer == ANALYSE_UNKNOWN && side->state != POLICY_SIDE_WITNESS)
		side->state = POLICY_SIDE_UNKNOWN;
	if (answer != ANALYSE_FOUND || side->state == POLICY_SIDE_WITNESS)
		return;
	*side = keep;
	side->args = example->args;
	side->input = example->input;
	side->request.args = c->request.action == POLICY_TOOL ? &side->args : NULL;
	side->request.input = &side->input;
	side->line = policy_decide(c->allows, &side->request).line;
}

static bool
names_event(const struct policy_trigger_rule *rule, const char *source, const char *event)
{
	if (strcmp(rule->source, source) != 0)
		return false;
	for (uint32_t i = 0; i < rule->event_count; i++)
		if (strcmp(rule->events[i], event) == 0)
			return true;
	return false;
}

/* What rule lets in by one event and no trigger of other does. */
static void
compare_trigger(struct differing *d, const struct policy *own, const struct policy *other,
    const struct policy_trigger_rule *rule, const char *event, struct policy_side *side)
{
	struct checking c = {.allows = own,
	    .refuses = other,
	    .request = {.action = POLICY_TRIGGER,
		.workspace = ANALYSE_WORKSPACE,
		.name = rule->source,
		.event = event}};
	struct box box = box_of_where(&d->analysis, rule), others[POLICY_TRIGGERS_MAX];
	struct box_example example = {0};
	uint32_t count = 0;

	d->analysis.work = ANALYSE_WORK_MAX;
	for (uint32_t i = 0; i < other->trigger_count; i++)
		if (names_event(&other->triggers[i], rule->source, event))
			others[count++] = box_of_where(&d->analysis, &other->triggers[i]);
	settle(side,
	    analyse_box_subtract(&d->analysis, &box, others, count, is_witness, &c, &example), &c,
	    &example);
}

static void
compare_triggers(struct differing *d, const struct policy *own, const struct policy *other,
    struct policy_side *side)
{
	side->state = POLICY_SIDE_NOTHING;
	for (uint32_t i = 0; i < own->trigger_count; i++)
		for (uint32_t j = 0; j < own->triggers[i].event_count; j++) {
			if (side->state == POLICY_SIDE_WITNESS)
				return;
			compare_trigger(
			    d, own, other, &own->triggers[i], own->triggers[i].events[j], side);
		}
}

static bool
is_open(const struct policy_tool_rule *rule)
{
	return rule != NULL && rule->allow && !rule->deny;
}

/* What calls of the tool own allows and other does not. */
static void
compare_tool(struct differing *d, const struct policy *own, const struct policy *other,
    const struct policy_tool_rule *rule, const struct policy_tool_rule *their,
    struct policy_side *side)
{
	struct checking c = {.allows = own,
	    .refuses = other,
	    .request = {.action = POLICY_TOOL, .workspace = ANALYSE_WORKSPACE}};
	struct box_example example = {0};
	struct box box, theirs;

	side->state = POLICY_SIDE_NOTHING;
	if (!is_open(rule))
		return;
	c.request.name = rule->tool.name;
	d->analysis.work = ANALYSE_WORK_MAX;
	box = box_of_tool(&d->analysis, rule);
	if (is_open(their))
		theirs = box_of_tool(&d->analysis, their);
	settle(side,
	    analyse_box_subtract(
		&d->analysis, &box, &theirs, is_open(their) ? 1 : 0, is_witness, &c, &example),
	    &c, &example);
}

static void
diff_tool(
    struct differing *d, const struct policy_tool_rule *old, const struct policy_tool_rule *new)
{
	const struct policy_tool_rule *either = is_open(new) ? new : old;
	struct policy_dimension *dimension;

	if (either == NULL || !is_open(either))
		return;
	dimension = diff_add(d, diff_name(d, "tools.", either->tool.name, ""));
	if (dimension == NULL)
		return;
	compare_tool(d, d->new, d->old, new, old, &dimension->opened);
	compare_tool(d, d->old, d->new, old, new, &dimension->closed);
	if (!is_open(old) || !is_open(new))
		return;
	diff_approvals(d, old, new);
	diff_tool_limits(d, old, new);
	diff_tool_cell(d, &old->tool, &new->tool);
}

/* Both lists are sorted: one walk over the two. */
static void
diff_tools(struct differing *d)
{
	uint32_t i = 0, j = 0;

	while (i < d->old->tool_count || j < d->new->tool_count) {
		const struct policy_tool_rule *old =
		    i < d->old->tool_count ? &d->old->tools[i] : NULL;
		const struct policy_tool_rule *new =
		    j < d->new->tool_count ? &d->new->tools[j] : NULL;
		int order = old == NULL   ? 1
			    : new == NULL ? -1
					  : strcmp(old->tool.name, new->tool.name);

		diff_tool(d, order <= 0 ? old : NULL, order >= 0 ? new : NULL);
		i += order <= 0;
		j += order >= 0;
	}
}

static void
diff_memory(struct differing *d, const char *name, enum policy_action action,
    const struct policy_patterns *old, const struct policy_patterns *new)
{
	struct policy_dimension *dimension = diff_add(d, name);

	if (dimension == NULL)
		return;
	diff_patterns(d, d->new, d->old, action, new, old, &dimension->opened);
	diff_patterns(d, d->old, d->new, action, old, new, &dimension->closed);
}

enum err
policy_diff(const struct policy *old, const struct policy *new, struct policy_diff *ret)
{
	struct differing *d = calloc(1, sizeof(*d));
	struct policy_dimension *trigger;

	if (d == NULL)
		return ERR_INTERNAL;
	d->old = old;
	d->new = new;
	analyse_init(&d->analysis);
	d->room = DIFF_SETTINGS_MAX + (old->tool_count + new->tool_count) * DIFF_TOOL_MAX +
		  (old->subagents.count + new->subagents.count) * DIFF_EDGE_MAX;
	d->items = calloc(d->room, sizeof(*d->items));
	trigger = d->items != NULL ? diff_add(d, "trigger") : NULL;
	if (trigger != NULL) {
		compare_triggers(d, new, old, &trigger->opened);
		compare_triggers(d, old, new, &trigger->closed);
		diff_tools(d);
		diff_memory(d, "memory.read", POLICY_MEMORY_READ, &old->read, &new->read);
		diff_memory(d, "memory.write", POLICY_MEMORY_WRITE, &old->write, &new->write);
		diff_subagents(d);
		diff_models(d);
		diff_settings(d);
	}
	*ret = (struct policy_diff){.items = d->items, .count = d->count, .memory = d};
	if (trigger != NULL && !d->analysis.out_of_memory)
		return ERR_OK;
	policy_diff_done(ret);
	return ERR_INTERNAL;
}

void
policy_diff_done(struct policy_diff *diff)
{
	struct differing *d = diff->memory;

	if (d != NULL) {
		analyse_done(&d->analysis);
		free(d->items);
		free(d);
	}
	*diff = (struct policy_diff){0};
}

enum policy_direction
policy_dimension_direction(const struct policy_dimension *dimension)
{
	bool opened = dimension->opened.state != POLICY_SIDE_NOTHING;
	bool closed = dimension->closed.state != POLICY_SIDE_NOTHING;

	if (opened)
		return closed ? POLICY_BOTH : POLICY_WIDENS;
	return closed ? POLICY_NARROWS : POLICY_SAME;
}

enum policy_direction
policy_diff_direction(const struct policy_diff *diff)
{
	bool opened = false, closed = false;

	for (uint32_t i = 0; i < diff->count; i++) {
		opened = opened || diff->items[i].opened.state != POLICY_SIDE_NOTHING;
		closed = closed || diff->items[i].closed.state != POLICY_SIDE_NOTHING;
	}
	if (opened)
		return closed ? POLICY_BOTH : POLICY_WIDENS;
	return closed ? POLICY_NARROWS : POLICY_SAME;
}

const char *
policy_direction_name(enum policy_direction direction)
{
	static const char *const names[] = {
	    [POLICY_SAME] = "SAME",
	    [POLICY_NARROWS] = "NARROWS",
	    [POLICY_WIDENS] = "WIDENS",
	    [POLICY_BOTH] = "BOTH",
	};

	return (unsigned)direction < ARRAY_SIZE(names) ? names[direction] : "UNKNOWN";
}
