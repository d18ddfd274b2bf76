/* What a run, and what all runs of a day, may use up. */
#include "policy/amount.h"
#include "policy/rule_read.h"

#define UNIT_INTEGER POLICY_UNIT_COUNT
#define UNIT_MONEY POLICY_UNIT_MILLIONTHS

void
policy_read_quota(struct policy_reader *reader, struct policy_quota *quota, uint64_t most,
    enum policy_unit unit, const char *words)
{
	char amount[POLICY_AMOUNT_MAX];

	policy_amount_text(amount, unit, most);
	quota->most = most;
	quota->text = policy_read_format(reader, "%s %s", amount, words);
}

/* A budget of one key, by its row. */
#define BUDGET_HANDLER(name, window, key, type, most, feature, unit, help)                     \
	static void read_##window##_##key(                                                     \
	    struct policy_reader *reader, const struct yaml_node *node, void *into)            \
	{                                                                                      \
		struct policy *policy = into;                                                  \
		struct policy_quota *quota = &policy->skill.budget[POLICY_BUDGET_##name];      \
                                                                                               \
		quota->line = node->place.line;                                                \
		quota->rule = "budget." #window "." #key;                                      \
		policy_read_quota(                                                             \
		    reader, quota, node->value->number, UNIT_##type, unit " of one " #window); \
		policy_read_feature(policy, POLICY_FEATURE_##feature, node->place.line);       \
	}
POLICY_BUDGETS(BUDGET_HANDLER)

#define BUDGET_ROW(name, window, key, type, most, feature, unit, help) \
	{#key, POLICY_OPTIONAL, POLICY_TYPE_##type, read_##window##_##key, help, 1, (most)},

static void
run_wall(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	struct policy_skill *skill = &((struct policy *)into)->skill;

	(void)reader;
	skill->cell.limits.wall_ns = key->value->number;
	skill->wall_line = key->place.line;
}

static const struct policy_key run_rows[] = {
    POLICY_RUN_BUDGETS(BUDGET_ROW){"wall", POLICY_OPTIONAL, POLICY_TYPE_DURATION, run_wall,
	"one run, from start to kill", POLICY_SECOND / 1000, POLICY_DAY},
    {0},
};

static const struct policy_key day_rows[] = {POLICY_DAY_BUDGETS(BUDGET_ROW){0}};

const struct policy_key policy_budget_rows[] = {
    {"run", POLICY_OPTIONAL, POLICY_TYPE_MAP, NULL, "of one run", .rows = run_rows,
	.within = policy_within_same, .what = "budget.run"},
    {"day", POLICY_OPTIONAL, POLICY_TYPE_MAP, NULL, "of all runs of a day, in UTC",
	.rows = day_rows, .within = policy_within_same, .what = "budget.day"},
    {0},
};

/* Of each: the budget of a run, and that of a day. */
static const enum policy_budget pairs[][2] = {
    {POLICY_BUDGET_RUN_CALLS, POLICY_BUDGET_DAY_CALLS},
    {POLICY_BUDGET_RUN_TOKENS, POLICY_BUDGET_DAY_TOKENS},
    {POLICY_BUDGET_RUN_USD, POLICY_BUDGET_DAY_USD},
};

void
policy_read_budget(struct policy_reader *reader, const struct yaml_node *key, void *into)
{
	const struct policy_quota *budget = ((struct policy_loading *)into)->policy->skill.budget;

	for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++) {
		const struct policy_quota *run = &budget[pairs[i][0]], *day = &budget[pairs[i][1]];

		/* A default is no promise that the file makes. */
		if (run->line > 0 && day->line > 0 && run->most > day->most)
			policy_read_problem(reader, key, NULL,
			    "%s can never be reached: %s (line %u) gives less, %s", run->rule,
			    day->rule, day->line, day->text);
	}
}

#define WORD(x) #x
#define WORD_OF(x) WORD(x)

void
policy_budget_defaults(struct policy *policy)
{
	policy->skill.budget[POLICY_BUDGET_RUN_CALLS] =
	    (struct policy_quota){.most = POLICY_CALLS_DEFAULT,
		.rule = "budget.run.calls",
		.text = WORD_OF(POLICY_CALLS_DEFAULT) " calls of one run"};
}
