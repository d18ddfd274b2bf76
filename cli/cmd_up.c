#include <signal.h>
#include <stdio.h>

#include "cli/check.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/run_options.h"

struct up {
	struct event_base *base;
	struct stack *stack;
	bool failed;
};

static void
on_died(void *context, const char *daemon, int status, const struct fault *why)
{
	struct up *up = context;

	if (why == NULL) {
		progress_restarted(daemon, status);
		return;
	}
	progress_fault("praxa up", why);
	up->failed = true;
	stack_stop(up->stack);
}

static void
on_stopped(void *context)
{
	event_base_loopbreak(((struct up *)context)->base);
}

static const struct stack_handlers handlers = {.died = on_died, .stopped = on_stopped};

static void
on_signal(int number, short what, void *context)
{
	(void)number;
	(void)what;
	progress_line(PROGRESS_STEP, "stopping");
	stack_stop(((struct up *)context)->stack);
}

static enum err
check_all(const struct run_options *options, struct fault *fault)
{
	for (unsigned i = 0; i < options->policy_count; i++) {
		struct policy_source source;
		enum err r = check_startable(options->policies[i], &source, fault);

		if (r != ERR_OK)
			return r;
		policy_source_done(&source);
	}
	return ERR_OK;
}

static enum err
serve(const struct run_options *options, struct up *up, struct fault *fault)
{
	const struct stack_plan plan = {
	    .state = options->state,
	    .workspace = options->workspace,
	    .policies = options->policies,
	    .policy_count = options->policy_count,
	    .resources = options->resources,
	    .resource_count = options->resource_count,
	    .allowed_signers = options->allowed_signers,
	    .cgroup = options->cgroup,
	    .warm = options->warm,
	    .verbose = true,
	};
	struct event *terminate, *interrupt;
	enum err r;

	up->base = event_base_new();
	if (up->base == NULL)
		return fault_set(fault, ERR_INTERNAL, "no event loop");
	r = stack_start(up->base, &plan, &handlers, up, &up->stack, fault);
	if (r == ERR_OK) {
		terminate = evsignal_new(up->base, SIGTERM, on_signal, up);
		interrupt = evsignal_new(up->base, SIGINT, on_signal, up);
		if (terminate != NULL && interrupt != NULL && event_add(terminate, NULL) == 0 &&
		    event_add(interrupt, NULL) == 0) {
			progress_line(PROGRESS_DONE, "%s is up in %s; end it with Ctrl-C",
			    options->workspace, options->state);
			event_base_dispatch(up->base);
		}
		if (terminate != NULL)
			event_free(terminate);
		if (interrupt != NULL)
			event_free(interrupt);
	}
	stack_free(&up->stack);
	event_base_free(up->base);
	return r;
}

int
cmd_up(int argc, char *const argv[])
{
	struct run_options options = {0};
	struct fault fault = {0};
	struct up up = {0};
	enum err r = run_options_parse(argc, argv, true, &options, &fault);

	progress_init(false);
	if (options.help) {
		run_options_usage(true);
		return CLI_OK;
	}
	if (r != ERR_OK) {
		progress_fault("praxa up", &fault);
		return CLI_USAGE;
	}
	r = check_all(&options, &fault);
	if (r == ERR_OK)
		r = serve(&options, &up, &fault);
	if (r == ERR_OK)
		return up.failed ? CLI_INTERNAL : CLI_OK;
	progress_fault("praxa up", &fault);
	return err_info(fault.code)->exit_code;
}
