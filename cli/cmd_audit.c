#include <stdio.h>
#include <time.h>

#include "audit/reader.h"
#include "audit/verify.h"
#include "cli/audit_common.h"
#include "cli/cli.h"
#include "cli/log_place.h"
#include "common/text.h"

enum { TAIL_DEFAULT = 10, TAIL_MAX = 10000, FOLLOW_PAUSE_MS = 200 };

int
audit_common_fail(const struct fault *fault)
{
	fprintf(stderr, "praxa audit: %s: %s\n", err_name(fault->code), fault->message);
	return err_info(fault->code)->exit_code;
}

static bool
matches(const struct audit_options *options, const struct audit_record *record)
{
	return (options->query.run == NULL || strcmp(options->query.run, record->run) == 0) &&
	       (options->query.kind == EVENT_NONE || options->query.kind == record->kind);
}

enum err
audit_common_print(FILE *out, const struct audit_options *options,
    const struct audit_scan_record *record, struct fault *fault)
{
	struct arena arena;
	struct value value;
	enum err r;

	if (!options->json) {
		export_line(out, &record->record, isatty(STDOUT_FILENO) == 1);
		return ERR_OK;
	}
	arena_init(&arena, EXPORT_ARENA_MAX);
	r = export_value(record, &arena, &value, fault);
	if (r == ERR_OK)
		r = export_json(out, &value, JSON_STYLE_COMPACT, fault);
	arena_clear(&arena);
	return r;
}

/* Reading stopped: what was printed before it was verified, and nothing after it is printed. */
static int
report_stop(const struct audit_reader *reader)
{
	const struct audit_verdict *v = audit_reader_verdict(reader);
	const struct audit_verdict_info *info = audit_verdict_info(v->code);

	fprintf(stderr, "praxa audit: the log is %s (%s at offset %llu, record %llu): %s\n",
	    info->name, v->place.segment, (unsigned long long)v->place.offset,
	    (unsigned long long)v->place.index, v->why);
	return info->exit_code;
}

static int
show(struct audit_reader *reader, const struct audit_options *options)
{
	struct audit_scan_record record;
	enum audit_scan_state state = SCAN_END;
	struct fault fault;
	uint64_t shown = 0;

	while ((options->query.limit == 0 || shown < options->query.limit) &&
	       (state = audit_reader_next(reader, &record)) == SCAN_RECORD) {
		if (!matches(options, &record.record))
			continue;
		if (audit_common_print(stdout, options, &record, &fault) != ERR_OK)
			return audit_common_fail(&fault);
		shown++;
	}
	return state == SCAN_FAULT ? report_stop(reader) : CLI_OK;
}

/* The last lines that were printed, before it is known which are the last. */
struct ring {
	char **lines;
	size_t size;
	uint64_t count;
};

static enum err
ring_add(struct ring *ring, const struct audit_options *options,
    const struct audit_scan_record *record, struct fault *fault)
{
	char **slot = &ring->lines[ring->count++ % ring->size];
	size_t length = 0;
	FILE *out;
	enum err r;

	free(*slot);
	*slot = NULL;
	out = open_memstream(slot, &length);
	if (out == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	r = audit_common_print(out, options, record, fault);
	if (fclose(out) != 0 && r == ERR_OK)
		r = fault_set(fault, ERR_INTERNAL, "out of memory");
	return r;
}

static void
ring_print(const struct ring *ring)
{
	uint64_t first = ring->count > ring->size ? ring->count - ring->size : 0;

	for (uint64_t i = first; i < ring->count; i++)
		fputs(ring->lines[i % ring->size], stdout);
	fflush(stdout);
}

static void
ring_done(struct ring *ring)
{
	for (size_t i = 0; i < ring->size; i++)
		free(ring->lines[i]);
	free(ring->lines);
}

/* Prints records as they come; ends only when the log stops verifying or stdout is gone. */
static int
follow(struct audit_reader *reader, const struct audit_options *options)
{
	const struct timespec pause = {0, FOLLOW_PAUSE_MS * 1000 * 1000};
	struct audit_scan_record record;
	struct fault fault;

	while (ferror(stdout) == 0) {
		enum audit_scan_state state = audit_reader_next(reader, &record);

		if (state == SCAN_FAULT && !audit_reader_retry(reader))
			return report_stop(reader);
		if (state == SCAN_RECORD && matches(options, &record.record) &&
		    audit_common_print(stdout, options, &record, &fault) != ERR_OK)
			return audit_common_fail(&fault);
		if (state != SCAN_RECORD) {
			fflush(stdout);
			nanosleep(&pause, NULL);
		}
	}
	return CLI_INTERNAL;
}

static int
tail(struct audit_reader *reader, const struct audit_options *options)
{
	struct ring ring = {.size = options->query.limit == 0 ? TAIL_DEFAULT
				    : options->query.limit > TAIL_MAX
					? TAIL_MAX
					: (size_t)options->query.limit};
	struct audit_scan_record record;
	enum audit_scan_state state;
	struct fault fault = {0};
	enum err r = ERR_OK;

	ring.lines = calloc(ring.size, sizeof(*ring.lines));
	if (ring.lines == NULL) {
		fault_set(&fault, ERR_INTERNAL, "out of memory");
		return audit_common_fail(&fault);
	}
	while (r == ERR_OK && (state = audit_reader_next(reader, &record)) == SCAN_RECORD)
		if (matches(options, &record.record))
			r = ring_add(&ring, options, &record, &fault);
	if (r == ERR_OK)
		ring_print(&ring);
	ring_done(&ring);
	if (r != ERR_OK)
		return audit_common_fail(&fault);
	if (options->follow && (state == SCAN_END || audit_reader_retry(reader)))
		return follow(reader, options);
	return state == SCAN_FAULT ? report_stop(reader) : CLI_OK;
}

static int
with_reader(const struct audit_options *options,
    int (*use)(struct audit_reader *reader, const struct audit_options *options))
{
	struct audit_reader *reader = NULL;
	struct fault fault;
	int code;

	if (audit_reader_open(options->log, options->key, &reader, &fault) != ERR_OK)
		return audit_common_fail(&fault);
	code = use(reader, options);
	audit_reader_close(&reader);
	return code;
}

static int
do_show(const struct audit_options *options)
{
	return with_reader(options, show);
}

static int
do_tail(const struct audit_options *options)
{
	return with_reader(options, tail);
}

static int
do_verify(const struct audit_options *options)
{
	struct audit_verdict verdict;
	struct note_key key;
	struct fault fault;
	bool own_key = options->key != NULL;

	if (audit_verify_dir(options->log, options->key, &verdict, &key, &fault) != ERR_OK)
		return audit_common_fail(&fault);
	if (!options->json)
		audit_verify_print(stdout, &verdict, &key, own_key, isatty(STDOUT_FILENO) == 1);
	else if (audit_verify_print_json(stdout, &verdict, &key, own_key, &fault) != ERR_OK)
		return audit_common_fail(&fault);
	return audit_verdict_info(verdict.code)->exit_code;
}

enum needs { NEEDS_LOG = 1, NEEDS_TO = 2, TAKES_WORD = 4 };

static const struct subcommand {
	const char *name, *help;
	unsigned needs;
	const struct args_option *rows;
	int (*act)(const struct audit_options *options);
} subcommands[] = {
    {"show", "print the records", NEEDS_LOG, audit_show_rows, do_show},
    {"verify", "recompute every hash, link, root and signature", NEEDS_LOG, audit_verify_rows,
	do_verify},
    {"tail", "print the last records, with -f those to come", NEEDS_LOG, audit_tail_rows, do_tail},
    {"export", "write the log as anybody's verifier reads it", NEEDS_LOG | NEEDS_TO,
	audit_export_rows, audit_archive_act_export},
    {"receipt", "write a proof that one record is in the log", NEEDS_LOG | TAKES_WORD,
	audit_receipt_rows, audit_archive_act_receipt},
    {"query", "print what is asked for, by an index", NEEDS_LOG, audit_query_rows, audit_query_act},
    {"index", "make the index, or bring it up to date", NEEDS_LOG, audit_index_rows,
	audit_query_act_index},
    {"check-receipt", "check such a proof, without the log", TAKES_WORD, audit_check_rows,
	audit_archive_act_check},
};

#define EXIT_LINE(name, text, code, meaning) printf("  %3d  %-16s %s\n", code, text, meaning);

static void
usage(FILE *out)
{
	fprintf(
	    out, "usage: praxa audit COMMAND [--log DIR | --state DIR --workspace ws_NAME]\n\n");
	for (unsigned i = 0; i < ARRAY_SIZE(subcommands); i++)
		fprintf(out, "  %-14s %s\n", subcommands[i].name, subcommands[i].help);
}

static int
help(const struct subcommand *command)
{
	usage(stdout);
	printf("\npraxa audit %s:\n", command->name);
	args_usage(command->rows);
	printf("\nexit codes:\n");
	AUDIT_VERDICTS(EXIT_LINE)
	printf("  %3d  %-16s %s\n", CLI_USAGE, "usage", "the command line is wrong");
	return CLI_OK;
}

static bool
find_log(struct audit_options *options)
{
	options->log = log_place(
	    options->log, options->state, options->workspace, options->path, sizeof(options->path));
	return options->log != NULL;
}

/* Options may stand before and behind the word, where there is one. */
static enum err
parse(const struct subcommand *command, int argc, char *const argv[], struct audit_options *options,
    struct fault *fault)
{
	int rest = argc;
	enum err r = args_parse(command->rows, argc, argv, options, &rest, fault);

	if (r == ERR_OK && rest < argc && (command->needs & TAKES_WORD) != 0) {
		options->word = argv[rest];
		argc -= rest;
		argv += rest;
		r = args_parse(command->rows, argc, argv, options, &rest, fault);
	}
	if (r == ERR_OK && rest < argc)
		r = fault_set(fault, ERR_PROTOCOL, "\"%s\" is one argument too many", argv[rest]);
	return r;
}

static int
run_subcommand(const struct subcommand *command, int argc, char *const argv[])
{
	struct audit_options options = {0};
	struct fault fault;

	if (parse(command, argc, argv, &options, &fault) != ERR_OK) {
		fprintf(stderr, "praxa audit %s: %s\n", command->name, fault.message);
		return CLI_USAGE;
	}
	if (options.help)
		return help(command);
	if (((command->needs & NEEDS_LOG) != 0 && !find_log(&options)) ||
	    ((command->needs & NEEDS_TO) != 0 && options.to == NULL)) {
		usage(stderr);
		return CLI_USAGE;
	}
	return command->act(&options);
}

int
cmd_audit(int argc, char *const argv[])
{
	for (unsigned i = 0; argc > 1 && i < ARRAY_SIZE(subcommands); i++)
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return run_subcommand(&subcommands[i], argc - 1, argv + 1);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		usage(stdout);
		return CLI_OK;
	}
	usage(stderr);
	return CLI_USAGE;
}
