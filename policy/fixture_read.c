/* The tests of a policy file: what each asks, and what it expects. */
#include "common/id.h"
#include "policy/rule_read.h"

/* A fixture being read, and the keys that only some of them may have. */
struct reading {
	struct policy_fixture *fixture;
	const struct yaml_node *asked, *args, *event, *used;
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

	reading->args = key;
	if (policy_read_tree(reader, key->value, &reading->fixture->args))
		reading->fixture->request.args = &reading->fixture->args;
}

static void
read_input(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	if (!policy_read_tree(reader, key->value, &((struct reading *)into)->fixture->input))
		((struct reading *)into)->fixture->input = (struct value){.type = VALUE_MAP};
}

static void
read_event(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;

	reading->event = key;
	reading->fixture->request.event = policy_read_copy(reader, key->value->text);
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

enum { USED_MAX = 1000000000 };

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
	((struct reading *)into)->used = key;
}

static const struct policy_key value_item = {.type = POLICY_TYPE_ANY};

#define ASK_ROW(key, action, help) {#key, POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_##key, help},
static const struct policy_key fixture_rows[] = {
    POLICY_FIXTURE_ASKS(ASK_ROW){"args", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_args,
	"the call's arguments", .item = &value_item},
    {"event", POLICY_OPTIONAL, POLICY_TYPE_TEXT, read_event, "what the trigger says"},
    {"input", POLICY_OPTIONAL, POLICY_TYPE_MAP, read_input, "the payload that woke the Skill",
	.item = &value_item},
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
	if (action == POLICY_TRIGGER && reading->event == NULL)
		policy_read_problem(
		    reader, reading->asked, NULL, "a trigger without its event; add event:");
	if (action != POLICY_TRIGGER && reading->event != NULL)
		policy_read_problem(
		    reader, reading->event, NULL, "\"event\" belongs to \"trigger\"; leave it out");
	if (action != POLICY_TOOL && reading->used != NULL)
		policy_read_problem(
		    reader, reading->used, NULL, "\"used\" belongs to \"call\"; leave it out");
	if (action != POLICY_TOOL && reading->args != NULL)
		policy_read_problem(
		    reader, reading->args, NULL, "\"args\" belongs to \"call\"; leave it out");
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
