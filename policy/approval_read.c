/* Approvals: which calls a person must approve first, who, and until when. */
#include <stdio.h>

#include "common/id.h"
#include "policy/constraint.h"
#include "policy/rule_read.h"

enum { ARGS_MAX = 32, WORDS_MAX = 256 };

#define POLICY_MINUTE (60 * POLICY_SECOND)

/* An approval being read. */
struct reading {
	const struct policy *policy;
	struct policy_approval *approval;
	const struct yaml_node *args, *by;
};

static void
unknown_tool(
    struct policy_reader *reader, const struct yaml_node *value, const struct policy *policy)
{
	const char *names[POLICY_APPROVALS_MAX + 1] = {NULL};

	for (uint32_t i = 0; i < policy->allowed_count && i < POLICY_APPROVALS_MAX; i++)
		names[i] = policy->allowed[i]->tool.name;
	policy_read_unknown(reader, value, names,
	    "the approval can never be asked for: no rule allows the tool \"%s\"", value->text);
}

static void
when_tool(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct reading *reading = into;
	const struct policy_tool_rule *rule =
	    policy_tool_rule_find(reading->policy, key->value->text);

	if (rule == NULL || !rule->allow || rule->deny) {
		unknown_tool(reader, key->value, reading->policy);
		return;
	}
	reading->approval->tool = rule->tool.name;
}

static void
when_args(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct reading *)into)->args = key;
}

static void
confidence_below(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_approval *approval = ((struct reading *)into)->approval;

	approval->has_below = true;
	approval->below = policy_read_scalar(reader, key->value);
}

static const struct policy_key confidence_rows[] = {
    {"below", POLICY_REQUIRED, POLICY_TYPE_FRACTION, confidence_below,
	"what the Skill says of itself, which may only ask for more: none counts as below", 1,
	POLICY_MILLION},
    {0},
};

static const struct policy_key argument_item = {
    .type = POLICY_TYPE_MAP, .min = 1, .rows = policy_constraint_rows};

static const struct policy_key when_rows[] = {
    {"tool", POLICY_REQUIRED, POLICY_TYPE_TEXT, when_tool, "calls of this tool",
	.pattern = POLICY_PATTERN_TOOL},
    {"args", POLICY_OPTIONAL, POLICY_TYPE_MAP, when_args, "whose arguments are all like this", 1,
	ARGS_MAX, .item = &argument_item, .pattern = POLICY_PATTERN_ARGUMENT},
    {"confidence", POLICY_OPTIONAL, POLICY_TYPE_MAP, NULL, "and of which the Skill is not sure",
	.rows = confidence_rows, .within = policy_within_same},
    {0},
};

static void
by_group(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	((struct reading *)into)->approval->group = policy_read_copy(reader, key->value->text);
}

static void
by_person(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	((struct reading *)into)->approval->person = policy_read_copy(reader, key->value->text);
}

static void
by_not(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	if (strcmp(key->value->text, "run_initiator") != 0)
		policy_read_problem(reader, key->value, NULL,
		    "\"%s\" cannot be left out; expected: run_initiator", key->value->text);
	((struct reading *)into)->approval->not_initiator = true;
}

static const char *const not_words[] = {"run_initiator", NULL};

static const struct policy_key by_rows[] = {
    {"group", POLICY_OPTIONAL, POLICY_TYPE_TEXT, by_group, "anybody of this group"},
    {"person", POLICY_OPTIONAL, POLICY_TYPE_TEXT, by_person, "this person"},
    {"not", POLICY_OPTIONAL, POLICY_TYPE_TEXT, by_not, "who may not, although of the group",
	.words = not_words},
    {0},
};

static void
read_by(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct reading *)into)->by = key;
}

static void
read_expires(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	(void)reader;
	((struct reading *)into)->approval->expires_ns = key->value->number;
}

static const struct policy_key approval_rows[] = {
    {"when", POLICY_REQUIRED, POLICY_TYPE_MAP, NULL, "the calls that it is about",
	.rows = when_rows, .within = policy_within_same},
    {"by", POLICY_REQUIRED, POLICY_TYPE_MAP, read_by, "who approves", .rows = by_rows,
	.within = policy_within_same},
    {"expires", POLICY_REQUIRED, POLICY_TYPE_DURATION, read_expires,
	"how long it may be answered; expired is not denied", POLICY_MINUTE, 30 * POLICY_DAY},
    {0},
};

const struct policy_key policy_approval_item = {.type = POLICY_TYPE_MAP, .rows = approval_rows};

/* Constraints on arguments that a call may have at all. */
static void
read_args(struct policy_reader *reader, struct reading *reading)
{
	const struct policy_tool_rule *rule =
	    policy_tool_rule_find(reading->policy, reading->approval->tool);
	struct policy_constraint *items =
	    policy_read_alloc(reader, reading->args->value->count, sizeof(*items));
	uint32_t n = 0;

	for (const struct yaml_node *key = reading->args->value->child;
	     key != NULL && items != NULL; key = key->next) {
		const struct policy_property *property =
		    policy_schema_property(&rule->schema, key->text, key->length);

		if (property == NULL ||
		    policy_constraint_find(&rule->arguments, key->text, key->length) == NULL) {
			policy_read_problem(reader, key, NULL,
			    "the approval can never be asked for: the rule for \"%s\" allows no "
			    "argument \"%s\"",
			    rule->tool.name, key->text);
			continue;
		}
		policy_read_constraint(reader, key->value, key->text, &property->schema, &items[n]);
		items[n].name = property->name;
		items[n].line = key->place.line;
		items[n++].rule = "approval";
	}
	policy_constraints_sort(items, n);
	reading->approval->args = (struct policy_constraints){.items = items, .count = n};
}

static void
read_approval(struct policy_reader *reader, const struct yaml_node *item, struct reading *reading)
{
	struct policy_approval *approval = reading->approval;
	uint32_t before = reader->problems->count;
	char expires[POLICY_AMOUNT_MAX];

	approval->line = item->place.line;
	policy_read_map(reader, item, "an approval", approval_rows, reading);
	if (reader->problems->count != before || reader->out_of_memory)
		return;
	if ((approval->group != NULL) == (approval->person != NULL))
		policy_read_problem(
		    reader, reading->by, NULL, "by needs either a group or a person");
	if (reading->args != NULL)
		read_args(reader, reading);
	policy_quantity_text(expires, POLICY_TYPE_DURATION, approval->expires_ns);
	approval->allowed = policy_read_format(reader, "%s %s%s within %s",
	    approval->group != NULL ? "somebody of the group" : "the person",
	    approval->group != NULL ? approval->group : approval->person,
	    approval->not_initiator ? ", not who started the run," : "", expires);
}

void
policy_read_approvals(
    struct policy_reader *reader, const struct yaml_node *key, struct policy *policy)
{
	struct policy_approval *items =
	    policy_read_alloc(reader, key->value->count, sizeof(*items));
	uint32_t n = 0;

	if (items == NULL)
		return;
	for (const struct yaml_node *item = key->value->child; item != NULL; item = item->next) {
		struct reading reading = {.policy = policy, .approval = &items[n++]};

		read_approval(reader, item, &reading);
	}
	policy->approvals = (struct policy_approvals){.items = items, .count = n};
	policy_read_feature(policy, POLICY_FEATURE_APPROVAL, key->place.line);
}
