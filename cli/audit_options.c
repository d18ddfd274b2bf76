/* The options of praxa audit, a table a subcommand. */
#include <time.h>

#include "cli/audit_common.h"
#include "common/clock.h"
#include "common/text.h"

ARGS_KEEP_TEXT(struct audit_options, log)
ARGS_KEEP_TEXT(struct audit_options, state)
ARGS_KEEP_TEXT(struct audit_options, workspace)
ARGS_KEEP_TEXT(struct audit_options, key)
ARGS_KEEP_TEXT(struct audit_options, to)
ARGS_KEEP_TEXT(struct audit_options, entry)
ARGS_KEEP_TEXT(struct audit_options, index)
ARGS_KEEP_FLAG(struct audit_options, json)
ARGS_KEEP_FLAG(struct audit_options, follow)
ARGS_KEEP_FLAG(struct audit_options, help)
ARGS_KEEP_FLAG(struct audit_options, rebuild)
ARGS_KEEP_FLAG(struct audit_options, check)
static ARGS_KEEP_TEXT_AS(on_skill, struct audit_options, query.skill) static ARGS_KEEP_TEXT_AS(
    on_tool, struct audit_options, query.tool)

    static enum err on_run(void *context, const char *value, struct fault *fault)
{
	if (!id_is_valid(value, ID_RUN))
		return fault_set(fault, ERR_PROTOCOL, "'%s' is not a run: rn_ and a ULID", value);
	((struct audit_options *)context)->query.run = value;
	return ERR_OK;
}

static enum err
on_kind(void *context, const char *value, struct fault *fault)
{
	struct audit_options *options = context;

	options->query.kind = event_from_name(value);
	if (options->query.kind != EVENT_NONE)
		return ERR_OK;
	return fault_set(
	    fault, ERR_PROTOCOL, "'%s' is not a kind of record; docs/audit.md lists them", value);
}

static enum err
on_limit(void *context, const char *value, struct fault *fault)
{
	struct audit_options *options = context;
	char *end = NULL;

	options->query.limit = strtoull(value, &end, 10);
	if (*value < '1' || *value > '9' || *end != '\0' || strlen(value) > 18)
		return fault_set(fault, ERR_PROTOCOL, "'%s' is not a number from 1", value);
	return ERR_OK;
}

/* github or github:pull_request: the source, or both. */
static enum err
on_trigger(void *context, const char *value, struct fault *fault)
{
	struct audit_options *options = context;
	size_t length = strcspn(value, ":");

	if (length == 0 || length >= sizeof(options->source))
		return fault_set(fault, ERR_PROTOCOL, "'%s' is not SOURCE or SOURCE:EVENT", value);
	memcpy(options->source, value, length);
	options->source[length] = '\0';
	options->query.source = options->source;
	options->query.event = value[length] == ':' ? value + length + 1 : NULL;
	return ERR_OK;
}

static enum err
on_error(void *context, const char *value, struct fault *fault)
{
	struct audit_options *options = context;

	options->query.error = err_from_name(value);
	if (options->query.error != ERR_OK)
		return ERR_OK;
	return fault_set(fault, ERR_PROTOCOL,
	    "'%s' is not the name of an error; docs/errors.md lists them", value);
}

static enum err
on_verdict(void *context, const char *value, struct fault *fault)
{
	static const char *const names[] = {
	    [INDEX_OK] = "ok", [INDEX_DENIED] = "denied", [INDEX_FAILED] = "failed"};

	for (unsigned i = INDEX_OK; i < ARRAY_SIZE(names); i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		((struct audit_options *)context)->query.verdict = (enum audit_index_verdict)i;
		return ERR_OK;
	}
	return fault_set(fault, ERR_PROTOCOL, "'%s' is not ok, denied or failed", value);
}

/* A time as records have it, its first part, or so long ago. */
static enum err
read_time(const char *value, uint64_t *ret_ms, struct fault *fault)
{
	static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"};
	uint64_t now = clock_realtime_ms(&clock_system), ago;

	if (text_duration(value, &ago)) {
		ago /= 1000 * 1000;
		*ret_ms = ago < now ? now - ago : 1;
		return ERR_OK;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
		struct tm tm = {0};
		const char *end = strptime(value, forms[i], &tm);

		if (end == NULL || *end != '\0' || tm.tm_year < 70)
			continue;
		*ret_ms = (uint64_t)timegm(&tm) * 1000;
		return ERR_OK;
	}
	return fault_set(fault, ERR_PROTOCOL,
	    "'%s' is no time: 2026-11-24, 2026-11-24T13:00:28Z (UTC), or 90m, 24h, 7d ago", value);
}

static enum err
on_since(void *context, const char *value, struct fault *fault)
{
	return read_time(value, &((struct audit_options *)context)->query.since_ms, fault);
}

static enum err
on_until(void *context, const char *value, struct fault *fault)
{
	return read_time(value, &((struct audit_options *)context)->query.until_ms, fault);
}

static enum err
on_from(void *context, const char *value, struct fault *fault)
{
	if (text_decimal(value, strlen(value), &((struct audit_options *)context)->query.from))
		return ERR_OK;
	return fault_set(fault, ERR_PROTOCOL, "'%s' is not the index of a record", value);
}

#define WHERE_ROWS                                                                             \
	{"log", 0, "DIR", "folder of the workspace's log", on_log},                            \
	    {"state", 0, "DIR", "state folder: the log is DIR/audit/WORKSPACE (as praxa run)", \
		on_state},                                                                     \
	{                                                                                      \
		"workspace", 0, "ws_NAME", "the workspace in the state folder (ws_local)",     \
		    on_workspace                                                               \
	}
#define COMMON_ROWS                                                                          \
	WHERE_ROWS, {"key", 0, "FILE", "public key (default: log.vkey in the log)", on_key}, \
	    {"json", 0, NULL, "JSON, one object a line", on_json},                           \
	{                                                                                    \
		"help", 'h', NULL, "this text", on_help                                      \
	}
#define FILTER_ROWS                                                     \
	{"run", 0, "RUN", "only records of this run", on_run},          \
	{                                                               \
		"kind", 0, "KIND", "only records of this kind", on_kind \
	}

const struct args_option audit_show_rows[] = {
    COMMON_ROWS, FILTER_ROWS, {"limit", 'n', "N", "the first N records", on_limit}, {0}};
const struct args_option audit_export_rows[] = {
    COMMON_ROWS, {"to", 0, "DIR", "folder to write; must not be there", on_to}, {0}};
const struct args_option audit_receipt_rows[] = {
    COMMON_ROWS, {"to", 0, "DIR", "folder to write into (default: this one)", on_to}, {0}};
const struct args_option audit_check_rows[] = {
    {"entry", 0, "FILE", "the record that the receipt is for", on_entry},
    {"key", 0, "FILE", "public key of the log", on_key},
    {"json", 0, NULL, "JSON, one object a line", on_json},
    {"help", 'h', NULL, "this text", on_help}, {0}};
const struct args_option audit_verify_rows[] = {COMMON_ROWS, {0}};
const struct args_option audit_tail_rows[] = {COMMON_ROWS, FILTER_ROWS,
    {"limit", 'n', "N", "start with the last N records (10)", on_limit},
    {"follow", 'f', NULL, "wait for more records", on_follow}, {0}};

#define INDEX_ROW                                                                        \
	{                                                                                \
		"index", 0, "FILE", "the index (default: index.db in the log)", on_index \
	}
const struct args_option audit_query_rows[] = {COMMON_ROWS, INDEX_ROW, FILTER_ROWS,
    {"skill", 0, "SKILL", "only records of this Skill", on_skill},
    {"tool", 0, "TOOL", "only records of this tool", on_tool},
    {"trigger", 0, "SOURCE[:EVENT]", "only records of runs that this woke", on_trigger},
    {"error", 0, "ERROR", "only records with this error", on_error},
    {"verdict", 0, "VERDICT", "ok, denied or failed", on_verdict},
    {"since", 0, "TIME", "from this time on, or from so long ago: 24h", on_since},
    {"until", 0, "TIME", "before this time", on_until},
    {"from", 0, "INDEX", "from this record on: the cursor of a page", on_from},
    {"limit", 'n', "N", "N records at most", on_limit}, {0}};
const struct args_option audit_index_rows[] = {COMMON_ROWS, INDEX_ROW,
    {"rebuild", 0, NULL, "from the first record, whatever is there", on_rebuild},
    {"check", 0, NULL, "make another one beside it and compare", on_check}, {0}};
