/* The linter against brute force, and against what reviewers would ask. */
#include "policy/lint.h"

#include <stdio.h>

#include "policy/constraint.h"
#include "tests/lib/check.h"
#include "tests/lib/fail_nth.h"
#include "tests/policy/fixture.h"
#include "tests/policy/random_policy.h"

/* Random policies: PRAXA_POLICY_PAIRS says how many. */
enum { POLICIES_DEFAULT = 400 };

static struct policy_findings
lint(const struct policy *policy, const char *text)
{
	const struct policy_file file = {.name = "test", .text = text, .length = strlen(text)};
	struct policy_findings findings;

	assert_int_equal(policy_lint(policy, &file, &findings), ERR_OK);
	return findings;
}

/* A policy and the finding that must be, or (count 0) must not be, in it. */
struct claim {
	const char *claim, *text;
	enum policy_lint_rule rule;
	uint32_t count, line;
};

#define TRIGGER(where) "{ source: cli, event: e, where: { " where " } }"
#define TRIGGERS(list) "trigger:\n" list
#define ITEM(where) "  - " TRIGGER(where) "\n"
#define CALL(constraint) \
	FIXTURE_TRIGGER "tools:\n  git.read.diff:\n    allow:\n      commit: " constraint "\n"
#define READ(patterns) FIXTURE_TRIGGER "memory:\n  read:\n" patterns
#define WRITE(patterns) FIXTURE_TRIGGER "memory:\n  write:\n" patterns
#define LLM(rules) FIXTURE_TRIGGER "budget: { run: { tokens: 1 } }\nllm:\n" rules
#define PATTERN(tail) "    - \"ws/{workspace}/" tail "\"\n"
#define L(name) POLICY_LINT_##name
/* A file of its own, without FIXTURE_HEAD. */
#define WEAK                                                                               \
	"policy: 1\nskill: code-review\nowner: { team: t }\n"                              \
	"bundle: { path: skill, digest: "                                                  \
	"sha256:0000000000000000000000000000000000000000000000000000000000000000, run: [ " \
	"/usr/bin/python3 ] }\n"                                                           \
	"sandbox: { profile: python, require: [ seccomp ] }\nmanifests: [ git.tools.yaml ]\n"

/* FIXTURE_HEAD has six lines. */
static const struct claim claims[] = {
    {"a trigger that another one covers",
	TRIGGERS(ITEM("$.a: { prefix: ab }") ITEM("$.a: { prefix: a }")), L(shadowed_trigger), 1,
	8},
    {"of two equal triggers the second",
	TRIGGERS(ITEM("$.a: { prefix: a }") ITEM("$.a: { prefix: a }")), L(shadowed_trigger), 1, 9},
    {"one that two cover",
	TRIGGERS(ITEM("$.a: { range: { min: 0, max: 9 } }") ITEM("$.a: { range: { max: 5 } }")
		ITEM("$.a: { range: { min: 5 } }")),
	L(redundant_trigger), 1, 8},
    {"one that two nearly cover",
	TRIGGERS(ITEM("$.a: { range: { min: 0, max: 9 } }") ITEM("$.a: { range: { max: 5 } }")
		ITEM("$.a: { range: { min: 6 } }")),
	L(redundant_trigger), 0, 0},
    {"two that overlap", TRIGGERS(ITEM("$.a: { prefix: a }") ITEM("$.a: { suffix: b }")),
	L(overlapping_triggers), 1, 9},
    {"two that do not", TRIGGERS(ITEM("$.a: { prefix: a }") ITEM("$.a: { prefix: b }")),
	L(overlapping_triggers), 0, 0},
    {"operators that exclude each other", TRIGGERS(ITEM("$.a: { prefix: a, glob: \"b*\" }")),
	L(unreachable_trigger), 1, 8},
    {"paths that exclude each other", TRIGGERS(ITEM("$.a: { eq: x }, $.a.b: { eq: x }")),
	L(unreachable_trigger), 1, 8},
    {"an event that stands there twice", "trigger: [ { source: cli, event: [ e, f, e ] } ]\n",
	L(redundant_event), 1, 7},
    {"a deny beside an allow",
	FIXTURE_TRIGGER "tools:\n  git.push:\n    allow: { remote: { type: string } }\n"
			"    deny: always\n",
	L(dead_allow), 1, 10},
    {"arguments that exclude each other", CALL("{ prefix: a, suffix: b, len: { max: 1 } }"),
	L(unreachable_allow), 1, 10},
    {"a trigger that never brings the field",
	TRIGGERS(ITEM("$.commit: { absent: true }")) "tools:\n  git.read.diff:\n    allow:\n"
						     "      commit: { equals_trigger: $.commit }\n",
	L(unreachable_allow), 1, 11},
    {"a trigger whose field is another",
	TRIGGERS(ITEM(
	    "$.commit: { eq: abc }")) "tools:\n  git.read.diff:\n    allow:\n"
				      "      commit: { equals_trigger: $.commit, prefix: x }\n",
	L(unreachable_allow), 1, 11},
    {"a trigger that may bring it",
	TRIGGERS(ITEM(
	    "$.commit: { eq: abc }")) "tools:\n  git.read.diff:\n    allow:\n"
				      "      commit: { equals_trigger: $.commit, prefix: a }\n",
	L(unreachable_allow), 0, 0},
    {"an optional argument without a value",
	CALL("{ eq: a }") "      paths: { each: { prefix: a, suffix: b, len: { max: 1 } }, len: { "
			  "min: 1 }, optional: "
			  "true }\n",
	L(unreachable_argument), 1, 12},
    {"arguments that nobody may use", CALL("{ eq: a }"), L(unnamed_argument), 1, 10},
    {"any text", CALL("{ type: string }"), L(unconstrained_argument), 1, 11},
    {"any text within the schema", CALL("{ len: { max: 64 } }"), L(unconstrained_argument), 1, 11},
    {"not any text", CALL("{ len: { max: 63 } }"), L(unconstrained_argument), 0, 0},
    {"a field that no trigger constrains", CALL("{ equals_trigger: $.commit }"), L(unchecked_field),
	1, 11},
    {"a field that each trigger constrains",
	TRIGGERS(ITEM("$.commit: { glob: \"*\" }")) "tools:\n  git.read.diff:\n    allow:\n"
						    "      commit: { equals_trigger: $.commit }\n",
	L(unchecked_field), 0, 0},
    {"a variable that no trigger constrains", WRITE(PATTERN("r/{repo}/**")), L(unchecked_field), 1,
	10},
    {"a manifest that no rule needs", FIXTURE_TRIGGER, L(unused_manifest), 1, 6},
    {"a manifest that one does", CALL("{ eq: a }"), L(unused_manifest), 0, 0},
    {"a manifest that is not pinned", CALL("{ eq: a }"), L(unpinned_manifest), 1, 6},
    {"a pattern of everything beside a prefix", CALL("{ prefix: a, glob: \"**\" }"),
	L(useless_operator), 1, 11},
    {"a length wider than the schema's", CALL("{ prefix: a, len: { max: 65 } }"),
	L(useless_operator), 1, 11},
    {"a length within it", CALL("{ prefix: a, len: { max: 63 } }"), L(useless_operator), 0, 0},
    {"a prefix that the pattern implies", CALL("{ prefix: a, glob: \"ab*\" }"), L(useless_operator),
	1, 11},
    {"a pattern of everything alone", CALL("{ glob: \"**\" }"), L(useless_operator), 1, 11},
    {"a pattern of everything in where", TRIGGERS(ITEM("$.a: { glob: \"**\" }")),
	L(useless_operator), 0, 0},
    {"a length of items",
	CALL("{ eq: a }") "      paths: { each: { prefix: a, len: { max: 200 } } }\n",
	L(useless_operator), 1, 12},
    {"a type that the manifest says", CALL("{ type: string, prefix: a }"), L(useless_type), 1, 11},
    {"a type that a pattern says", TRIGGERS(ITEM("$.a: { type: string, glob: \"*\" }")),
	L(useless_type), 1, 8},
    {"optional where the tool insists", CALL("{ eq: a, optional: true }"), L(useless_optional), 1,
	11},
    {"absent where nothing would do", CALL("{ eq: a }") "      context: { absent: true }\n",
	L(useless_absent), 1, 12},
    {"a value that another operator refuses", CALL("{ in: [ a, bb ], len: { max: 1 } }"),
	L(unreachable_value), 1, 11},
    {"a value twice", CALL("{ in: [ a, b, a ] }"), L(repeated_value), 1, 11},
    {"a list of one", CALL("{ in: [ a ] }"), L(single_value), 1, 11},
    {"a pattern whose variable no trigger fills",
	TRIGGERS(ITEM("$.repo: { type: integer }")) "memory:\n  read:\n" PATTERN("{repo}"),
	L(unreachable_pattern), 1, 11},
    {"a pattern whose variable one fills",
	TRIGGERS(ITEM("$.repo: { type: string }")) "memory:\n  read:\n" PATTERN("{repo}"),
	L(unreachable_pattern), 0, 0},
    {"a pattern that another one covers", READ(PATTERN("a/*") PATTERN("a/**")), L(shadowed_pattern),
	1, 10},
    {"a pattern that two cover", READ(PATTERN("a*") PATTERN("a") PATTERN("a*b") PATTERN("a**")),
	L(shadowed_pattern), 3, 10},
    {"a pattern that two together cover", READ(PATTERN("r/*") PATTERN("r/*/**") PATTERN("r/**")),
	L(redundant_pattern), 1, 12},
    {"patterns side by side", READ(PATTERN("a/*") PATTERN("b/**")), L(shadowed_pattern), 0, 0},
    {"the whole workspace", READ(PATTERN("**")), L(whole_workspace), 1, 10},
    {"written and not read", WRITE(PATTERN("a/**")), L(write_without_read), 1, 10},
    {"written and read", READ(PATTERN("a/**")) "  write: [ \"ws/{workspace}/a/{repo}\" ]\n",
	L(write_without_read), 0, 0},
    {"a model that another pattern opens",
	LLM("  - { provider: anthropic, models: [ claude-*, claude-sonnet ] }\n"),
	L(redundant_model), 1, 10},
    {"a model that two rules open together",
	LLM("  - { provider: bedrock, region: [ r1, r2 ], models: a* }\n"
	    "  - { provider: bedrock, region: r1, models: [ ab, b ] }\n"),
	L(redundant_model), 1, 11},
    {"a model in a region of its own",
	LLM("  - { provider: bedrock, region: r1, models: a* }\n"
	    "  - { provider: bedrock, region: r2, models: ab }\n"),
	L(redundant_model), 0, 0},
    {"every model", LLM("  - { provider: anthropic, models: \"*\" }\n"), L(any_model), 1, 10},
    {"more calls of a tool than of the run", CALL("{ eq: a }") "    limits: { per_run: 40 }\n",
	L(useless_limit), 1, 12},
    {"fewer calls of a tool than of the run", CALL("{ eq: a }") "    limits: { per_run: 39 }\n",
	L(useless_limit), 0, 0},
    {"a run that may use up the day", FIXTURE_TRIGGER "budget: { day: { calls: 40, usd: 1.00 } }\n",
	L(day_in_one_run), 2, 8},
    {"a run that may not", FIXTURE_TRIGGER "budget: { day: { calls: 41 } }\n", L(day_in_one_run), 0,
	0},
    {"a budget that holds anyway", FIXTURE_TRIGGER "budget: { run: { calls: 40 } }\n",
	L(default_limit), 1, 8},
    {"a budget that does not", FIXTURE_TRIGGER "budget: { run: { calls: 41 } }\n", L(default_limit),
	0, 0},
    {"a cell that starts with less", WEAK FIXTURE_TRIGGER, L(weak_require), 1, 5},
    {"a question too large to decide", TRIGGERS(ITEM("$.a: { len: { min: 2000000 } }")),
	L(undecided), 1, 8},
};

static void
lint_finds_what_a_reviewer_would(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
		const struct claim *c = &claims[i];
		struct policy_findings findings;
		struct policy *policy;
		uint32_t count = 0, line = 0;
		char text[2048];

		snprintf(text, sizeof(text), "%s%s",
		    strncmp(c->text, "policy:", 7) == 0 ? "" : FIXTURE_HEAD, c->text);
		policy = fixture_policy(text);
		findings = lint(policy, text);
		for (uint32_t j = 0; j < findings.count; j++) {
			if (findings.items[j].rule != c->rule)
				continue;
			line = count == 0 ? findings.items[j].problem.line : line;
			count++;
		}
		if (count != c->count || line != c->line)
			fail_msg("%s: %u of %s, the first on line %u", c->claim, count,
			    policy_lint_name(c->rule), line);
		policy_findings_done(&findings);
		policy_free(&policy);
	}
}

/* Every rule has a claim above that finds it. */
static void
lint_rules_are_all_tried(void **state)
{
	uint64_t tried = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
		if (claims[i].count > 0)
			tried |= UINT64_C(1) << claims[i].rule;
	for (unsigned rule = 0; rule < POLICY_LINT_COUNT; rule++)
		if ((tried >> rule & 1) == 0)
			fail_msg(
			    "no claim finds %s", policy_lint_name((enum policy_lint_rule)rule));
}

/* A policy, and itself without what the findings call superfluous. */
struct reduced {
	const struct policy *whole;
	struct policy less;
	struct policy_trigger_rule triggers[POLICY_TRIGGERS_MAX];
	struct policy_tool_rule tool;
	struct policy_constraint constraints[64];
	struct policy_test tests[256];
	struct policy_pattern patterns[2][POLICY_PATTERNS_MAX];
	const char *events[256];
	uint32_t constraint_count, test_count, event_count;
	/* Only what a trigger lets in can wake a Skill. */
	bool only_woken;
	const char *wrong;
};

static const struct policy_finding *
find(const struct policy_findings *findings, uint64_t rules, uint32_t line, uint32_t column)
{
	for (uint32_t i = 0; i < findings->count; i++) {
		const struct policy_finding *f = &findings->items[i];

		if ((rules >> f->rule & 1) != 0 && f->problem.line == line &&
		    (column == 0 || f->problem.column == column))
			return f;
	}
	return NULL;
}

#define BIT(name) (UINT64_C(1) << POLICY_LINT_##name)

/* True where a finding on the constraint's line says to remove the test's operator. */
static bool
is_superfluous(const struct policy_findings *findings, const struct policy_constraint *constraint,
    const struct policy_test *test)
{
	const char *name = policy_operator_name(test->operator);

	for (uint32_t i = 0; i < findings->count; i++) {
		const struct policy_problem *problem = &findings->items[i].problem;
		const char *at = problem->excerpt + problem->column - problem->excerpt_from;

		if (((BIT(useless_operator) | BIT(useless_type)) >> findings->items[i].rule & 1) !=
			0 &&
		    problem->line == constraint->line &&
		    strcmp(problem->suggestion, "remove it") == 0 &&
		    strncmp(at, name, strlen(name)) == 0)
			return true;
	}
	return false;
}

static struct policy_constraints
reduce_constraints(struct reduced *r, const struct policy_findings *findings,
    const struct policy_constraints *whole)
{
	struct policy_constraint *items = &r->constraints[r->constraint_count];

	for (uint32_t i = 0; i < whole->count; i++) {
		items[i] = whole->items[i];
		items[i].tests = &r->tests[r->test_count];
		items[i].count = 0;
		for (uint32_t j = 0; j < whole->items[i].count; j++)
			if (!is_superfluous(findings, &whole->items[i], &whole->items[i].tests[j]))
				r->tests[r->test_count + items[i].count++] =
				    whole->items[i].tests[j];
		r->test_count += items[i].count;
	}
	r->constraint_count += whole->count;
	return (struct policy_constraints){.items = items, .count = whole->count};
}

static void
reduce_triggers(struct reduced *r, const struct policy_findings *findings, uint64_t rules)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->whole->trigger_count; i++) {
		const struct policy_trigger_rule *rule = &r->whole->triggers[i];
		struct policy_trigger_rule *less = &r->triggers[n];

		if (find(findings, rules, rule->line, 0) != NULL)
			continue;
		*less = *rule;
		less->where = reduce_constraints(r, findings, &rule->where);
		less->events = &r->events[r->event_count];
		less->event_count = 0;
		for (uint32_t j = 0; j < rule->event_count; j++) {
			/* "    event: [ e, f ]" */
			uint32_t column = 14 + 3 * j;

			if (find(findings, BIT(redundant_event) & rules, rule->line + 1, column) ==
			    NULL)
				r->events[r->event_count + less->event_count++] = rule->events[j];
		}
		r->event_count += less->event_count;
		n++;
	}
	r->less.triggers = r->triggers;
	r->less.trigger_count = n;
}

/* Patterns of one direction all stand on one line: their columns tell them apart. */
static struct policy_patterns
reduce_patterns(struct reduced *r, const struct policy_findings *findings, uint64_t rules,
    const struct policy_patterns *whole, const char *text, unsigned direction)
{
	struct policy_patterns less = *whole;
	const char *line = text;
	uint32_t column = 0;

	less.items = r->patterns[direction];
	less.count = 0;
	for (uint32_t i = 1; i < whole->section.line; i++)
		line = strchr(line, '\n') + 1;
	for (uint32_t i = 0; i < whole->count; i++) {
		column = (uint32_t)(strchr(line + column, '"') - line);
		if (find(findings, rules, whole->items[i].line, column + 1) == NULL)
			r->patterns[direction][less.count++] = whole->items[i];
		column += 2 + (uint32_t)strlen(whole->items[i].text);
	}
	return less;
}

static void
reduce(struct reduced *r, const struct policy_findings *findings, uint64_t rules, const char *text)
{
	r->less = *r->whole;
	reduce_triggers(r, findings, rules);
	r->tool = r->whole->tools[0];
	r->tool.arguments = reduce_constraints(r, findings, &r->tool.arguments);
	if (r->tool.allow && find(findings, rules, r->tool.allow_line, 0) != NULL)
		r->tool.allow = false;
	r->less.tools = &r->tool;
	r->less.read = reduce_patterns(r, findings, rules, &r->whole->read, text, 0);
	r->less.write = reduce_patterns(r, findings, rules, &r->whole->write, text, 1);
}

static bool
is_woken(const struct policy *policy, const struct value *input)
{
	struct policy_request request = {.action = POLICY_TRIGGER,
	    .workspace = "ws_acme",
	    .name = "cli",
	    .event = "e",
	    .input = input};

	if (policy_decide(policy, &request).verdict != POLICY_DENY)
		return true;
	request.event = "f";
	return policy_decide(policy, &request).verdict != POLICY_DENY;
}

static bool
compare(void *context, const struct policy_request *request)
{
	struct reduced *r = context;

	if (policy_decide(r->whole, request).verdict != policy_decide(&r->less, request).verdict &&
	    (!r->only_woken || is_woken(r->whole, request->input)))
		r->wrong = request->name;
	return r->wrong == NULL;
}

static void
check_policy(unsigned long number, const struct policy *policy, const char *text,
    const struct policy_findings *findings)
{
	static const uint64_t always =
	    BIT(unreachable_trigger) | BIT(shadowed_trigger) | BIT(redundant_trigger) |
	    BIT(redundant_event) | BIT(dead_allow) | BIT(shadowed_pattern) | BIT(redundant_pattern);
	static const uint64_t woken = always | BIT(unreachable_allow) | BIT(unreachable_pattern);

	for (int only_woken = 0; only_woken < 2; only_woken++) {
		struct reduced *r = calloc(1, sizeof(*r));

		assert_non_null(r);
		r->whole = policy;
		r->only_woken = only_woken == 1;
		reduce(r, findings, only_woken == 1 ? woken : always, text);
		random_requests(compare, r);
		if (r->wrong != NULL)
			fail_msg("policy %lu: without what is superfluous \"%s\" differs", number,
			    r->wrong);
		free(r);
	}
}

static void
lint_calls_superfluous_only_what_changes_no_decision(void **state)
{
	const char *wanted = getenv("PRAXA_POLICY_PAIRS"), *from = getenv("PRAXA_POLICY_SEED");
	unsigned long count = wanted != NULL ? strtoul(wanted, NULL, 10) : POLICIES_DEFAULT;
	unsigned long first = from != NULL ? strtoul(from, NULL, 10) : 0;
	unsigned long found[POLICY_LINT_COUNT] = {0};

	(void)state;
	for (unsigned long i = first; i < first + count; i++) {
		struct random random = {.state = i * UINT64_C(0x2545f4914f6cdd1d)};
		struct policy_findings findings;
		char *text = NULL;
		struct policy *policy = random_policy(&random, &text);

		findings = lint(policy, text);
		for (uint32_t j = 0; j < findings.count; j++) {
			const struct policy_finding *f = &findings.items[j];

			found[f->rule]++;
			if (f->has_request &&
			    policy_decide(policy, &f->request).verdict == POLICY_DENY)
				fail_msg("policy %lu: a false example of %s", i,
				    policy_lint_name(f->rule));
		}
		check_policy(i, policy, text, &findings);
		policy_findings_done(&findings);
		policy_free(&policy);
		free(text);
	}
	for (unsigned rule = 0; rule < POLICY_LINT_COUNT; rule++)
		if (found[rule] > 0)
			print_message("# %s: %lu\n", policy_lint_name((enum policy_lint_rule)rule),
			    found[rule]);
	assert_true(found[POLICY_LINT_undecided] * 20 <= count);
}

static bool
lint_once(void *context)
{
	static const char text[] = FIXTURE_HEAD READ(PATTERN("{a}") PATTERN("{b}"));
	const struct policy_file file = {.name = "t", .text = text, .length = sizeof(text) - 1};
	struct policy_findings findings;
	enum err r = policy_lint(context, &file, &findings);

	if (r == ERR_OK)
		policy_findings_done(&findings);
	return r == ERR_OK || r == ERR_INTERNAL;
}

static void
lint_survives_every_failed_allocation(void **state)
{
	struct policy *policy = fixture_policy(FIXTURE_HEAD READ(PATTERN("{a}") PATTERN("{b}")));

	(void)state;
	assert_true(fail_nth_until_ok(FAIL_MEMORY, 0, lint_once, policy) > 5);
	policy_free(&policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lint_finds_what_a_reviewer_would),
	    cmocka_unit_test(lint_rules_are_all_tried),
	    cmocka_unit_test(lint_calls_superfluous_only_what_changes_no_decision),
	    cmocka_unit_test(lint_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
