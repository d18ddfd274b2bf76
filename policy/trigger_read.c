/* Triggers: who may start the Skill. A source that nothing can ever send is a problem. */
#include <stdio.h>

#include "common/wire.h"
#include "policy/rule_read.h"

enum { EVENTS_MAX = 32, WHERE_MAX = 32, WORDS_MAX = 256 };

/* Where a trigger can come from, and what a build needs for it. X(name, feature) */
#define SOURCES(X)                  \
	X("cli", NONE)              \
	X("github.webhook", GITHUB) \
	X("webhook", WEBHOOK)       \
	X("slack", SLACK)           \
	X("parent", PARENT)
#define SOURCE_NAME(name, feature) name,
static const char *const sources[] = {SOURCES(SOURCE_NAME) NULL};
#define SOURCE_FEATURE(name, feature) POLICY_FEATURE_##feature,
static const enum policy_feature source_features[] = {SOURCES(SOURCE_FEATURE)};

static void
read_where(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_trigger_rule *rule = into;
	const struct yaml_node *map = key->value;
	struct policy_constraint *items;
	uint32_t n = 0;

	if (map->count > WHERE_MAX) {
		policy_read_problem(
		    reader, map, NULL, "%u fields; at most %d", map->count, WHERE_MAX);
		return;
	}
	items = policy_read_alloc(reader, map->count, sizeof(*items));
	if (items == NULL)
		return;
	for (const struct yaml_node *path = map->child; path != NULL; path = path->next) {
		if (!policy_read_text(reader, path) || !policy_read_path(reader, path))
			continue;
		policy_read_constraint(reader, path->value, path->text, NULL, &items[n]);
		items[n].line = path->place.line;
		items[n].name = policy_read_copy(reader, path->text);
		items[n++].rule = policy_read_format(reader, "trigger.where.%s", path->text);
	}
	policy_constraints_sort(items, n);
	rule->where = (struct policy_constraints){.items = items, .count = n};
}

static void
read_source(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_trigger_rule *rule = into;

	for (unsigned i = 0; sources[i] != NULL; i++)
		if (strcmp(sources[i], key->value->text) == 0) {
			rule->source = sources[i];
			return;
		}
#define SOURCE_WORD(name, feature) " " name
	policy_read_unknown(reader, key->value, sources,
	    "unknown source \"%s\"; nothing could ever send it; expected one of:" SOURCES(
		SOURCE_WORD),
	    key->value->text);
}

static void
read_event(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_trigger_rule *rule = into;
	uint32_t count = policy_read_count(key->value), n = 0;
	const char **events = policy_read_alloc(reader, count, sizeof(*events));

	if (events == NULL)
		return;
	if (count == 0 || count > EVENTS_MAX)
		policy_read_problem(
		    reader, key->value, NULL, "%u events; expected 1 to %d", count, EVENTS_MAX);
	for (const struct yaml_node *item = policy_read_first(key->value); item != NULL;
	     item = item->next) {
		if (!policy_name_is_valid(item->text, true) || item->length >= WIRE_EVENT_MAX)
			policy_read_problem(reader, item, NULL,
			    "\"%s\" is no name of an event; expected a letter, then a-z 0-9 . _ -, "
			    "at most %d",
			    item->text, WIRE_EVENT_MAX - 1);
		events[n++] = policy_read_copy(reader, item->text);
	}
	rule->events = events;
	rule->event_count = n;
}

static const struct policy_key where_item = {
    .type = POLICY_TYPE_MAP, .min = 1, .rows = policy_constraint_rows};

static const struct policy_key trigger_rows[] = {
    {"source", POLICY_REQUIRED, POLICY_TYPE_TEXT, read_source, "who sends it", .words = sources},
    {"event", POLICY_REQUIRED, POLICY_TYPE_TEXT_OR_TEXTS, read_event, "what it says",
	.pattern = POLICY_PATTERN_EVENT},
    {"where", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_where,
	"constraints on fields of the payload, by path", 0, WHERE_MAX, .item = &where_item,
	.pattern = POLICY_PATTERN_PAYLOAD},
    {0},
};

const struct policy_key policy_trigger_item = {.type = POLICY_TYPE_MAP, .rows = trigger_rows};

/* "cli: review, open; cli: close", for people. */
static const char *
describe(struct policy_reader *reader, const struct policy *policy)
{
	char words[WORDS_MAX] = "";
	size_t used = 0;

	for (uint32_t i = 0; i < policy->trigger_count; i++) {
		const struct policy_trigger_rule *rule = &policy->triggers[i];

		for (uint32_t j = 0; j < rule->event_count && used < sizeof(words); j++)
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s%s%s",
			    j > 0 ? ", " : (i > 0 ? "; " : ""),
			    j == 0 && rule->source != NULL ? rule->source : "", j == 0 ? ": " : "",
			    rule->events[j]);
	}
	return policy_read_copy(reader, words);
}

static void
note_source(struct policy *policy, const struct policy_trigger_rule *rule)
{
	for (unsigned i = 0; sources[i] != NULL && rule->source != NULL; i++)
		if (strcmp(sources[i], rule->source) == 0)
			policy_read_feature(policy, source_features[i], rule->line);
}

void
policy_read_triggers(
    struct policy_reader *reader, const struct yaml_node *key, struct policy *policy)
{
	const struct yaml_node *list = key->value;
	struct policy_trigger_rule *rules = policy_read_alloc(reader, list->count, sizeof(*rules));
	uint32_t n = 0;

	if (rules == NULL)
		return;
	for (const struct yaml_node *item = list->child; item != NULL; item = item->next) {
		rules[n].line = item->place.line;
		policy_read_map(reader, item, "a trigger", trigger_rows, &rules[n]);
		note_source(policy, &rules[n++]);
	}
	policy->triggers = rules;
	policy->trigger_count = n;
	policy->trigger = (struct policy_section){
	    .rule = "trigger", .line = key->place.line, .allowed = describe(reader, policy)};
}
