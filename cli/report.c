#include "cli/report.h"

#include <stdio.h>
#include <sys/wait.h>

#include "audit/reader.h"
#include "audit/verify.h"
#include "cli/cli.h"
#include "common/event.h"
#include "common/json.h"
#include "common/layer.h"

static bool
colours(void)
{
	return isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL;
}

static void
heading(const char *text)
{
	printf(colours() ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

/* Text that a Skill chose, made printable and cut. */
static void
print_text(const struct value *value)
{
	char text[512];
	char *json = NULL;

	if (value->type == VALUE_STRING) {
		text_copy_bytes(text, sizeof(text), value->string, value->length);
	} else {
		json = json_write(value, JSON_STYLE_COMPACT, NULL);
		text_copy(text, sizeof(text), json != NULL ? json : "?");
		free(json);
	}
	fputs(text, stdout);
}

static void
print_reasons(const struct value *event)
{
	const struct value *reasons = value_get(event, "reasoning");

	for (uint32_t i = 0; reasons != NULL && reasons->type == VALUE_ARRAY && i < reasons->length;
	     i++) {
		fputs("  - ", stdout);
		print_text(&reasons->items[i]);
		putchar('\n');
	}
}

static void
print_alternatives(const struct value *event)
{
	const struct value *list = value_get(event, "alternatives");

	if (list == NULL || list->type != VALUE_ARRAY || list->length == 0)
		return;
	fputs("  weighed:", stdout);
	for (uint32_t i = 0; i < list->length; i++) {
		const struct value *action = value_get(&list->items[i], "action");
		const struct value *score = value_get(&list->items[i], "score");

		if (action == NULL || score == NULL)
			continue;
		fputs(i > 0 ? ", " : " ", stdout);
		print_text(action);
		putchar(' ');
		print_text(score);
	}
	putchar('\n');
}

/* The decision, as the log has it: what a Skill printed is not what it decided. */
static void
print_decision(const struct value *event)
{
	const struct value *output = value_get(event, "output");
	const struct value *verdict = value_get(output, "verdict");
	const struct value *confidence = value_get(event, "confidence");

	heading("Decision");
	fputs("  ", stdout);
	print_text(verdict != NULL ? verdict : output);
	if (confidence != NULL) {
		fputs(", confidence ", stdout);
		print_text(confidence);
	}
	putchar('\n');
	print_reasons(event);
	print_alternatives(event);
}

static void
print_layers(const struct session_result *result)
{
	uint64_t missing = LAYER_ALL & ~result->started.layers;
	char list[512];

	heading("Layers that were active");
	layer_list(list, sizeof(list), result->started.layers);
	printf("  %d: %s\n", __builtin_popcountll(result->started.layers), list);
	printf("  Landlock ABI %u\n", result->started.landlock_abi);
	if (missing != 0) {
		layer_list(list, sizeof(list), missing);
		printf("  not active, and not required by the policy: %s\n", list);
	}
}

static void
print_end(const struct session_result *result)
{
	const struct wire_control_ended *end = &result->end;

	heading("Run");
	printf("  %s: %s", end->run, end_info(end->reason)->meaning);
	if (end->reason == END_EXITED)
		printf(" with exit code %d", WEXITSTATUS(end->status));
	else if (end->reason == END_CRASHED && WIFSIGNALED(end->status))
		printf(" (signal %d)", WTERMSIG(end->status));
	printf("\n  %llu ms, CPU %llu ms, peak %llu KiB, %u calls, %u denied\n",
	    (unsigned long long)end->duration_ms, (unsigned long long)end->cpu_us / 1000,
	    (unsigned long long)end->peak_kib, end->calls, end->denied);
	if (end->syscalls_denied > 0)
		printf("  %llu system calls were refused: praxa sandbox explain --log %s %s\n",
		    (unsigned long long)end->syscalls_denied, result->log, end->run);
	if (end->fault.code != ERR_OK)
		printf("  %s: %s\n", err_name(end->fault.code), end->fault.message);
}

/* 0 when the Skill ended by itself with 0; the code of what ended it otherwise. */
static int
exit_code(const struct session_result *result)
{
	const struct wire_control_ended *end = &result->end;

	if (end->reason == END_EXITED && WEXITSTATUS(end->status) == 0)
		return CLI_OK;
	return end->fault.code != ERR_OK ? err_info(end->fault.code)->exit_code : CLI_SKILL_FAILED;
}

static int
report_people(const struct session_result *result, const struct value *event,
    const struct audit_verdict *verdict, const struct note_key *key)
{
	struct fault fault;

	if (event != NULL) {
		print_decision(event);
		heading("Record");
		if (export_json(stdout, event, JSON_STYLE_PRETTY, &fault) != ERR_OK)
			printf("  %s\n", fault.message);
	} else {
		heading("Decision");
		printf("  the Skill recorded none\n");
	}
	if (result->started.layers != 0)
		print_layers(result);
	print_end(result);
	heading("Log");
	audit_verify_print(stdout, verdict, key, true, colours());
	return exit_code(result);
}

enum { RESULT_PAIRS = 14 };

static void
add(struct value_pair *pairs, uint32_t *count, const char *name, struct value value)
{
	pairs[*count].key = value_string(name);
	pairs[(*count)++].value = value;
}

static struct value
layers(uint64_t mask, struct value items[LAYER_COUNT])
{
	uint32_t count = 0;

	for (unsigned i = 0; i < LAYER_COUNT; i++)
		if ((mask >> i & 1) != 0)
			items[count++] = value_string(layer_info(i)->name);
	return (struct value){.type = VALUE_ARRAY, .length = count, .items = items};
}

static int
report_json(const struct session_result *result, const struct value *event,
    const struct audit_verdict *verdict)
{
	const struct wire_control_ended *end = &result->end;
	struct value items[LAYER_COUNT];
	struct value_pair pairs[RESULT_PAIRS];
	struct value whole = {.type = VALUE_MAP, .pairs = pairs};
	struct fault fault;

	add(pairs, &whole.length, "runId", value_string(end->run));
	add(pairs, &whole.length, "reason", value_string(end_info(end->reason)->name));
	add(pairs, &whole.length, "exit_code", value_integer((uint64_t)exit_code(result)));
	add(pairs, &whole.length, "duration_ms", value_integer(end->duration_ms));
	add(pairs, &whole.length, "cpu_us", value_integer(end->cpu_us));
	add(pairs, &whole.length, "peak_kib", value_integer(end->peak_kib));
	add(pairs, &whole.length, "calls", value_integer(end->calls));
	add(pairs, &whole.length, "denied", value_integer(end->denied));
	add(pairs, &whole.length, "syscalls_denied", value_integer(end->syscalls_denied));
	add(pairs, &whole.length, "layers", layers(result->started.layers, items));
	add(pairs, &whole.length, "error",
	    end->fault.code == ERR_OK ? (struct value){0}
				      : value_string(err_name(end->fault.code)));
	add(pairs, &whole.length, "message", value_string(end->fault.message));
	add(pairs, &whole.length, "log", value_string(audit_verdict_info(verdict->code)->name));
	add(pairs, &whole.length, "decision", event != NULL ? *event : (struct value){0});
	if (export_json(stdout, &whole, JSON_STYLE_COMPACT, &fault) != ERR_OK)
		return CLI_INTERNAL;
	return exit_code(result);
}

int
report_run(const struct session_result *result, bool json)
{
	struct audit_verdict verdict = {0};
	struct note_key key = {0};
	struct fault fault = {0};
	struct arena arena;
	struct value event;
	bool decided;
	int code;

	arena_init(&arena, EXPORT_ARENA_MAX);
	decided =
	    result->end.decision[0] != '\0' &&
	    audit_find_event(result->log, result->end.decision, &arena, &event, &fault) == ERR_OK;
	if (audit_verify_dir(result->log, NULL, &verdict, &key, &fault) != ERR_OK) {
		fprintf(stderr, "praxa: the log cannot be read: %s\n", fault.message);
		arena_clear(&arena);
		return err_info(fault.code)->exit_code;
	}
	code = json ? report_json(result, decided ? &event : NULL, &verdict)
		    : report_people(result, decided ? &event : NULL, &verdict, &key);
	arena_clear(&arena);
	/* A run whose log does not verify is not a success, whatever the Skill did. */
	return verdict.code != AUDIT_OK ? audit_verdict_info(verdict.code)->exit_code : code;
}
