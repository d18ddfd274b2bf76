/* The tests of a policy file: what each asks, and what it expects. */
#include "common/id.h"
#include "policy/rule_read.h"

/* Keys that only some requests have. X(key, asks, how messages name those, whether they must) */
#define OF(action) (1U << POLICY_##action)
#define FIELDS(X)                                                                            \
	X(args, OF(TOOL), "\"call\"", false)                                                 \
	X(event, OF(TRIGGER), "\"trigger\"", true)                                           \
	X(used, OF(TOOL) | OF(SUBAGENT) | OF(MODEL), "\"call\", \"subagent\" and \"model\"", \
	    false)                                                                           \
	X(depth, OF(SUBAGENT), "\"subagent\"", false)                                        \
	X(grant, OF(SUBAGENT), "\"subagent\"", false)                                        \
	X(provider, OF(MODEL), "\"model\"", true)                                            \
	X(region, OF(MODEL), "\"model\"", false)
#define FIELD_ENUM(key, asks, owners, need) FIELD_##key,
enum { FIELDS(FIELD_ENUM) FIELD_COUNT };

#define FIELD_ROW(key, asks, owners, need) {#key, owners, asks, need},
static const struct {
	const char *key, *owners;
	unsigned asks;
	bool need;
} fields[FIELD_COUNT] = {FIELDS(FIELD_ROW)};

/* A fixture being read. */
struct reading {
	struct policy_fixture *fixture;
	const struct yaml_node *asked, *fields[FIELD_COUNT];
};

/* What a test may expect: allow, or the name of a typed error. */
#define OUTCOME(name, wire, number, http, jsonrpc, exit_code, retry, text) \
	(number) == 0 ? "allow" : (wire),
static const char *const outcomes[] = {ERR_TABLE(OUTCOME) NULL};

static void
ask(struct policy_reader *reader, const struct yaml_node *key, struct reading *reading,
    enum policy_action action)
{
	if (reading->asked != NULL) {
		policy_read_problem(reader, key, NULL,
		    "a test asks one thing, and this one asks \"%s\" already; write another test",
		    reading->asked->text);
		return;
	}
	reading->asked = key;
	reading->fixture->request.action = action;
	reading->fixture->request.name = policy_read_copy(reader, key->value->text);
}

#define ASK_HANDLER(key, action, help)                                              \
	static void read_##key(                                                     \
	    struct policy_reader *reader, const struct yaml_node *node, void *into) \
	{                                                                           \
		ask(reader, node, into, POLICY_##action);                           \
	}
POLICY_FIXTURE_ASKS(ASK_HANDLER)

static void
read_args(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	reading->fields[FIELD_args] = key;
	if (policy_read_tree(reader, key->value, &reading->fixture->args))
		reading->fixture->request.args = &reading->fixture->args;
}

static void
read_input(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	if (!policy_read_tree(reader, key->value, &((struct reading *)into)->fixture->input))
		((struct reading *)into)->fixture->input = (struct value){.type = VALUE_MAP};
}

/* Fields that are one text of the request. */
#define FIELD_TEXT(key, member)                                                                 \
	static void read_##key(                                                                 \
	    struct policy_reader *reader, const struct yaml_node *node, void *into)             \
	{                                                                                       \
		struct reading *reading = into;                                                 \
                                                                                                \
		reading->fields[FIELD_##key] = node;                                            \
		reading->fixture->request.member = policy_read_copy(reader, node->value->text); \
	}
FIELD_TEXT(event, event)
FIELD_TEXT(grant, tool)
FIELD_TEXT(provider, provider)
FIELD_TEXT(region, region)

static void
read_depth(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	(void)reader;
	reading->fields[FIELD_depth] = key;
	reading->fixture->request.depth = (uint32_t)key->value->number;
}

static void
read_workspace(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	const char *name = key->value->text;

	if (strncmp(name, "ws_", 3) != 0 || !id_name_is_valid(name + 3))
		policy_read_problem(reader, key->value, NULL,
		    "\"%s\" is no workspace; expected ws_ and a name of a-z, 0-9 and single "
		    "hyphens",
		    name);
	((struct reading *)into)->fixture->request.workspace = policy_read_copy(reader, name);
}

static void
read_expect(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	const char *const *outcome = outcomes;

	while (*outcome != NULL && strcmp(*outcome, key->value->text) != 0)
		outcome++;
	if (*outcome == NULL)
		policy_read_unknown(reader, key->value, outcomes,
		    "unknown outcome \"%s\"; expected allow or a typed error, such as "
		    "ToolNotAllowedError (docs/errors.md)",
		    key->value->text);
	((struct reading *)into)->fixture->expected =
	    outcome == outcomes ? ERR_OK : err_from_name(key->value->text);
}

static void
read_rule(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	((struct reading *)into)->fixture->rule = policy_read_copy(reader, key->value->text);
}

static void
read_why(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	((struct reading *)into)->fixture->why = policy_read_copy(reader, key->value->text);
}

/* What was used before the request: the same keys as the quotas. */
#define USED_BUDGET(name, window, key, type, most, feature, unit, help)               \
	static void used_##window##_##key(                                            \
	    struct policy_reader *reader, const struct yaml_node *node, void *into)   \
	{                                                                             \
		(void)reader;                                                         \
		((struct policy_fixture *)into)->usage.budget[POLICY_BUDGET_##name] = \
		    node->value->number;                                              \
	}
POLICY_BUDGETS(USED_BUDGET)

#define USED_BUDGET_ROW(name, window, key, type, most, feature, unit, help) \
	{#key, POLICY_OPTIONAL, POLICY_TYPE_##type, used_##window##_##key, help, 0, (most)},
static const struct policy_key used_run_rows[] = {POLICY_RUN_BUDGETS(USED_BUDGET_ROW){0}};
static const struct policy_key used_day_rows[] = {POLICY_DAY_BUDGETS(USED_BUDGET_ROW){0}};

#define USED_RATE(name, key, feature, words)                                        \
	static void used_##key(                                                     \
	    struct policy_reader *reader, const struct yaml_node *node, void *into) \
	{                                                                           \
		(void)reader;                                                       \
		((struct policy_fixture *)into)->usage.tool[POLICY_RATE_##name] =   \
		    node->value->number;                                            \
	}
POLICY_RATES(USED_RATE)

static void
used_dispatched(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct policy_fixture *)into)->usage.dispatched = key->value->number;
}

enum { USED_MAX = 1000000000, DEPTH_MAX = 1000 };

#define USED_RATE_ROW(name, key, feature, words) \
	{#key, POLICY_OPTIONAL, POLICY_TYPE_INTEGER, used_##key, "calls of it " words, 0, USED_MAX},
static const struct policy_key used_tool_rows[] = {POLICY_RATES(USED_RATE_ROW){0}};

static const struct policy_key used_rows[] = {
    {"run", POLICY_OPTIONAL, POLICY_TYPE_MAP, NULL, "by this run", .rows = used_run_rows,
	.within = policy_within_same, .what = "used.run"},
    {"day", POLICY_OPTIONAL, POLICY_TYPE_MAP, NULL, "by all runs of the day", .rows = used_day_rows,
	.within = policy_within_same, .what = "used.day"},
    {"tool", POLICY_OPTIONAL, POLICY_TYPE_MAP, NULL, "of this tool", .rows = used_tool_rows,
	.within = policy_within_same, .what = "used.tool"},
    {"dispatched", POLICY_OPTIONAL, POLICY_TYPE_INTEGER, used_dispatched,
	"of this sub-agent, by this run", 0, USED_MAX},
    {0},
};

static void *
fixture_of(void *into)
{
	return ((struct reading *)into)->fixture;
}

static void
read_used(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct reading *)into)->fields[FIELD_used] = key;
}

static const struct policy_key value_item = {.type = POLICY_TYPE_ANY};

#define ASK_ROW(key, action, help) {#key, POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_##key, help},
static const struct policy_key fixture_rows[] = {
    POLICY_FIXTURE_ASKS(ASK_ROW){"args", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_args,
	"the call's arguments", .item = &value_item},
    {"event", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_event, "what the trigger says"},
    {"input", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_input, "the payload that woke the Skill",
	.item = &value_item},
    {"depth", POLICY_OPTIONAL, POLICY_TYPE_INTEGER, read_depth,
	"how deep the sub-agent would stand; 1, under a run that a trigger woke, where it does not "
	"say",
	1, DEPTH_MAX},
    {"grant", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_grant, "a tool that it is to have"},
    {"provider", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_provider, "of the model"},
    {"region", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_region, "where the model runs"},
    {"used", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_used, "what was used up before it",
	.rows = used_rows, .within = fixture_of},
    {"workspace", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_workspace,
	"who asks; " POLICY_FIXTURE_WORKSPACE " where it does not say",
	.pattern = POLICY_PATTERN_WORKSPACE},
    {"expect", POLICY_REQUIRED, POLICY_TYPE_TEXT, read_expect, "allow, or a typed error",
	.words = outcomes},
    {"rule", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_rule, "what must decide"},
    {"why", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_why, "for people"},
    {0},
};

const struct policy_key policy_fixture_item = {.type = POLICY_TYPE_MAP, .rows = fixture_rows};

/* What the keys of one fixture must be together. */
static void
check(struct policy_reader *reader, const struct yaml_node *item, const struct reading *reading)
{
	enum policy_action action = reading->fixture->request.action;

	if (reading->asked == NULL) {
#define ASK_WORD(key, action, help) " " #key
		policy_read_problem(reader, item, NULL,
		    "the test asks nothing; expected one of:" POLICY_FIXTURE_ASKS(ASK_WORD));
		return;
	}
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		bool owned = (fields[i].asks & 1U << action) != 0;

		if (!owned && reading->fields[i] != NULL)
			policy_read_problem(reader, reading->fields[i], NULL,
			    "\"%s\" belongs to %s; leave it out", fields[i].key, fields[i].owners);
		if (owned && fields[i].need && reading->fields[i] == NULL)
			policy_read_problem(reader, reading->asked, NULL,
			    "a %s without its %s; add %s:", reading->asked->text, fields[i].key,
			    fields[i].key);
	}
}

static void
read_fixture(
    struct policy_reader *reader, const struct yaml_node *item, struct policy_fixture *fixture)
{
	struct reading reading = {.fixture = fixture};
	uint32_t before = reader->problems->count;

	*fixture = (struct policy_fixture){.place = item->place,
	    .request = {.workspace = POLICY_FIXTURE_WORKSPACE,
		.input = &fixture->input,
		.usage = &fixture->usage},
	    .args = {.type = VALUE_MAP},
	    .input = {.type = VALUE_MAP},
	    .why = ""};
	policy_read_map(reader, item, "a test", fixture_rows, &reading);
	if (reader->problems->count != before)
		return;
	check(reader, item, &reading);
	if (fixture->request.action == POLICY_TOOL)
		fixture->request.args = &fixture->args;
	if (fixture->request.action == POLICY_SUBAGENT && fixture->request.depth == 0)
		fixture->request.depth = 1;
}

void
policy_read_fixtures(
    struct policy_reader *reader, const struct yaml_node *key, struct policy *policy)
{
	struct policy_fixture *fixtures =
	    policy_read_alloc(reader, key->value->count, sizeof(*fixtures));
	uint32_t n = 0;

	if (fixtures == NULL)
		return;
	for (const struct yaml_node *item = key->value->child; item != NULL; item = item->next)
		read_fixture(reader, item, &fixtures[n++]);
	policy->fixtures = fixtures;
	policy->fixture_count = n;
}
