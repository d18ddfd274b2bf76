#include "broker/options.h"

#include <errno.h>
#include <stdio.h>

#include "broker/limits.h"
#include "common/args.h"

struct target {
	struct broker_config *config;
	bool help;
};

static enum err
set_workspace(void *context, const char *value, struct fault *fault)
{
	struct target *target = context;

	if (strncmp(value, "ws_", 3) != 0 || !id_name_is_valid(value + 3))
		return fault_set(fault, ERR_PROTOCOL, "--workspace wants ws_NAME, not %s", value);
	target->config->workspace = value;
	return ERR_OK;
}

static enum err
set_state(void *context, const char *value, struct fault *fault)
{
	struct target *target = context;

	(void)fault;
	target->config->state = value;
	return ERR_OK;
}

static enum err
set_audit(void *context, const char *value, struct fault *fault)
{
	struct target *target = context;

	(void)fault;
	target->config->audit = value;
	return ERR_OK;
}

static enum err
set_uid(void *context, const char *value, struct fault *fault)
{
	struct target *target = context;
	char *end = NULL;
	unsigned long uid;

	errno = 0;
	uid = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end != '\0' || errno != 0 || uid >= UINT32_MAX)
		return fault_set(fault, ERR_PROTOCOL, "--allow-uid wants a number, not %s", value);
	target->config->allow_uid = (uid_t)uid;
	return ERR_OK;
}

static enum err
set_help(void *context, const char *value, struct fault *fault)
{
	struct target *target = context;

	(void)value;
	(void)fault;
	target->help = true;
	return ERR_OK;
}

static const struct args_option rows[] = {
    {"workspace", 0, "ws_NAME", "the workspace that this broker serves", set_workspace},
    {"state", 0, "DIR", "directory of its memory facts", set_state},
    {"audit", 0, "PATH", "socket of the log's writer", set_audit},
    {"allow-uid", 0, "N", "user of the supervisor (default: this process's)", set_uid},
    {"help", 'h', NULL, "show this", set_help},
    {0},
};

enum err
broker_options_parse(
    int argc, char *const argv[], struct broker_config *config, bool *ret_help, struct fault *fault)
{
	struct target target = {config, false};
	int rest = argc;
	enum err r;

	*config = (struct broker_config){
	    .allow_uid = geteuid(), .listen_fd = -1, .stall_ms = BROKER_STALL_MS};
	r = args_parse(rows, argc, argv, &target, &rest, fault);
	if (r != ERR_OK)
		return r;
	*ret_help = target.help;
	if (target.help) {
		puts("usage: praxa-broker [options], with the supervisor's socket by LISTEN_FDS");
		args_usage(rows);
		return ERR_OK;
	}
	if (rest < argc)
		return fault_set(fault, ERR_PROTOCOL, "unexpected argument %s", argv[rest]);
	if (config->workspace == NULL || config->state == NULL || config->audit == NULL)
		return fault_set(
		    fault, ERR_PROTOCOL, "--workspace, --state and --audit are required");
	return ERR_OK;
}
