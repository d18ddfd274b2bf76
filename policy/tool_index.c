/* A tool by its name in one step, whatever the number of tools: a search by halves would read a
 * dozen names from as many places in memory, most of which no cache holds. */
#include "policy/constraint.h"
#include "policy/rule_read.h"

/* FNV-1a. Names come from manifests that were reviewed: nobody gains by choosing some that collide,
 * and a chain is no longer than the list. */
static uint32_t
hash(const char *name)
{
	uint32_t h = 2166136261U;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619U;
	return h;
}

void
policy_read_tool_index(struct policy_reader *reader, struct policy *policy)
{
	struct policy_tool_slot *slots;
	uint32_t size = 2;

	while (size < 2 * policy->tool_count)
		size *= 2;
	slots = policy_read_alloc(reader, size, sizeof(*slots));
	if (slots == NULL)
		return;
	for (uint32_t i = 0; i < policy->tool_count; i++) {
		uint32_t h = hash(policy->tools[i].tool.name), at = h & (size - 1);

		while (slots[at].number != 0)
			at = (at + 1) & (size - 1);
		slots[at] = (struct policy_tool_slot){.hash = h, .number = i + 1};
	}
	policy->tool_index =
	    (struct policy_tool_index){.of = policy->tools, .slots = slots, .mask = size - 1};
}

static int
compare_tool(const void *name, const void *rule)
{
	return strcmp(name, ((const struct policy_tool_rule *)rule)->tool.name);
}

const struct policy_tool_rule *
policy_tool_rule_find(const struct policy *policy, const char *name)
{
	const struct policy_tool_index *index = &policy->tool_index;
	uint32_t h, at;

	if (policy->tool_count == 0)
		return NULL;
	if (index->of != policy->tools)
		return bsearch(
		    name, policy->tools, policy->tool_count, sizeof(*policy->tools), compare_tool);
	h = hash(name);
	for (at = h & index->mask; index->slots[at].number != 0; at = (at + 1) & index->mask) {
		const struct policy_tool_slot *slot = &index->slots[at];

		if (slot->hash == h && slot->number <= policy->tool_count &&
		    strcmp(policy->tools[slot->number - 1].tool.name, name) == 0)
			return &policy->tools[slot->number - 1];
	}
	return NULL;
}
