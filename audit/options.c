#include "audit/options.h"

#include <errno.h>
#include <stdio.h>

#include "audit/frame.h"
#include "common/args.h"
#include "common/id.h"

enum { SEGMENT_BYTES_DEFAULT = 8 * 1024 * 1024 };
#define SEGMENT_BYTES_MAX (UINT64_C(1) << 40)

static enum err
on_state(void *context, const char *value, struct fault *fault)
{
	(void)fault;
	((struct auditd_options *)context)->state = value;
	return ERR_OK;
}

static enum err
on_workspace(void *context, const char *value, struct fault *fault)
{
	struct auditd_options *options = context;

	/* The name becomes a folder: only this shape may. */
	if (strncmp(value, "ws_", 3) != 0 || !id_name_is_valid(value + 3))
		return fault_set(
		    fault, ERR_PROTOCOL, "'%s' is not a workspace: ws_ and a name", value);
	if (options->workspace_count == AUDITD_WORKSPACES_MAX)
		return fault_set(
		    fault, ERR_LIMIT, "more than %d workspaces", AUDITD_WORKSPACES_MAX);
	for (unsigned i = 0; i < options->workspace_count; i++)
		if (strcmp(options->workspaces[i], value) == 0)
			return fault_set(fault, ERR_PROTOCOL, "%s is named twice", value);
	options->workspaces[options->workspace_count++] = value;
	return ERR_OK;
}

static enum err
on_backend(void *context, const char *value, struct fault *fault)
{
	static const struct {
		const char *name;
		enum audit_backend backend;
	} rows[] = {
	    {"auto", AUDIT_BACKEND_AUTO},
	    {"uring", AUDIT_BACKEND_URING},
	    {"sync", AUDIT_BACKEND_SYNC},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].name, value) == 0) {
			((struct auditd_options *)context)->backend = rows[i].backend;
			return ERR_OK;
		}
	return fault_set(fault, ERR_PROTOCOL, "'%s' is no backend: auto, uring or sync", value);
}

static bool
parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	char *end = NULL;
	unsigned long long value;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	*ret = value;
	return errno == 0 && *end == '\0' && value <= max;
}

static enum err
on_segment_bytes(void *context, const char *value, struct fault *fault)
{
	struct auditd_options *options = context;

	if (!parse_number(value, SEGMENT_BYTES_MAX, &options->segment_bytes) ||
	    options->segment_bytes < SEGMENT_BYTES_MIN || options->segment_bytes % AUDIT_BLOCK != 0)
		return fault_set(fault, ERR_PROTOCOL,
		    "--segment-bytes is at least %d and a multiple of %d", SEGMENT_BYTES_MIN,
		    AUDIT_BLOCK);
	return ERR_OK;
}

static enum err
on_allow_uid(void *context, const char *value, struct fault *fault)
{
	struct auditd_options *options = context;
	uint64_t uid;

	if (!parse_number(value, (uid_t)-2, &uid))
		return fault_set(fault, ERR_PROTOCOL, "'%s' is not a uid", value);
	if (options->uid_count == AUDITD_UIDS_MAX)
		return fault_set(fault, ERR_LIMIT, "more than %d uids", AUDITD_UIDS_MAX);
	options->uids[options->uid_count++] = (uid_t)uid;
	return ERR_OK;
}

static enum err
on_help(void *context, const char *value, struct fault *fault)
{
	(void)value;
	(void)fault;
	((struct auditd_options *)context)->help = true;
	return ERR_OK;
}

static const struct args_option rows[] = {
    {"state", 0, "DIR", "where the logs are, one folder a workspace", on_state},
    {"workspace", 0, "ws_NAME", "a workspace to serve; may be repeated", on_workspace},
    {"backend", 0, "NAME", "auto (the default), uring or sync", on_backend},
    {"segment-bytes", 0, "N", "size of new segments (8388608)", on_segment_bytes},
    {"allow-uid", 0, "UID", "who may connect besides us and root; may be repeated", on_allow_uid},
    {"help", 'h', NULL, "this text", on_help},
    {0},
};

enum err
auditd_options_parse(int argc, char *const argv[], struct auditd_options *ret, struct fault *fault)
{
	struct auditd_options options = {.segment_bytes = SEGMENT_BYTES_DEFAULT};
	int rest = argc;
	enum err r = args_parse(rows, argc, argv, &options, &rest, fault);

	if (r != ERR_OK)
		return r;
	if (rest < argc)
		return fault_set(fault, ERR_PROTOCOL, "unexpected '%s'", argv[rest]);
	if (!options.help && (options.state == NULL || options.workspace_count == 0))
		return fault_set(
		    fault, ERR_PROTOCOL, "--state and at least one --workspace are needed");
	*ret = options;
	return ERR_OK;
}

void
auditd_options_usage(void)
{
	printf("usage: praxa-auditd --state DIR --workspace ws_NAME ...\n\n"
	       "Writes the logs. Takes the listening sockets \"supervisor\" and \"broker\"\n"
	       "(SOCK_SEQPACKET) by LISTEN_FDS.\n\n");
	args_usage(rows);
}
