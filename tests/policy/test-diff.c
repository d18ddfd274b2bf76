/* The differ against brute force, and against examples that reviewers would give. */
#include "policy/diff.h"

#include <stdio.h>

#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"
#include "tests/policy/random_policy.h"

/* Pairs of random policies: PRAXA_POLICY_PAIRS says how many. */
enum { PAIRS_DEFAULT = 300 };

static const struct policy_dimension *
dimension(const struct policy_diff *diff, const char *name)
{
	for (uint32_t i = 0; i < diff->count; i++)
		if (strcmp(diff->items[i].name, name) == 0)
			return &diff->items[i];
	return NULL;
}

static const char *
name_of(enum policy_action action)
{
	static const char *const names[] = {[POLICY_ACTION_NONE] = "",
	    [POLICY_TRIGGER] = "trigger",
	    [POLICY_TOOL] = "tools.t.a",
	    [POLICY_MEMORY_READ] = "memory.read",
	    [POLICY_MEMORY_WRITE] = "memory.write",
	    [POLICY_SUBAGENT] = "subagents.s0.max_depth",
	    [POLICY_MODEL] = "llm"};

	return names[action];
}

struct comparing {
	struct policy *pair[2];
	struct policy_diff diff;
	const char *wrong; /* the first dimension that brute force refutes */
};

/* What usage alone can decide differently. */
static bool
finds_quota(const struct comparing *c, bool new)
{
	static const char *const names[] = {"tools.t.a.limits.per_run", "tools.t.a.limits.per_hour",
	    "tools.t.a.limits.per_day", "budget.run.calls", "budget.day.calls"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		const struct policy_dimension *d = dimension(&c->diff, names[i]);

		if (d != NULL && (new ? &d->opened : &d->closed)->state == POLICY_SIDE_WITNESS)
			return true;
	}
	return false;
}

/* Any of the dimensions of a child. */
static bool
finds_edge(const struct comparing *c, const char *child, bool new)
{
	for (uint32_t i = 0; i < c->diff.count; i++) {
		const struct policy_dimension *d = &c->diff.items[i];

		if (strncmp(d->name, "subagents.", 10) == 0 &&
		    strncmp(d->name + 10, child, strlen(child)) == 0 &&
		    (new ? &d->opened : &d->closed)->state == POLICY_SIDE_WITNESS)
			return true;
	}
	return false;
}

/* What both allow, and only one after asking: for either side its witness, or no proof at least. */
static bool
finds_approval(struct comparing *c, const struct policy_request *request)
{
	const struct policy_dimension *d = dimension(&c->diff, "tools.t.a.approval");

	if (diff_asks_less(c->pair[1], c->pair[0], request) &&
	    (d == NULL || d->opened.state == POLICY_SIDE_NOTHING))
		c->wrong = "an approval less";
	if (diff_asks_less(c->pair[0], c->pair[1], request) &&
	    (d == NULL || d->closed.state == POLICY_SIDE_NOTHING))
		c->wrong = "an approval more";
	return c->wrong == NULL;
}

static bool
is_allowed(const struct policy *policy, const struct policy_request *request, bool used)
{
	struct policy_request unused = *request;

	unused.usage = used ? request->usage : NULL;
	return policy_decide(policy, &unused).verdict != POLICY_DENY;
}

static bool
compare(void *context, const struct policy_request *request)
{
	struct comparing *c = context;
	bool old = policy_decide(c->pair[0], request).verdict != POLICY_DENY;
	bool new = policy_decide(c->pair[1], request).verdict != POLICY_DENY;
	const struct policy_dimension *d;

	if (old && new && request->action == POLICY_TOOL)
		return finds_approval(c, request);
	if (old == new)
		return true;
	if (request->action == POLICY_TOOL && request->usage != NULL &&
	    is_allowed(c->pair[0], request, false) == is_allowed(c->pair[1], request, false)) {
		if (!finds_quota(c, new))
			c->wrong = "a quota";
		return c->wrong == NULL;
	}
	if (request->action == POLICY_SUBAGENT) {
		if (!finds_edge(c, request->name, new))
			c->wrong = "a sub-agent";
		return c->wrong == NULL;
	}
	d = dimension(&c->diff, name_of(request->action));
	if (d == NULL || (new ? &d->opened : &d->closed)->state == POLICY_SIDE_NOTHING)
		c->wrong = name_of(request->action);
	return c->wrong == NULL;
}

/* A witness is what the one allows and the other refuses. */
static bool
is_sound(const struct policy_side *side, const struct policy *allows, const struct policy *refuses)
{
	if (side->state != POLICY_SIDE_WITNESS || !side->has_request)
		return true;
	return policy_decide(allows, &side->request).verdict != POLICY_DENY &&
	       (policy_decide(refuses, &side->request).verdict == POLICY_DENY ||
		   diff_asks_less(allows, refuses, &side->request));
}

static void
diff_agrees_with_brute_force(void **state)
{
	const char *wanted = getenv("PRAXA_POLICY_PAIRS"), *from = getenv("PRAXA_POLICY_SEED");
	unsigned long pairs = wanted != NULL ? strtoul(wanted, NULL, 10) : PAIRS_DEFAULT;
	unsigned long first = from != NULL ? strtoul(from, NULL, 10) : 0;
	unsigned long unknown = 0, witnesses = 0, nothing = 0;

	(void)state;
	for (unsigned long i = first; i < first + pairs; i++) {
		struct random random = {.state = i * UINT64_C(0x2545f4914f6cdd1d)};
		struct comparing c = {.wrong = NULL};

		random_pair(&random, c.pair);
		assert_int_equal(policy_diff(c.pair[0], c.pair[1], &c.diff), ERR_OK);
		for (uint32_t j = 0; j < c.diff.count; j++) {
			const struct policy_dimension *d = &c.diff.items[j];

			if (!is_sound(&d->opened, c.pair[1], c.pair[0]) ||
			    !is_sound(&d->closed, c.pair[0], c.pair[1]))
				fail_msg("pair %lu: a false witness for %s", i, d->name);
		}
		for (enum policy_action a = POLICY_TRIGGER; a < POLICY_ACTION_COUNT; a++) {
			const struct policy_dimension *d = dimension(&c.diff, name_of(a));
			const struct policy_side *sides[] = {
			    d != NULL ? &d->opened : NULL, d != NULL ? &d->closed : NULL};

			for (int j = 0; d != NULL && j < 2; j++) {
				unknown += sides[j]->state == POLICY_SIDE_UNKNOWN;
				witnesses += sides[j]->state == POLICY_SIDE_WITNESS;
				nothing += sides[j]->state == POLICY_SIDE_NOTHING;
				if (sides[j]->state == POLICY_SIDE_UNKNOWN &&
				    getenv("PRAXA_POLICY_VERBOSE") != NULL)
					print_message("pair %lu: %s %d unknown\n", i, d->name, j);
			}
		}
		random_requests(compare, &c);
		if (c.wrong != NULL)
			fail_msg("pair %lu: %s differs, and the diff says it does not", i, c.wrong);
		policy_diff_done(&c.diff);
		policy_free(&c.pair[0]);
		policy_free(&c.pair[1]);
	}
	print_message("# %lu pairs: %lu witnesses, %lu proofs, %lu unknown\n", pairs, witnesses,
	    nothing, unknown);
	assert_true(unknown * 100 <= witnesses + nothing);
}

/* One change of a policy, and what the differ must say about one dimension of it. */
struct change {
	const char *claim, *old, *new, *dimension;
	enum policy_direction direction;
};

#define CALL(constraint) \
	FIXTURE_TRIGGER "tools: { git.read.diff: { allow: { commit: " constraint " } } }\n"
#define LIMITED(limits)                                                                    \
	FIXTURE_TRIGGER                                                                    \
	"tools: { git.read.diff: { allow: { commit: { type: string } }, limits: { " limits \
	" } } }\n"
#define EDGE(child, depth, count, grants)                                                         \
	"subagents: { " child ": { max_depth: " depth ", max_per_run: " count ", grant: [" grants \
	" ] } }\n"
#define LLM(place, models)                                                           \
	FIXTURE_TRIGGER "llm: [ { provider: " place ", models: \"" models "\" } ]\n" \
			"budget: { run: { usd: 1 } }\n"
#define ASKED(more, by, expires)                                                             \
	CALL("{ type: string }")                                                             \
	"approval: [ { when: { tool: git.read.diff" more " }, by: " by ", expires: " expires \
	" } ]\n"
#define WRITE(pattern) FIXTURE_TRIGGER "memory: { write: [ \"ws/{workspace}/" pattern "\" ] }\n"
#define WHERE(constraint) \
	"trigger: [ { source: cli, event: e, where: { $.repo: " constraint " } } ]\n"

static const struct change changes[] = {
    {"** crosses where * does not", WHERE("{ glob: \"acme/*\" }"), WHERE("{ glob: \"acme/**\" }"),
	"trigger", POLICY_WIDENS},
    {"a prefix is a glob", WHERE("{ prefix: \"a/\" }"), WHERE("{ glob: \"a/**\" }"), "trigger",
	POLICY_SAME},
    {"a list against a pattern", WHERE("{ in: [ ab, ac ] }"), WHERE("{ glob: \"a*\" }"), "trigger",
	POLICY_WIDENS},
    {"the other way", WHERE("{ glob: \"a*\" }"), WHERE("{ in: [ ab, b ] }"), "trigger",
	POLICY_BOTH},
    {"two rules cover one",
	"trigger: [ { source: cli, event: e, where: { $.n: { range: { min: 0, max: 9 } } } } ]\n",
	"trigger: [ { source: cli, event: e, where: { $.n: { range: { min: 0, max: 5 } } } }, "
	"{ source: cli, event: e, where: { $.n: { range: { min: 5, max: 9 } } } } ]\n",
	"trigger", POLICY_SAME},
    {"a gap between two rules",
	"trigger: [ { source: cli, event: e, where: { $.n: { range: { min: 0, max: 9 } } } } ]\n",
	"trigger: [ { source: cli, event: e, where: { $.n: { range: { min: 0, max: 5 } } } }, "
	"{ source: cli, event: e, where: { $.n: { range: { min: 5.5, max: 9 } } } } ]\n",
	"trigger", POLICY_NARROWS},
    {"dropping equals_trigger", CALL("{ equals_trigger: $.commit }"), CALL("{ len: { min: 1 } }"),
	"tools.git.read.diff", POLICY_WIDENS},
    {"another field", CALL("{ equals_trigger: $.commit }"), CALL("{ equals_trigger: $.head }"),
	"tools.git.read.diff", POLICY_BOTH},
    {"what the schema says anyway", CALL("{ equals_trigger: $.commit }"),
	CALL("{ equals_trigger: $.commit, len: { max: 64 } }"), "tools.git.read.diff", POLICY_SAME},
    {"one character less than the schema", CALL("{ type: string }"), CALL("{ len: { max: 63 } }"),
	"tools.git.read.diff", POLICY_NARROWS},
    {"a new tool", FIXTURE_TRIGGER, CALL("{ type: string }"), "tools.git.read.diff", POLICY_WIDENS},
    {"a deny", CALL("{ type: string }"),
	FIXTURE_TRIGGER "tools: { git.read.diff: { deny: always } }\n", "tools.git.read.diff",
	POLICY_NARROWS},
    {"a variable for a wildcard", WRITE("r/**"), WRITE("r/{repo}/**"), "memory.write",
	POLICY_NARROWS},
    {"a name for a variable", WRITE("r/{repo}/**"), WRITE("r/pay/**"), "memory.write", POLICY_BOTH},
    {"* and one more segment", WRITE("r/*"), WRITE("r/*/*"), "memory.write", POLICY_BOTH},
    {"more calls", FIXTURE_TRIGGER, FIXTURE_TRIGGER "budget: { run: { calls: 41 } }\n",
	"budget.run.calls", POLICY_WIDENS},
    {"money, a millionth more", FIXTURE_TRIGGER "budget: { run: { usd: 0.5 } }\n",
	FIXTURE_TRIGGER "budget: { run: { usd: 0.500001 } }\n", "budget.run.usd", POLICY_WIDENS},
    {"the same money", FIXTURE_TRIGGER "budget: { day: { usd: 25 } }\n",
	FIXTURE_TRIGGER "budget: { day: { usd: 25.00 } }\n", "budget.day.usd", POLICY_SAME},
    {"a budget where there was none", FIXTURE_TRIGGER,
	FIXTURE_TRIGGER "budget: { run: { tokens: 9 } }\n", "budget.run.tokens", POLICY_NARROWS},
    {"a budget less", FIXTURE_TRIGGER "budget: { day: { calls: 9 } }\n", FIXTURE_TRIGGER,
	"budget.day.calls", POLICY_WIDENS},
    {"a limit of a tool", CALL("{ type: string }"), LIMITED("per_run: 3"),
	"tools.git.read.diff.limits.per_run", POLICY_NARROWS},
    {"a higher one", LIMITED("per_hour: 3"), LIMITED("per_hour: 4"),
	"tools.git.read.diff.limits.per_hour", POLICY_WIDENS},
    {"another child", FIXTURE_TRIGGER, FIXTURE_TRIGGER EDGE("a", "1", "1", ""), "subagents.a",
	POLICY_WIDENS},
    {"a child less", FIXTURE_TRIGGER EDGE("a", "1", "1", ""), FIXTURE_TRIGGER, "subagents.a",
	POLICY_NARROWS},
    {"deeper", FIXTURE_TRIGGER EDGE("a", "1", "1", ""), FIXTURE_TRIGGER EDGE("a", "2", "1", ""),
	"subagents.a.max_depth", POLICY_WIDENS},
    {"fewer of them", FIXTURE_TRIGGER EDGE("a", "1", "3", ""),
	FIXTURE_TRIGGER EDGE("a", "1", "2", ""), "subagents.a.max_per_run", POLICY_NARROWS},
    {"a tool more", CALL("{ type: string }") EDGE("a", "1", "1", ""),
	CALL("{ type: string }") EDGE("a", "1", "1", " git.read.diff"), "subagents.a.grant",
	POLICY_WIDENS},
    {"a newer model only", LLM("anthropic", "claude-*"), LLM("anthropic", "claude-4-*"), "llm",
	POLICY_NARROWS},
    {"** crosses in models, too", LLM("anthropic", "x/*"), LLM("anthropic", "x/**"), "llm",
	POLICY_WIDENS},
    {"a region for another", LLM("bedrock, region: us-east-1", "*"),
	LLM("bedrock, region: eu-west-1", "*"), "llm", POLICY_BOTH},
    {"a region by another rule", LLM("bedrock, region: [ a, b ]", "m*"),
	FIXTURE_TRIGGER "llm: [ { provider: bedrock, region: b, models: \"m*\" }, { provider: "
			"bedrock, region: a, models: [ \"m*\", m1 ] } ]\n"
			"budget: { run: { usd: 1 } }\n",
	"llm", POLICY_SAME},
    {"an approval", CALL("{ type: string }"), ASKED("", "{ group: a }", "4h"),
	"tools.git.read.diff.approval", POLICY_NARROWS},
    {"an approval less", ASKED("", "{ group: a }", "4h"), CALL("{ type: string }"),
	"tools.git.read.diff.approval", POLICY_WIDENS},
    {"another group", ASKED("", "{ group: a }", "4h"), ASKED("", "{ group: b }", "4h"),
	"tools.git.read.diff.approval", POLICY_BOTH},
    {"the initiator, too", ASKED("", "{ group: a, not: run_initiator }", "4h"),
	ASKED("", "{ group: a }", "4h"), "tools.git.read.diff.approval", POLICY_WIDENS},
    {"a longer time", ASKED("", "{ group: a }", "4h"), ASKED("", "{ group: a }", "5h"),
	"tools.git.read.diff.approval", POLICY_WIDENS},
    {"a lower threshold", ASKED(", confidence: { below: 0.6 }", "{ group: a }", "4h"),
	ASKED(", confidence: { below: 0.5 }", "{ group: a }", "4h"), "tools.git.read.diff.approval",
	POLICY_WIDENS},
    {"fewer calls", ASKED(", args: { commit: { glob: \"a*\" } }", "{ group: a }", "4h"),
	ASKED(", args: { commit: { glob: \"ab*\" } }", "{ group: a }", "4h"),
	"tools.git.read.diff.approval", POLICY_WIDENS},
    {"less time", FIXTURE_TRIGGER, FIXTURE_TRIGGER "budget: { run: { wall: 59s } }\n",
	"budget.run.wall", POLICY_NARROWS},
};

static void
diff_says_what_a_reviewer_would(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		char text[2][2048];
		struct policy *pair[2];
		struct policy_diff diff;
		const struct policy_dimension *d;

		snprintf(text[0], sizeof(text[0]), "%s%s", FIXTURE_HEAD, changes[i].old);
		snprintf(text[1], sizeof(text[1]), "%s%s", FIXTURE_HEAD, changes[i].new);
		pair[0] = fixture_policy(text[0]);
		pair[1] = fixture_policy(text[1]);
		assert_int_equal(policy_diff(pair[0], pair[1], &diff), ERR_OK);
		d = dimension(&diff, changes[i].dimension);
		if (d == NULL || policy_dimension_direction(d) != changes[i].direction)
			fail_msg("%s: %s", changes[i].claim,
			    d != NULL ? policy_direction_name(policy_dimension_direction(d))
				      : "no such dimension");
		assert_int_equal(policy_diff_direction(&diff), changes[i].direction);
		assert_int_not_equal(d->opened.state, POLICY_SIDE_UNKNOWN);
		assert_int_not_equal(d->closed.state, POLICY_SIDE_UNKNOWN);
		assert_true(is_sound(&d->opened, pair[1], pair[0]));
		assert_true(is_sound(&d->closed, pair[0], pair[1]));
		policy_diff_done(&diff);
		policy_free(&pair[0]);
		policy_free(&pair[1]);
	}
}

/* A search that grows without end is given up, and that counts as opened. */
static void
diff_counts_what_it_cannot_decide_as_opened(void **state)
{
	static const char old[] = FIXTURE_HEAD
	    "trigger: [ { source: cli, event: e, where: { $.a: { len: { max: 9 } } } } ]\n";
	static const char new[] = FIXTURE_HEAD
	    "trigger: [ { source: cli, event: e, where: { $.a: { len: { min: 2000000 } } } } ]\n";
	struct policy *pair[2] = {fixture_policy(old), fixture_policy(new)};
	const struct policy_dimension *trigger;
	struct policy_diff diff;

	(void)state;
	assert_int_equal(policy_diff(pair[0], pair[1], &diff), ERR_OK);
	trigger = dimension(&diff, "trigger");
	assert_true(trigger != NULL && trigger->opened.state == POLICY_SIDE_UNKNOWN);
	assert_int_equal(policy_diff_direction(&diff), POLICY_BOTH);
	policy_diff_done(&diff);
	policy_free(&pair[0]);
	policy_free(&pair[1]);
}

static bool
diff_once(void *context)
{
	struct policy *const *pair = context;
	struct policy_diff diff;
	enum err r = policy_diff(pair[0], pair[1], &diff);

	if (r == ERR_OK)
		policy_diff_done(&diff);
	return r == ERR_OK || r == ERR_INTERNAL;
}

static void
diff_survives_every_failed_allocation(void **state)
{
	struct policy *pair[2] = {fixture_policy(FIXTURE_HEAD WRITE("r/{repo}/*")),
	    fixture_policy(FIXTURE_HEAD CALL("{ glob: \"a*\" }"))};

	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, diff_once, pair) > 5);
	policy_free(&pair[0]);
	policy_free(&pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(diff_agrees_with_brute_force),
	    cmocka_unit_test(diff_says_what_a_reviewer_would),
	    cmocka_unit_test(diff_counts_what_it_cannot_decide_as_opened),
	    cmocka_unit_test(diff_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
