/* praxa policy lint: what a reviewer would ask about. */
#include "policy/lint.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/policy_common.h"
#include "cli/policy_request.h"
#include "common/json.h"

enum { TEXT_MAX = 2048 };

static enum err
on_fail_on(void *context, const char *value, struct fault *fault)
{
	struct policy_options *options = context;

	options->fail_on_note = strcmp(value, "note") == 0;
	if (!options->fail_on_note && strcmp(value, "warning") != 0)
		return fault_set(fault, ERR_PROTOCOL, "--fail-on takes warning or note");
	return ERR_OK;
}

const struct args_option policy_lint_rows[] = {
    {"fail-on", 0, "LEVEL", "exit code 1 from this level on: warning (default) or note",
	on_fail_on},
    {"json", 'j', NULL, "print one JSON object", policy_on_json},
    {"help", 'h', NULL, "this text", policy_on_help},
    {0},
};

static const char *
level_name(const struct policy_finding *finding)
{
	return policy_lint_level(finding->rule) == POLICY_LINT_WARNING ? "warning" : "note";
}

static void
print_finding(const struct policy_finding *finding)
{
	struct policy_problem problem = finding->problem;
	char text[TEXT_MAX];

	snprintf(problem.message, sizeof(problem.message), "%s: %.180s [%s]", level_name(finding),
	    finding->problem.message, policy_lint_name(finding->rule));
	policy_problem_text(text, sizeof(text), &problem);
	fputs(text, stdout);
	if (!finding->has_request)
		return;
	printf("       | for example: ");
	policy_request_print(&finding->request);
	putchar('\n');
}

/* Answers null where memory is out: then the object as a whole cannot be written. */
static struct value
finding_value(struct arena *arena, const struct policy_finding *finding)
{
	const struct policy_problem *problem = &finding->problem;
	struct value_pair *pairs = arena_array(arena, 8, sizeof(*pairs));
	struct value_pair *example = arena_array(arena, POLICY_REQUEST_PAIRS_MAX, sizeof(*example));
	uint32_t n = 0;

	if (pairs == NULL || example == NULL)
		return (struct value){.type = VALUE_NULL};
	pairs[n++] = value_member("rule", value_string(policy_lint_name(finding->rule)));
	pairs[n++] = value_member("level", value_string(level_name(finding)));
	pairs[n++] = value_member("line", value_integer(problem->line));
	pairs[n++] = value_member("column", value_integer(problem->column));
	pairs[n++] = value_member("message", value_string(problem->message));
	pairs[n++] = value_member("hint", value_string(problem->suggestion));
	if (finding->other_line > 0)
		pairs[n++] = value_member("other_line", value_integer(finding->other_line));
	if (finding->has_request)
		pairs[n++] = value_member(
		    "example", (struct value){.type = VALUE_MAP,
				   .length = policy_request_pairs(&finding->request, example),
				   .pairs = example});
	return (struct value){.type = VALUE_MAP, .length = n, .pairs = pairs};
}

/* false: memory is out. */
static bool
print_json(const struct policy_findings *findings, struct arena *arena)
{
	struct value *items = arena_array(arena, findings->count, sizeof(*items));
	struct value_pair pair;
	struct value root = {.type = VALUE_MAP, .length = 1, .pairs = &pair};
	SCOPED_FREE char *text = NULL;

	if (items == NULL && findings->count > 0)
		return false;
	for (uint32_t i = 0; i < findings->count; i++) {
		items[i] = finding_value(arena, &findings->items[i]);
		if (items[i].type == VALUE_NULL)
			return false;
	}
	pair = value_member("findings",
	    (struct value){.type = VALUE_ARRAY, .length = findings->count, .items = items});
	text = json_write(&root, JSON_STYLE_PRETTY, NULL);
	if (text != NULL)
		printf("%s\n", text);
	return text != NULL;
}

static int
show(const struct policy_options *options, const struct policy_findings *findings)
{
	uint32_t warnings = 0, notes;
	struct arena arena;
	bool printed = true;

	for (uint32_t i = 0; i < findings->count; i++)
		warnings += policy_lint_level(findings->items[i].rule) == POLICY_LINT_WARNING;
	notes = findings->count - warnings;
	if (options->json) {
		arena_init(&arena, SIZE_MAX);
		printed = print_json(findings, &arena);
		arena_clear(&arena);
	} else {
		for (uint32_t i = 0; i < findings->count; i++)
			print_finding(&findings->items[i]);
		printf("%s: %u warning%s, %u note%s\n", options->files[0], warnings,
		    warnings == 1 ? "" : "s", notes, notes == 1 ? "" : "s");
	}
	if (!printed) {
		fprintf(stderr, "praxa policy lint: out of memory\n");
		return CLI_INTERNAL;
	}
	return warnings > 0 || (options->fail_on_note && notes > 0) ? POLICY_EXIT_FOUND : CLI_OK;
}

int
policy_lint_act(const struct policy_options *options)
{
	struct policy_findings findings;
	struct policy_opened opened;
	int r = policy_common_open_file(options->files[0], &opened);

	if (r != CLI_OK)
		return r;
	r = CLI_INTERNAL;
	if (policy_lint(opened.source.policy, &opened.file, &findings) == ERR_OK) {
		r = show(options, &findings);
		policy_findings_done(&findings);
	} else {
		fprintf(stderr, "praxa policy lint: out of memory\n");
	}
	policy_common_close(&opened);
	return r;
}
