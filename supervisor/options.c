#include "supervisor/options.h"

#include <stdio.h>

#include "common/id.h"

ARGS_KEEP_TEXT(struct supervisor_options, audit)
ARGS_KEEP_TEXT(struct supervisor_options, broker)
ARGS_KEEP_TEXT(struct supervisor_options, init)
ARGS_KEEP_TEXT(struct supervisor_options, profiles)
ARGS_KEEP_TEXT(struct supervisor_options, sdk)
ARGS_KEEP_TEXT(struct supervisor_options, allowed_signers)
ARGS_KEEP_TEXT(struct supervisor_options, state)
ARGS_KEEP_TEXT(struct supervisor_options, cgroup)

static enum err
on_workspace(void *context, const char *value, struct fault *fault)
{
	struct supervisor_options *options = context;

	if (strncmp(value, "ws_", 3) != 0 || !id_name_is_valid(value + 3))
		return fault_set(fault, ERR_PROTOCOL,
		    "--workspace takes ws_ and a name of a-z, 0-9 and single hyphens");
	options->workspace = value;
	return ERR_OK;
}

static enum err
on_policy(void *context, const char *value, struct fault *fault)
{
	struct supervisor_options *options = context;

	if (options->policy_count == OPTIONS_POLICIES_MAX)
		return fault_set(fault, ERR_LIMIT, "more than %d policies", OPTIONS_POLICIES_MAX);
	options->policies[options->policy_count++] = value;
	return ERR_OK;
}

static enum err
on_resource(void *context, const char *value, struct fault *fault)
{
	return skill_resource_add(&((struct supervisor_options *)context)->resources, value, fault);
}

static enum err
on_warm(void *context, const char *value, struct fault *fault)
{
	if (value[0] < '0' || value[0] > '0' + OPTIONS_WARM_MAX || value[1] != '\0')
		return fault_set(
		    fault, ERR_PROTOCOL, "--warm takes a number from 0 to %d", OPTIONS_WARM_MAX);
	((struct supervisor_options *)context)->warm = (unsigned)(value[0] - '0');
	return ERR_OK;
}

ARGS_KEEP_FLAG(struct supervisor_options, help)

static const struct args_option rows[] = {
    {"workspace", 'w', "ws_NAME", "the workspace whose Skills these are", on_workspace},
    {"policy", 'p', "FILE", "a Skill's policy; may be given again", on_policy},
    {"resource", 'r', "NAME=DIR", "a directory that tools may name", on_resource},
    {"audit", 0, "SOCKET", "where praxa-auditd listens", on_audit},
    {"broker", 0, "SOCKET", "where praxa-broker listens", on_broker},
    {"init", 0, "FILE", "praxa-init", on_init},
    {"profiles", 0, "DIR", "seccomp profiles", on_profiles},
    {"sdk", 0, "DIR", "what Skills see at /praxa/sdk", on_sdk},
    {"allowed-signers", 0, "FILE", "who may sign; every policy must be signed", on_allowed_signers},
    {"state", 0, "DIR", "where accepted revisions are kept; with --allowed-signers", on_state},
    {"cgroup", 0, "DIR", "a cgroup v2 of our own; default: the one we are started in", on_cgroup},
    {"warm", 0, "N", "cells built ahead for each Skill (0)", on_warm},
    {"help", 'h', NULL, "this text", on_help},
    {0},
};

static const char *
first_missing(const struct supervisor_options *options)
{
	const struct {
		const char *name;
		bool given;
	} needed[] = {
	    {"--workspace", options->workspace != NULL},
	    {"--policy", options->policy_count > 0},
	    {"--audit", options->audit != NULL},
	    {"--broker", options->broker != NULL},
	    {"--init", options->init != NULL},
	    {"--profiles", options->profiles != NULL},
	    {"--state", options->allowed_signers == NULL || options->state != NULL},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(needed); i++)
		if (!needed[i].given)
			return needed[i].name;
	return NULL;
}

enum err
options_parse(int argc, char *const argv[], struct supervisor_options *ret, struct fault *fault)
{
	int rest;
	enum err r = args_parse(rows, argc, argv, ret, &rest, fault);
	const char *missing;

	if (r != ERR_OK || ret->help)
		return r;
	if (rest < argc)
		return fault_set(fault, ERR_PROTOCOL, "\"%s\" is not an option", argv[rest]);
	missing = first_missing(ret);
	if (missing != NULL)
		return fault_set(
		    fault, ERR_PROTOCOL, "%s is missing; --help lists the options", missing);
	return ERR_OK;
}

void
options_usage(void)
{
	printf("usage: praxad --workspace ws_NAME --policy FILE ... [options]\n\n"
	       "Admits triggers and runs Skills in cells. Takes its listening socket \"control\" "
	       "by LISTEN_FDS.\n\n");
	args_usage(rows);
}
