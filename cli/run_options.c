#include "cli/run_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "common/id.h"
#include "common/io.h"

static enum err
on_workspace(void *context, const char *value, struct fault *fault)
{
	struct run_options *options = context;

	if (strncmp(value, "ws_", 3) != 0 || !id_name_is_valid(value + 3))
		return fault_set(fault, ERR_PROTOCOL,
		    "--workspace takes ws_ and a name of a-z, 0-9 and single hyphens");
	options->workspace = value;
	return ERR_OK;
}

ARGS_KEEP_TEXT(struct run_options, event)
ARGS_KEEP_TEXT(struct run_options, input)
ARGS_KEEP_TEXT(struct run_options, cgroup)
ARGS_KEEP_TEXT(struct run_options, allowed_signers)
ARGS_KEEP_TEXT(struct run_options, warm)

static enum err
on_resource(void *context, const char *value, struct fault *fault)
{
	struct run_options *options = context;

	if (options->resource_count == STACK_RESOURCES_MAX)
		return fault_set(fault, ERR_LIMIT, "more than %d resources", STACK_RESOURCES_MAX);
	options->resources[options->resource_count++] = value;
	return ERR_OK;
}

static enum err
on_state(void *context, const char *value, struct fault *fault)
{
	struct run_options *options = context;

	if (value[0] == '\0' || strlen(value) >= sizeof(options->state))
		return fault_set(fault, ERR_PROTOCOL, "--state takes a folder");
	strcpy(options->state, value);
	return ERR_OK;
}

ARGS_KEEP_FLAG(struct run_options, json)
ARGS_KEEP_FLAG(struct run_options, quiet)
ARGS_KEEP_FLAG(struct run_options, verbose)
ARGS_KEEP_FLAG(struct run_options, help)

#define SHARED_ROWS                                                                        \
	{"workspace", 'w', "ws_NAME", "the workspace (ws_local)", on_workspace},           \
	    {"state", 's', "DIR", "folder of log, memory and sockets", on_state},          \
	    {"resource", 'r', "NAME=DIR", "a directory that tools may name", on_resource}, \
	    {"allowed-signers", 0, "FILE", "who may sign; every policy must be signed",    \
		on_allowed_signers},                                                       \
	    {"cgroup", 0, "DIR", "a cgroup v2 for the cells and nobody else", on_cgroup},  \
	    {"verbose", 'v', NULL, "show what the daemons say", on_verbose},               \
	    {"help", 'h', NULL, "this text", on_help},

static const struct args_option up_rows[] = {
    {"warm", 0, "N", "cells built ahead for each Skill (1); 0: none", on_warm},
    SHARED_ROWS{0},
};

static const struct args_option run_rows[] = {
    {"input", 'i', "JSON|@FILE|-", "what the Skill gets; an object", on_input},
    {"event", 'e', "NAME", "the trigger's event (run)", on_event},
    {"json", 'j', NULL, "print the result as one JSON object", on_json},
    {"quiet", 'q', NULL, "no progress", on_quiet},
    SHARED_ROWS{0},
};

static enum err
take_policies(struct run_options *options, int argc, char *const argv[], int rest, bool up,
    struct fault *fault)
{
	for (; rest < argc; rest++) {
		if (options->policy_count == RUN_POLICIES_MAX)
			return fault_set(
			    fault, ERR_LIMIT, "more than %d policies", RUN_POLICIES_MAX);
		options->policies[options->policy_count++] = argv[rest];
	}
	if (options->policy_count == 0)
		return fault_set(fault, ERR_PROTOCOL,
		    "a policy file is missing; try praxa %s --help", up ? "up" : "run");
	if (!up && options->policy_count > 1)
		return fault_set(fault, ERR_PROTOCOL, "\"%s\": praxa run takes one policy file",
		    options->policies[1]);
	return ERR_OK;
}

enum err
run_options_parse(
    int argc, char *const argv[], bool up, struct run_options *ret, struct fault *fault)
{
	struct run_options options = {.workspace = STACK_WORKSPACE, .event = "run", .warm = "1"};
	int at = 1;
	enum err r = ERR_OK;

	/* Options may stand before and behind the policy file. */
	while (r == ERR_OK && at < argc) {
		int rest;

		r = args_parse(
		    up ? up_rows : run_rows, argc - at + 1, argv + at - 1, &options, &rest, fault);
		if (r != ERR_OK || options.help)
			break;
		at += rest - 1;
		if (at < argc) {
			r = take_policies(&options, at + 1, argv, at, up, fault);
			at++;
		}
	}
	if (r == ERR_OK && !options.help)
		r = take_policies(&options, argc, argv, argc, up, fault);
	if (r == ERR_OK && !options.help && options.state[0] == '\0')
		r = stack_default_state(options.state, sizeof(options.state), fault);
	if (r == ERR_OK)
		*ret = options;
	return r;
}

void
run_options_usage(bool up)
{
	if (up)
		printf("usage: praxa up POLICY... [options]\n\n"
		       "Keeps a workspace's daemons running in the foreground; praxa run with the "
		       "same --state uses them.\n\n");
	else
		printf("usage: praxa run POLICY [options]\n\n"
		       "Runs a Skill once under its policy, in a cell, and shows its decision and "
		       "the proof of it.\nStarts what it needs in the state folder and ends it "
		       "again.\n\n");
	args_usage(up ? up_rows : run_rows);
	printf("\nexit codes: 0 the Skill ended with 0; 1 it did not; 2 usage; "
	       "20-43 a typed error (docs/errors.md)\n");
}

/* Reads a stream to its end, at most RUN_INPUT_MAX bytes. */
static enum err
read_stream(int fd, char **ret_text, size_t *ret_length, struct fault *fault)
{
	char *text = malloc(RUN_INPUT_MAX + 1);
	ssize_t n = text != NULL ? io_read_full(fd, text, RUN_INPUT_MAX + 1) : -ENOMEM;

	if (n < 0 || n > RUN_INPUT_MAX) {
		free(text);
		return n < 0 ? fault_set(fault, ERR_INTERNAL, "stdin: %s", strerror((int)-n))
			     : fault_set(fault, ERR_LIMIT, "the input is longer than 32 KiB");
	}
	*ret_text = text;
	*ret_length = (size_t)n;
	return ERR_OK;
}

enum err
run_options_input(
    const struct run_options *options, char **ret_text, size_t *ret_length, struct fault *fault)
{
	const char *input = options->input != NULL ? options->input : "{}";
	int r;

	if (strcmp(input, "-") == 0)
		return read_stream(STDIN_FILENO, ret_text, ret_length, fault);
	if (input[0] == '@') {
		r = io_read_file(AT_FDCWD, input + 1, RUN_INPUT_MAX, ret_text, ret_length);
		if (r < 0)
			return fault_set(fault, r == -EFBIG ? ERR_LIMIT : ERR_NOT_FOUND, "%s: %s",
			    input + 1, strerror(-r));
		return ERR_OK;
	}
	*ret_length = strlen(input);
	*ret_text = strdup(input);
	if (*ret_text == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	return *ret_length <= RUN_INPUT_MAX
		   ? ERR_OK
		   : fault_set(fault, ERR_LIMIT, "the input is longer than 32 KiB");
}
