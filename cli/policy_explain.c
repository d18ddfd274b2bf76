/* praxa policy explain: what the broker would answer, and why. */
#include "policy/explain.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/policy_common.h"
#include "cli/policy_request.h"
#include "common/json.h"

enum { MEMORY_MAX = 4 << 20, LINE_MAX_SHOWN = 160 };

ARGS_KEEP_TEXT(struct policy_options, subagent)
ARGS_KEEP_TEXT(struct policy_options, grant)
ARGS_KEEP_TEXT(struct policy_options, model)
ARGS_KEEP_TEXT(struct policy_options, provider)
ARGS_KEEP_TEXT(struct policy_options, region)
ARGS_KEEP_TEXT(struct policy_options, confidence)

static enum err
on_depth(void *context, const char *value, struct fault *fault)
{
	size_t digits = strspn(value, "0123456789");

	if (digits == 0 || digits > 4 || value[digits] != '\0')
		return fault_set(fault, ERR_PROTOCOL, "--depth takes a whole number");
	((struct policy_options *)context)->depth = (uint32_t)strtoul(value, NULL, 10);
	return ERR_OK;
}

static enum err
on_used(void *context, const char *value, struct fault *fault)
{
	return policy_request_used(value, &((struct policy_options *)context)->used, fault);
}

const struct args_option policy_explain_rows[] = {
    {"tool", 't', "NAME", "a call of this tool", policy_on_tool},
    {"args", 'a', "JSON", "its arguments, an object ({})", policy_on_args},
    {"memory-read", 0, "KEY", "reading this key", policy_on_memory_read},
    {"memory-write", 0, "KEY", "writing this key", policy_on_memory_write},
    {"trigger", 0, "SOURCE", "a trigger from this source", policy_on_trigger},
    {"event", 'e', "NAME", "its event", policy_on_event},
    {"confidence", 'c', "NUMBER", "how sure the Skill says it is of the call", on_confidence},
    {"subagent", 0, "SKILL", "dispatching this one", on_subagent},
    {"depth", 0, "N", "how deep it would stand (1: the child of a run that a trigger woke)",
	on_depth},
    {"grant", 0, "TOOL", "and giving it this tool", on_grant},
    {"model", 0, "NAME", "a call of this model", on_model},
    {"provider", 0, "NAME", "its provider", on_provider},
    {"region", 0, "NAME", "where it runs", on_region},
    {"used", 0, "KEY=N", "what was used before: run.calls, per_run, ...; may be repeated", on_used},
    {"input", 'i', "JSON", "the payload that wakes, or woke, the Skill ({})", policy_on_input},
    {"workspace", 'w', "ws_NAME", "the workspace (ws_local)", policy_on_workspace},
    {"json", 'j', NULL, "print one JSON object", policy_on_json},
    {"help", 'h', NULL, "this text", policy_on_help},
    {0},
};

static enum err
parse(const char *option, const char *text, struct arena *arena, struct value *ret,
    struct fault *fault)
{
	struct fault inner;
	enum err r;

	if (text == NULL)
		text = "{}";
	r = json_parse(text, strlen(text), arena, ret, &inner);
	if (r != ERR_OK)
		return fault_set(fault, r, "%s: %s", option, inner.message);
	return ret->type == VALUE_MAP
		   ? ERR_OK
		   : fault_set(fault, ERR_PROTOCOL, "%s takes a JSON object", option);
}

/* The one request that the options name. */
static enum err
read_request(const struct policy_options *options, struct arena *arena, struct value values[3],
    struct policy_request *ret, struct fault *fault)
{
	const char *const names[] = {[POLICY_TRIGGER] = options->trigger,
	    [POLICY_TOOL] = options->tool,
	    [POLICY_MEMORY_READ] = options->memory_read,
	    [POLICY_MEMORY_WRITE] = options->memory_write,
	    [POLICY_SUBAGENT] = options->subagent,
	    [POLICY_MODEL] = options->model};
	enum err r;

	*ret = (struct policy_request){
	    .workspace = options->workspace != NULL ? options->workspace : "ws_local",
	    .event = options->event,
	    .depth = options->depth,
	    .tool = options->grant,
	    .provider = options->provider,
	    .region = options->region,
	    .usage = &options->used,
	    .input = &values[1]};
	for (unsigned i = POLICY_TRIGGER; i < ARRAY_SIZE(names); i++) {
		if (names[i] == NULL)
			continue;
		if (ret->name != NULL)
			return fault_set(fault, ERR_PROTOCOL, "explain takes one request");
		ret->action = (enum policy_action)i;
		ret->name = names[i];
	}
	if (ret->name == NULL)
		return fault_set(fault, ERR_PROTOCOL,
		    "what is asked? --tool, --memory-read, --memory-write, --trigger, --subagent "
		    "or "
		    "--model");
	if (ret->action != POLICY_TOOL && options->args != NULL)
		return fault_set(fault, ERR_PROTOCOL, "--args belongs to --tool");
	if (ret->action != POLICY_TRIGGER && options->event != NULL)
		return fault_set(fault, ERR_PROTOCOL, "--event belongs to --trigger");
	if (ret->action != POLICY_SUBAGENT && (options->grant != NULL || options->depth > 0))
		return fault_set(fault, ERR_PROTOCOL, "--depth and --grant belong to --subagent");
	if (ret->action != POLICY_MODEL && (options->provider != NULL || options->region != NULL))
		return fault_set(fault, ERR_PROTOCOL, "--provider and --region belong to --model");
	if (ret->action == POLICY_SUBAGENT && options->depth == 0)
		ret->depth = 1;
	r = parse("--args", options->args, arena, &values[0], fault);
	if (r == ERR_OK)
		r = parse("--input", options->input, arena, &values[1], fault);
	if (r == ERR_OK && options->confidence != NULL) {
		r = json_parse(
		    options->confidence, strlen(options->confidence), arena, &values[2], fault);
		ret->confidence = &values[2];
	}
	if (ret->action == POLICY_TOOL)
		ret->args = &values[0];
	return r;
}

static void
print_place(const struct policy_file *file, const char *rule, uint32_t line)
{
	char text[LINE_MAX_SHOWN];

	if (line == 0)
		return;
	policy_common_line(file, line, text, sizeof(text));
	printf("  %s:%u: %s\n  %6u | %s\n", file->name, line, rule, line, text);
}

static void
print_miss(const struct policy_file *file, const struct policy_miss *miss)
{
	printf("nearest miss: ");
	if (miss->field[0] != '\0')
		printf("\"%s\" ", miss->field);
	printf("fails %s; accepted: %s", miss->operator, miss->allowed);
	if (strcmp(miss->operator, "text") == 0)
		printf(" (the key differs behind byte %zu)", miss->at);
	putchar('\n');
	print_place(file, miss->rule, miss->line);
}

static const char *const verdict_words[][2] = {
    [POLICY_DENY] = {"DENY", "deny"},
    [POLICY_ALLOW] = {"ALLOW", "allow"},
    [POLICY_ASK] = {"ASK", "ask"},
};

static void
print_text(const struct policy_file *file, const struct policy_request *request,
    const struct policy_explanation *explanation)
{
	const struct policy_decision *decision = &explanation->decision;
	struct fault fault = {0};

	printf(
	    "%s: %s\n", verdict_words[decision->verdict][0], policy_reason_text(decision->reason));
	if (policy_fault(request, decision, &fault) != ERR_OK)
		printf("  %s: %s\n", err_name(decision->code), fault.message);
	print_place(file, decision->rule, decision->line);
	for (uint32_t i = 0; i < explanation->count && i < POLICY_MISSES_MAX; i++)
		print_miss(file, &explanation->misses[i]);
	if (explanation->count > POLICY_MISSES_MAX)
		printf("and %u more\n", explanation->count - POLICY_MISSES_MAX);
}

/* Answers false where memory is out. */
static bool
print_json(const struct policy_file *file, const struct policy_request *request,
    const struct policy_explanation *explanation)
{
	const struct policy_decision *decision = &explanation->decision;
	struct value_pair misses[POLICY_MISSES_MAX][6], pairs[10];
	struct value items[POLICY_MISSES_MAX], root;
	SCOPED_FREE char *text = NULL;
	char line[LINE_MAX_SHOWN];
	struct fault fault = {0};
	uint32_t count =
	    explanation->count < POLICY_MISSES_MAX ? explanation->count : POLICY_MISSES_MAX;

	(void)policy_fault(request, decision, &fault);
	policy_common_line(file, decision->line, line, sizeof(line));
	for (uint32_t i = 0; i < count; i++) {
		const struct policy_miss *miss = &explanation->misses[i];

		misses[i][0] = value_member("field", value_string(miss->field));
		misses[i][1] = value_member("operator", value_string(miss->operator));
		misses[i][2] = value_member("allowed", value_string(miss->allowed));
		misses[i][3] = value_member("rule", value_string(miss->rule));
		misses[i][4] = value_member("line", value_integer(miss->line));
		misses[i][5] = value_member("matched_bytes", value_integer(miss->at));
		items[i] = (struct value){.type = VALUE_MAP, .length = 6, .pairs = misses[i]};
	}
	pairs[0] = value_member("verdict", value_string(verdict_words[decision->verdict][1]));
	pairs[1] = value_member("error", value_string(err_name(decision->code)));
	pairs[2] = value_member("reason", value_string(policy_reason_text(decision->reason)));
	pairs[3] = value_member("message", value_string(fault.message));
	pairs[4] = value_member("file", value_string(file->name));
	pairs[5] = value_member("rule", value_string(decision->rule));
	pairs[6] = value_member("line", value_integer(decision->line));
	pairs[7] = value_member("excerpt", value_string(line));
	pairs[8] = value_member("allowed", value_string(decision->allowed));
	pairs[9] = value_member(
	    "nearest", (struct value){.type = VALUE_ARRAY, .length = count, .items = items});
	root = (struct value){.type = VALUE_MAP, .length = ARRAY_SIZE(pairs), .pairs = pairs};
	text = json_write(&root, JSON_STYLE_PRETTY, NULL);
	if (text != NULL)
		puts(text);
	return text != NULL;
}

static int
explain(const struct policy_options *options, const struct policy_request *request)
{
	struct policy_explanation explanation;
	struct policy_opened opened;
	int r = policy_common_open_file(options->files[0], &opened);
	bool printed = true;

	if (r != CLI_OK)
		return r;
	explanation = policy_explain(opened.source.policy, request);
	if (options->json)
		printed = print_json(&opened.file, request, &explanation);
	else
		print_text(&opened.file, request, &explanation);
	policy_common_close(&opened);
	if (!printed)
		return CLI_INTERNAL;
	return explanation.decision.verdict == POLICY_ALLOW ? CLI_OK : POLICY_EXIT_DENIED;
}

int
policy_explain_act(const struct policy_options *options)
{
	struct policy_request request;
	struct value values[3];
	struct fault fault = {0};
	struct arena arena;
	int r;

	arena_init(&arena, MEMORY_MAX);
	if (read_request(options, &arena, values, &request, &fault) != ERR_OK) {
		fprintf(stderr, "praxa policy explain: %s\n", fault.message);
		r = CLI_USAGE;
	} else {
		r = explain(options, &request);
	}
	arena_clear(&arena);
	return r;
}
