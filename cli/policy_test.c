/* praxa policy test: whether a policy decides its own fixtures as they say, what they leave out,
 * and which fixtures are missing. */
#include "cli/policy_test.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/policy_common.h"

enum { LINE_MAX_SHOWN = 160, SHOWN_MAX = 2048, SCORE_NONE = 0, SCORE_MOST = 100 };

static enum err
on_min_score(void *context, const char *value, struct fault *fault)
{
	char *end = NULL;
	unsigned long percent = strtoul(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end != '\0' || percent > SCORE_MOST)
		return fault_set(
		    fault, ERR_PROTOCOL, "--min-score takes a whole number from 0 to 100");
	((struct policy_options *)context)->min_score = (uint32_t)percent;
	return ERR_OK;
}

const struct args_option policy_test_rows[] = {
    {"min-score", 0, "PERCENT", "exit code 1 when the mutation score is below", on_min_score},
    {"json", 'j', NULL, "print one JSON object", policy_on_json},
    {"help", 'h', NULL, "this text", policy_on_help},
    {0},
};

static void
print_line(const struct policy_testing *t, uint32_t line)
{
	char text[LINE_MAX_SHOWN];

	policy_common_line(&t->file, line, text, sizeof(text));
	printf("%6u | %s\n", line, text);
}

/* A failed fixture as a compiler shows a problem, then the rule that decided. */
static void
print_failure(const struct policy_testing *t, const struct policy_fixture *fixture,
    const struct policy_decision *decision)
{
	struct policy_problems problems = {0};
	struct fault fault = {0};
	char text[SHOWN_MAX];
	bool denied = policy_fault(&fixture->request, decision, &fault) != ERR_OK;

	policy_problem_add(&problems, &t->file, fixture->place, fixture->why,
	    "expected %s%s%s, got %s%s%s", policy_fixture_expected(fixture->expected),
	    fixture->rule != NULL ? " by " : "", fixture->rule != NULL ? fixture->rule : "",
	    denied ? err_name(decision->code) : "allow", denied ? ": " : "",
	    denied ? fault.message : "");
	policy_problem_text(text, sizeof(text), &problems.items[0]);
	fputs(text, stdout);
	if (decision->line == 0)
		return;
	printf("  %s:%u: decided by %s\n", t->path, decision->line, decision->rule);
	print_line(t, decision->line);
}

static void
print_failures(const struct policy_testing *t)
{
	const struct policy_fixture *fixture;

	for (uint32_t i = 0; (fixture = policy_fixture(t->policy, i)) != NULL; i++) {
		struct policy_fixture_result result = policy_fixture_run(t->policy, fixture);

		if (!result.passed)
			print_failure(t, fixture, &result.decision);
	}
}

static void
print_uncovered(const struct policy_testing *t)
{
	for (uint32_t i = 0; i < t->coverage.count; i++) {
		const struct policy_covered *item = &t->coverage.items[i];

		if (policy_covered_is_whole(item))
			continue;
		printf("%s:%u: %s, %s: no test %s\n", t->path, item->line, item->rule, item->part,
		    !item->passes && (!item->fails || !item->has_failing) ? "reaches it"
		    : item->passes                                        ? "fails it"
									  : "passes it");
	}
}

/* The number of a fixture among those that are proposed; 0: none. */
static uint32_t
number_of(const struct policy_score *score, const struct policy_fixture *killer)
{
	for (uint32_t i = 0; killer != NULL && i < score->killer_count; i++)
		if (score->killers[i] == killer)
			return i + 1;
	return 0;
}

static void
print_survivors(const struct policy_testing *t)
{
	const struct policy_score *score = &t->score;

	for (uint32_t i = 0; i < score->survivor_count; i++) {
		const struct policy_survivor *survivor = &score->survivors[i];
		uint32_t number = number_of(score, survivor->killer);

		printf("%s:%u: no test notices: %s, %s%s", t->path, survivor->line, survivor->rule,
		    survivor->change, survivor->opens ? " (it opens something)" : "");
		if (number > 0)
			printf("; test %u would\n", number);
		else
			printf("; no test was found that would\n");
	}
	if (score->survived > score->survivor_count)
		printf("... and %u more\n", score->survived - score->survivor_count);
}

static void
print_killers(const struct policy_score *score)
{
	if (score->killer_count > 0)
		printf("tests that would notice; they hold for the policy as it is, so read them "
		       "before you add them:\n");
	for (uint32_t i = 0; i < score->killer_count; i++) {
		SCOPED_FREE char *text = policy_fixture_text(score->killers[i]);

		if (text != NULL && strlen(text) > SHOWN_MAX)
			printf(
			    "  # %u has %zu characters; --json prints it\n", i + 1, strlen(text));
		else if (text != NULL)
			printf("  - %s  # %u\n", text, i + 1);
		else
			printf("  # %u has a value that a policy file cannot spell\n", i + 1);
	}
}

static void
print_text(const struct policy_testing *t)
{
	const struct policy_score *score = &t->score;
	uint32_t count = policy_fixture_count(t->policy);

	print_failures(t);
	print_uncovered(t);
	print_survivors(t);
	print_killers(score);
	printf("%s: %u test%s, %u failed\n", t->path, count, count == 1 ? "" : "s", t->failed);
	printf("coverage: %u of %u rules and operators\n", t->coverage.covered, t->coverage.count);
	printf("mutation score: %u %%: %u of %u changes noticed", score->percent, score->killed,
	    score->mutants - score->harmless);
	if (score->harmless > 0)
		printf(", %u more change no decision", score->harmless);
	if (score->untried > 0)
		printf(", %u not tried: too many tests for so many rules", score->untried);
	if (score->unsearched > 0)
		printf(", for %u no test was looked for: too many", score->unsearched);
	putchar('\n');
}

/* Runs everything and prints it. Answers an exit code. */
static int
run(const struct policy_options *options, struct policy_testing *t)
{
	const struct policy_fixture *fixture;
	bool printed = true;

	for (uint32_t i = 0; (fixture = policy_fixture(t->policy, i)) != NULL; i++)
		t->failed += !policy_fixture_run(t->policy, fixture).passed;
	if (policy_coverage(t->policy, &t->coverage) != ERR_OK ||
	    policy_score(t->policy, &t->score) != ERR_OK)
		printed = false;
	else if (options->json)
		printed = policy_test_json(t);
	else
		print_text(t);
	if (printed)
		return t->failed > 0 || t->score.percent < options->min_score ? POLICY_EXIT_FOUND
									      : CLI_OK;
	fprintf(stderr, "praxa policy test: out of memory\n");
	return CLI_INTERNAL;
}

int
policy_test_act(const struct policy_options *options)
{
	struct policy_testing t = {.path = options->files[0]};
	struct policy_opened opened;
	int r = policy_common_open_file(t.path, &opened);

	if (r != CLI_OK)
		return r;
	t.policy = opened.source.policy;
	t.file = opened.file;
	r = run(options, &t);
	policy_score_done(&t.score);
	policy_coverage_done(&t.coverage);
	policy_common_close(&opened);
	return r;
}
