#include "cli/session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "cli/progress.h"
#include "common/dial.h"
#include "common/io.h"
#include "common/layer.h"

struct session {
	struct event_base *base;
	const struct run_options *options;
	const char *skill;
	int input_fd;        /* sealed */
	struct stack *stack; /* NULL: somebody else's */
	struct dial *control;
	struct event *signals[2];
	struct session_result *result;
	bool asked; /* CONTROL_RUN was sent */
	bool over;  /* there is an answer, or there will be none */
	unsigned interrupts;
};

/* Nothing more to wait for: ends the stack, or the loop. */
static void
finish(struct session *session)
{
	if (session->over)
		return;
	session->over = true;
	progress_output(1, NULL, 0);
	progress_output(2, NULL, 0);
	if (session->stack != NULL)
		stack_stop(session->stack);
	else
		event_base_loopbreak(session->base);
}

static void
fail(struct session *session, const struct fault *fault)
{
	if (session->result->code == ERR_OK) {
		session->result->code = fault->code;
		session->result->fault = *fault;
	}
	finish(session);
}

static void
on_ready(struct session *session, const struct wire_message *message)
{
	const struct wire_control_ready *ready = message->body;
	struct wire_control_run ask = {0};
	struct fault fault;

	if (strcmp(ready->workspace, session->options->workspace) != 0) {
		fault_set(&fault, ERR_WORKSPACE_SCOPE,
		    "the praxa up in this state folder serves %s, not %s", ready->workspace,
		    session->options->workspace);
		fail(session, &fault);
		return;
	}
	if (session->asked) { /* praxad came back: it has recorded the run as lost */
		fault_set(&fault, ERR_RUN_ENDED,
		    "the supervisor ended during the run; the log has it as supervisor-lost");
		fail(session, &fault);
		return;
	}
	session->asked = true;
	text_copy(ask.skill, sizeof(ask.skill), session->skill);
	text_copy(ask.event, sizeof(ask.event), session->options->event);
	if (dial_send(session->control, WIRE_TYPE_CONTROL_RUN, 0, &ask, NULL, 0, &session->input_fd,
		1, &fault) != ERR_OK)
		fail(session, &fault);
}

static void
on_admitted(struct session *session, const struct wire_message *message)
{
	char digest[DIGEST_TEXT_MAX];

	session->result->admitted = true;
	session->result->run = *(const struct wire_control_admitted *)message->body;
	digest_text(digest, &session->result->run.policy);
	progress_line(PROGRESS_STEP, "run %s of %s is admitted and on record",
	    session->result->run.run, session->result->run.skill);
	progress_line(PROGRESS_NOTE, "policy %s", digest);
}

static void
on_started(struct session *session, const struct wire_message *message)
{
	const struct wire_control_started *started = message->body;

	session->result->started = *started;
	progress_line(PROGRESS_STEP, "its cell is up after %u.%u ms with %d layers",
	    (unsigned)(started->setup_ns / 1000000), (unsigned)(started->setup_ns / 100000 % 10),
	    __builtin_popcountll(started->layers));
}

static void
on_output(struct session *session, const struct wire_message *message)
{
	const struct wire_control_output *output = message->body;

	(void)session;
	progress_output(output->stream, (const char *)message->extra, message->extra_length);
}

static void
on_ended(struct session *session, const struct wire_message *message)
{
	session->result->ended = true;
	session->result->end = *(const struct wire_control_ended *)message->body;
	finish(session);
}

static void
on_refused(struct session *session, const struct wire_message *message)
{
	fail(session, &((const struct wire_control_refused *)message->body)->fault);
}

static const struct {
	enum wire_type type;
	void (*handler)(struct session *session, const struct wire_message *message);
} rows[] = {
    {WIRE_TYPE_CONTROL_READY, on_ready},
    {WIRE_TYPE_CONTROL_ADMITTED, on_admitted},
    {WIRE_TYPE_CONTROL_STARTED, on_started},
    {WIRE_TYPE_CONTROL_OUTPUT, on_output},
    {WIRE_TYPE_CONTROL_ENDED, on_ended},
    {WIRE_TYPE_CONTROL_REFUSED, on_refused},
};

static void
on_message(void *context, struct wire_message *message)
{
	/* All that answers what this client asks for. */
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].type == message->type)
			rows[i].handler(context, message);
}

static void
on_up(void *context)
{
	(void)context; /* CONTROL_READY follows when the supervisor can reach log and broker */
}

static void
on_down(void *context, const struct fault *why)
{
	struct session *session = context;
	struct fault fault;

	if (session->over || (session->stack != NULL && !session->asked))
		return;
	if (session->stack == NULL) {
		fault_set(&fault, ERR_RUN_ENDED, "the supervisor is gone%s%s",
		    why->code != ERR_OK ? ": " : "", why->message);
		fail(session, &fault);
		return;
	}
	progress_line(PROGRESS_FAILED, "the supervisor ended during the run; starting it again so "
				       "that the end is recorded");
}

static const struct dial_handlers dial_handlers = {
    .up = on_up,
    .message = on_message,
    .down = on_down,
};

static void
on_died(void *context, const char *daemon, int status, const struct fault *why)
{
	if (why != NULL)
		fail(context, why);
	else
		progress_restarted(daemon, status);
}

static void
on_stopped(void *context)
{
	event_base_loopbreak(((struct session *)context)->base);
}

static const struct stack_handlers stack_handlers = {.died = on_died, .stopped = on_stopped};

/* The first signal ends the run and waits for its record; the second ends the stack. */
static void
on_signal(int number, short what, void *context)
{
	struct session *session = context;
	struct wire_control_kill kill = {0};
	struct fault fault;

	(void)what;
	session->interrupts++;
	memcpy(kill.run, session->result->run.run, sizeof(kill.run));
	if (session->interrupts == 1 && session->result->admitted &&
	    dial_send(session->control, WIRE_TYPE_CONTROL_KILL, 0, &kill, NULL, 0, NULL, 0,
		&fault) == ERR_OK) {
		progress_line(PROGRESS_STEP, "ending the run");
		return;
	}
	fault_set(&fault, ERR_RUN_ENDED, "interrupted by signal %d", number);
	fail(session, &fault);
}

static enum err
watch_signals(struct session *session, struct fault *fault)
{
	static const int numbers[] = {SIGINT, SIGTERM};

	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		session->signals[i] = evsignal_new(session->base, numbers[i], on_signal, session);
		if (session->signals[i] == NULL || event_add(session->signals[i], NULL) < 0)
			return fault_set(fault, ERR_INTERNAL, "out of memory");
	}
	return ERR_OK;
}

/* True when a praxa up holds the state folder's control socket. */
static bool
somebody_listens(const char *path)
{
	SCOPED_FD fd = -1;

	return peer_connect(path, &fd) == 0;
}

static enum err
open_stack(struct session *session, const char *control, struct fault *fault)
{
	const struct run_options *options = session->options;
	const struct stack_plan plan = {
	    .state = options->state,
	    .workspace = options->workspace,
	    .policies = options->policies,
	    .policy_count = options->policy_count,
	    .resources = options->resources,
	    .resource_count = options->resource_count,
	    .allowed_signers = options->allowed_signers,
	    .cgroup = options->cgroup,
	    .verbose = options->verbose,
	};

	if (somebody_listens(control)) {
		progress_line(PROGRESS_STEP, "using the daemons that run in %s", options->state);
		return ERR_OK;
	}
	progress_line(
	    PROGRESS_STEP, "starting praxa-auditd, praxa-broker and praxad in %s", options->state);
	return stack_start(session->base, &plan, &stack_handlers, session, &session->stack, fault);
}

static enum err
open_session(struct session *session, const char *input, size_t input_length, struct fault *fault)
{
	char control[PATHS_MAX + 32];
	enum err r;

	snprintf(control, sizeof(control), "%s/run/control.sock", session->options->state);
	snprintf(session->result->log, sizeof(session->result->log), "%s/audit/%s",
	    session->options->state, session->options->workspace);
	session->base = event_base_new();
	if (session->base == NULL ||
	    io_sealed_new("praxa-input", input, input_length, &session->input_fd) < 0)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	r = watch_signals(session, fault);
	if (r == ERR_OK)
		r = open_stack(session, control, fault);
	if (r != ERR_OK)
		return r;
	session->control =
	    dial_new(session->base, control, WIRE_CLI, WIRE_SUPERVISOR, &dial_handlers, session);
	return session->control != NULL ? ERR_OK : fault_set(fault, ERR_INTERNAL, "out of memory");
}

static void
close_session(struct session *session)
{
	dial_free(&session->control);
	stack_free(&session->stack);
	for (unsigned i = 0; i < ARRAY_SIZE(session->signals); i++)
		if (session->signals[i] != NULL)
			event_free(session->signals[i]);
	if (session->base != NULL)
		event_base_free(session->base);
	if (session->input_fd >= 0)
		close(session->input_fd);
}

void
session_run(const struct run_options *options, const char *skill, const char *input,
    size_t input_length, struct session_result *ret)
{
	struct session session = {
	    .options = options, .skill = skill, .input_fd = -1, .result = ret};

	*ret = (struct session_result){0};
	ret->code = open_session(&session, input, input_length, &ret->fault);
	if (ret->code == ERR_OK)
		event_base_dispatch(session.base);
	close_session(&session);
}
