/* praxa reload: every policy of a running service is read anew, without a restart. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/stack.h"
#include "common/args.h"
#include "common/dial.h"
#include "common/id.h"

struct reload {
	char state[PATHS_MAX];
	const char *workspace;
	bool json, help;
	struct event_base *base;
	struct dial *control;
	struct fault fault; /* ERR_OK: every policy is in force as it lies there */
	bool answered;
	struct wire_control_reloaded result;
};

static enum err
on_state(void *context, const char *value, struct fault *fault)
{
	struct reload *reload = context;

	if (value[0] == '\0' || strlen(value) >= sizeof(reload->state))
		return fault_set(fault, ERR_PROTOCOL, "--state takes a folder");
	strcpy(reload->state, value);
	return ERR_OK;
}

static enum err
on_workspace(void *context, const char *value, struct fault *fault)
{
	if (strncmp(value, "ws_", 3) != 0 || !id_name_is_valid(value + 3))
		return fault_set(fault, ERR_PROTOCOL,
		    "--workspace takes ws_ and a name of a-z, 0-9 and single hyphens");
	((struct reload *)context)->workspace = value;
	return ERR_OK;
}

static enum err
on_json(void *context, const char *value, struct fault *fault)
{
	(void)value;
	(void)fault;
	((struct reload *)context)->json = true;
	return ERR_OK;
}

static enum err
on_help(void *context, const char *value, struct fault *fault)
{
	(void)value;
	(void)fault;
	((struct reload *)context)->help = true;
	return ERR_OK;
}

static const struct args_option rows[] = {
    {"workspace", 'w', "ws_NAME", "the workspace (ws_local)", on_workspace},
    {"state", 's', "DIR", "folder in which praxa up runs", on_state},
    {"json", 'j', NULL, "print the result as one JSON object", on_json},
    {"help", 'h', NULL, "this text", on_help},
    {0},
};

static void
on_up(void *context)
{
	struct reload *reload = context;
	struct wire_control_reload ask = {0};

	text_copy(ask.workspace, sizeof(ask.workspace), reload->workspace);
	if (dial_send(reload->control, WIRE_TYPE_CONTROL_RELOAD, 0, &ask, NULL, 0, NULL, 0,
		&reload->fault) != ERR_OK)
		event_base_loopbreak(reload->base);
}

static void
on_message(void *context, struct wire_message *message)
{
	struct reload *reload = context;

	if (message->type == WIRE_TYPE_CONTROL_RELOADED) {
		reload->answered = true;
		reload->result = *(const struct wire_control_reloaded *)message->body;
		reload->fault = reload->result.fault;
		fwrite(message->extra, 1, message->extra_length, stderr);
		event_base_loopbreak(reload->base);
	} else if (message->type == WIRE_TYPE_CONTROL_REFUSED) {
		reload->fault = ((const struct wire_control_refused *)message->body)->fault;
		event_base_loopbreak(reload->base);
	}
}

static void
on_down(void *context, const struct fault *why)
{
	struct reload *reload = context;

	fault_set(&reload->fault, ERR_RUN_ENDED, "the supervisor is gone%s%s",
	    why->code != ERR_OK ? ": " : "", why->message);
	event_base_loopbreak(reload->base);
}

static const struct dial_handlers handlers = {
    .up = on_up,
    .message = on_message,
    .down = on_down,
};

/* dial would wait for a supervisor that is not there. */
static enum err
check_there(const char *path, const char *state, struct fault *fault)
{
	SCOPED_FD fd = -1;

	if (peer_connect(path, &fd) == 0)
		return ERR_OK;
	return fault_set(fault, ERR_NOT_FOUND,
	    "nothing runs in %.160s; start it with praxa up, or name its folder with --state",
	    state);
}

static enum err
ask(struct reload *reload)
{
	char path[PATHS_MAX + 32];
	struct fault *fault = &reload->fault;

	snprintf(path, sizeof(path), "%s/run/control.sock", reload->state);
	if (check_there(path, reload->state, fault) != ERR_OK)
		return fault->code;
	reload->base = event_base_new();
	if (reload->base != NULL)
		reload->control =
		    dial_new(reload->base, path, WIRE_CLI, WIRE_SUPERVISOR, &handlers, reload);
	if (reload->control != NULL)
		event_base_dispatch(reload->base);
	else
		fault_set(fault, ERR_INTERNAL, "out of memory");
	dial_free(&reload->control);
	if (reload->base != NULL)
		event_base_free(reload->base);
	return fault->code;
}

static void
print_result(const struct reload *reload)
{
	const struct wire_control_reloaded *result = &reload->result;

	if (reload->json)
		printf("{\"policies\": %u, \"taken\": %u, \"refused\": %u, \"ended_runs\": %u}\n",
		    result->policies, result->taken, result->refused, result->ended_runs);
	else
		printf("%u of %u policies are in force as they lie there, %u refused, %u live "
		       "runs ended\n",
		    result->taken, result->policies, result->refused, result->ended_runs);
}

static enum err
parse(int argc, char *const argv[], struct reload *reload, struct fault *fault)
{
	int rest;
	enum err r = args_parse(rows, argc, argv, reload, &rest, fault);

	if (r != ERR_OK || reload->help)
		return r;
	if (rest < argc)
		return fault_set(
		    fault, ERR_PROTOCOL, "\"%s\" is one argument too many", argv[rest]);
	return reload->state[0] != '\0'
		   ? ERR_OK
		   : stack_default_state(reload->state, sizeof(reload->state), fault);
}

int
cmd_reload(int argc, char *const argv[])
{
	struct reload reload = {.workspace = "ws_local"};
	struct fault fault = {0};

	progress_init(false);
	if (parse(argc, argv, &reload, &fault) != ERR_OK) {
		progress_fault("praxa reload", &fault);
		return CLI_USAGE;
	}
	if (reload.help) {
		printf("usage: praxa reload [options]\n\nHas a running service read its policies "
		       "anew. New runs get the new ones; what is refused stays as it was.\n\n");
		args_usage(rows);
		printf("\nexit codes: 0 all are in force as they lie there; 2 usage; 20-43 the "
		       "typed error of the first that is refused (docs/errors.md)\n");
		return CLI_OK;
	}
	ask(&reload);
	if (reload.answered)
		print_result(&reload);
	if (reload.fault.code == ERR_OK)
		return CLI_OK;
	progress_fault("praxa reload", &reload.fault);
	return err_info(reload.fault.code)->exit_code;
}
