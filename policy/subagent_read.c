/* Sub-agents: whom this Skill may dispatch, how deep, how often, and with which of its own tools. A
 * child inherits nothing: what the edge does not grant it does not have. */
#include <stdio.h>

#include "common/id.h"
#include "policy/rule_read.h"

enum { DEPTH_MAX = 8, RUN_MAX = 1000, GRANTS_MAX = 64, WORDS_MAX = 256, NAMES_MAX = 256 };

/* An edge being read. */
struct reading {
	const struct policy *policy;
	struct policy_subagent *edge;
};

static void
read_quota(struct policy_reader *reader, const struct yaml_node *key, struct reading *reading,
    struct policy_quota *quota, const char *words)
{
	quota->line = key->place.line;
	quota->rule = policy_read_format(reader, "%s.%s", reading->edge->rule, key->text);
	policy_read_quota(reader, quota, key->value->number, POLICY_UNIT_COUNT, words);
}

static void
read_max_depth(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	read_quota(reader, key, reading, &reading->edge->depth, "levels beneath the trigger's run");
}

static void
read_max_per_run(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	read_quota(reader, key, reading, &reading->edge->run, "of it in one run");
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
unknown_grant(
    struct policy_reader *reader, const struct yaml_node *item, const struct policy *policy)
{
	const char *names[NAMES_MAX + 1] = {NULL};

	for (uint32_t i = 0; i < policy->allowed_count && i < NAMES_MAX; i++)
		names[i] = policy->allowed[i]->tool.name;
	policy_read_unknown(reader, item, names,
	    "the tool \"%s\" cannot be granted: this Skill itself may not call it; allow it under "
	    "tools: first",
	    item->text);
}

static bool
is_allowed(const struct policy *policy, const char *name)
{
	for (uint32_t i = 0; i < policy->allowed_count; i++)
		if (strcmp(policy->allowed[i]->tool.name, name) == 0)
			return true;
	return false;
}

static void
read_grant(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;
	const char **grants = policy_read_alloc(reader, key->value->count, sizeof(*grants));
	char words[WORDS_MAX] = "no tool";
	size_t used = 0;
	uint32_t n = 0;

	if (grants == NULL)
		return;
	for (const struct yaml_node *item = key->value->child; item != NULL; item = item->next) {
		if (!is_allowed(reading->policy, item->text))
			unknown_grant(reader, item, reading->policy);
		grants[n++] = policy_read_copy(reader, item->text);
	}
	if (n > 1)
		qsort(grants, n, sizeof(*grants), compare_texts);
	for (uint32_t i = 0; i < n && used < sizeof(words); i++) {
		if (i > 0 && strcmp(grants[i - 1], grants[i]) == 0)
			policy_read_problem(
			    reader, key, NULL, "the tool \"%s\" is granted twice", grants[i]);
		used += (size_t)snprintf(
		    words + used, sizeof(words) - used, "%s%s", i > 0 ? ", " : "", grants[i]);
	}
	reading->edge->grants = grants;
	reading->edge->grant_count = n;
	reading->edge->grant = (struct policy_section){
	    .rule = policy_read_format(reader, "%s.grant", reading->edge->rule),
	    .line = key->place.line,
	    .allowed = policy_read_copy(reader, words)};
}

static const struct policy_key grant_item = {
    .type = POLICY_TYPE_TEXT, .pattern = POLICY_PATTERN_TOOL};

static const struct policy_key edge_rows[] = {
    {"max_depth", POLICY_REQUIRED, POLICY_TYPE_INTEGER, read_max_depth,
	"how deep the child may stand; 1: only a run that a trigger woke dispatches it", 1,
	DEPTH_MAX},
    {"max_per_run", POLICY_REQUIRED, POLICY_TYPE_INTEGER, read_max_per_run,
	"how many of it one run may dispatch", 1, RUN_MAX},
    {"grant", POLICY_REQUIRED, POLICY_TYPE_TEXTS, read_grant,
	"the tools of this Skill that the child may use, too", 0, GRANTS_MAX, .item = &grant_item},
    {0},
};

const struct policy_key policy_subagent_item = {.type = POLICY_TYPE_MAP, .rows = edge_rows};

static int
compare_edges(const void *a, const void *b)
{
	return strcmp(
	    ((const struct policy_subagent *)a)->name, ((const struct policy_subagent *)b)->name);
}

static void
read_edge(struct policy_reader *reader, const struct yaml_node *key, struct reading *reading)
{
	char what[96];

	if (!policy_read_text(reader, key))
		return;
	if (!id_name_is_valid(key->text))
		policy_read_problem(reader, key, NULL,
		    "\"%s\" is no name of a Skill; expected 1 to 64 of a-z, 0-9 and single hyphens "
		    "between",
		    key->text);
	reading->edge->name = policy_read_copy(reader, key->text);
	reading->edge->line = key->place.line;
	reading->edge->rule = policy_read_format(reader, "subagents.%s", key->text);
	snprintf(what, sizeof(what), "the sub-agent \"%s\"", key->text);
	policy_read_map(reader, key->value, what, edge_rows, reading);
}

void
policy_read_subagents(
    struct policy_reader *reader, const struct yaml_node *key, struct policy *policy)
{
	struct policy_subagent *edges =
	    policy_read_alloc(reader, key->value->count, sizeof(*edges));
	struct reading reading = {.policy = policy};
	char words[WORDS_MAX] = "no sub-agent";
	size_t used = 0;
	uint32_t n = 0;

	if (edges == NULL)
		return;
	if (key->value->count > POLICY_SUBAGENTS_MAX)
		policy_read_problem(reader, key, NULL, "%u sub-agents; at most %d",
		    key->value->count, POLICY_SUBAGENTS_MAX);
	for (const struct yaml_node *name = key->value->child; name != NULL; name = name->next) {
		edges[n] = (struct policy_subagent){.name = "", .rule = ""};
		reading.edge = &edges[n++];
		read_edge(reader, name, &reading);
	}
	if (n > 1)
		qsort(edges, n, sizeof(*edges), compare_edges);
	for (uint32_t i = 0; i < n && used < sizeof(words); i++)
		used += (size_t)snprintf(
		    words + used, sizeof(words) - used, "%s%s", i > 0 ? ", " : "", edges[i].name);
	policy->subagents = (struct policy_subagents){
	    .section = {.rule = "subagents",
		.line = key->place.line,
		.allowed = policy_read_copy(reader, words)},
	    .items = edges,
	    .count = n,
	};
	policy_read_feature(policy, POLICY_FEATURE_SUBAGENTS, key->place.line);
}
