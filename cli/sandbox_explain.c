#include <limits.h>
#include <stdio.h>

#include "audit/reader.h"
#include "cli/cli.h"
#include "cli/explain.h"
#include "cli/log_place.h"
#include "cli/sandbox.h"
#include "common/args.h"
#include "common/id.h"

struct explain_options {
	const char *log, *state, *workspace, *key, *run;
	bool json, help;
	char path[PATH_MAX];
};

ARGS_KEEP_TEXT(struct explain_options, log)
ARGS_KEEP_TEXT(struct explain_options, state)
ARGS_KEEP_TEXT(struct explain_options, workspace)
ARGS_KEEP_TEXT(struct explain_options, key)
ARGS_KEEP_FLAG(struct explain_options, json)
ARGS_KEEP_FLAG(struct explain_options, help)

static const struct args_option rows[] = {
    {"log", 0, "DIR", "folder of the workspace's log", on_log},
    {"state", 0, "DIR", "state folder: the log is DIR/audit/WORKSPACE (as praxa run)", on_state},
    {"workspace", 0, "ws_NAME", "the workspace in the state folder (ws_local)", on_workspace},
    {"key", 0, "FILE", "public key (default: log.vkey in the log)", on_key},
    {"json", 0, NULL, "JSON, one object", on_json},
    {"help", 'h', NULL, "this text", on_help},
    {0},
};

static int
usage(FILE *out, int code)
{
	fprintf(out, "usage: praxa sandbox explain [OPTION...] RUN\n\n"
		     "Which system calls a run was denied, and by which rule of its profile.\n\n");
	if (out == stdout)
		args_usage(rows);
	return code;
}

static bool
find_log(struct explain_options *options)
{
	options->log = log_place(
	    options->log, options->state, options->workspace, options->path, sizeof(options->path));
	return options->log != NULL;
}

static enum err
add_record(struct explain *explain, const struct audit_scan_record *record, struct fault *fault)
{
	struct arena arena;
	struct value value;
	enum err r;

	arena_init(&arena, EXPORT_ARENA_MAX);
	r = export_value(record, &arena, &value, fault);
	if (r == ERR_OK)
		r = explain_add(explain, &value, fault);
	arena_clear(&arena);
	return r;
}

/* Records up to the end of the log, or up to where it does not verify. */
static enum err
collect(struct audit_reader *reader, const char *run, struct explain *explain, struct fault *fault)
{
	struct audit_scan_record record;
	enum audit_scan_state state;

	while ((state = audit_reader_next(reader, &record)) == SCAN_RECORD)
		if (strcmp(record.record.run, run) == 0 && record.record.kind != EVENT_DECISION) {
			enum err r = add_record(explain, &record, fault);

			if (r != ERR_OK)
				return r;
		}
	if (state == SCAN_FAULT)
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE,
		    "the log does not verify; see praxa audit verify");
	if (!explain->found)
		return fault_set(fault, ERR_NOT_FOUND, "%s is not in this log", run);
	return ERR_OK;
}

static enum err
show(const struct explain *explain, const struct explain_options *options, struct fault *fault)
{
	struct value value;
	enum err r;

	if (!options->json) {
		explain_print(stdout, explain, options->run);
		return ERR_OK;
	}
	r = explain_value(explain, options->run, &value, fault);
	return r != ERR_OK ? r : export_json(stdout, &value, JSON_STYLE_COMPACT, fault);
}

int
sandbox_explain(int argc, char *const argv[])
{
	struct explain_options options = {0};
	SCOPED_FREE struct explain *explain = calloc(1, sizeof(*explain));
	struct audit_reader *reader = NULL;
	struct arena arena;
	struct fault fault = {0};
	int rest = argc;
	enum err r = args_parse(rows, argc, argv, &options, &rest, &fault);

	if (r == ERR_OK && options.help)
		return usage(stdout, CLI_OK);
	if (r == ERR_OK && (rest != argc - 1 || !find_log(&options)))
		return usage(stderr, CLI_USAGE);
	if (r != ERR_OK || !id_is_valid(argv[rest], ID_RUN)) {
		fprintf(stderr, "praxa sandbox explain: %s\n",
		    r != ERR_OK ? fault.message : "a run is rn_ and a ULID");
		return CLI_USAGE;
	}
	if (explain == NULL)
		return CLI_INTERNAL;
	options.run = argv[rest];
	arena_init(&arena, EXPORT_ARENA_MAX);
	explain->arena = &arena;
	r = audit_reader_open(options.log, options.key, &reader, &fault);
	if (r == ERR_OK)
		r = collect(reader, options.run, explain, &fault);
	if (r == ERR_OK)
		r = show(explain, &options, &fault);
	audit_reader_close(&reader);
	arena_clear(&arena);
	return r == ERR_OK ? CLI_OK : sandbox_fail(&fault);
}
