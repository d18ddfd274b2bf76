#include "supervisor/link.h"

#include "common/log.h"
#include "supervisor/control.h"
#include "supervisor/record.h"
#include "supervisor/tool.h"

static void
on_up(void *context)
{
	struct supervisor *supervisor = context;

	if (supervisor_is_ready(supervisor))
		control_tell_ready(supervisor);
}

static void
on_down(void *context, const struct fault *why)
{
	struct supervisor *supervisor = context;

	if (why->code != ERR_OK) {
		log_fault(LOG_LEVEL_ERROR, "the broker was disconnected", why);
		record_peer_refused(supervisor, "broker", (uid_t)-1, why);
	}
	for (struct run *run = supervisor->runs, *next; run != NULL; run = next) {
		next = run->next;
		run_broker_lost(run);
	}
}

/* One handler a message; the broker names a run, and only a run that waits for this takes it. */
static void
on_ready(struct run *run, struct wire_message *message)
{
	(void)message;
	run_granted(run);
}

static void
on_refused(struct run *run, struct wire_message *message)
{
	run_grant_refused(run, &((const struct wire_grant_refused *)message->body)->fault);
}

static void
on_closed(struct run *run, struct wire_message *message)
{
	run_closed(run, message->body);
}

static void
on_violation(struct run *run, struct wire_message *message)
{
	run_stop(run, END_PROTOCOL, &((const struct wire_grant_violation *)message->body)->fault);
}

static void
on_exec(struct run *run, struct wire_message *message)
{
	tool_exec(run, message);
}

static void
on_cancel(struct run *run, struct wire_message *message)
{
	tool_cancel(run, ((const struct wire_tool_cancel *)message->body)->call);
}

/* answer: what the run's state must wait for. The others race with the end of a run, and each
 * handler takes them in any state. */
static const struct {
	enum wire_type type;
	bool answer;
	void (*handler)(struct run *run, struct wire_message *message);
} rows[] = {
    {WIRE_TYPE_GRANT_READY, true, on_ready},
    {WIRE_TYPE_GRANT_REFUSED, true, on_refused},
    {WIRE_TYPE_GRANT_CLOSED, true, on_closed},
    {WIRE_TYPE_GRANT_VIOLATION, false, on_violation},
    {WIRE_TYPE_TOOL_EXEC, false, on_exec},
    {WIRE_TYPE_TOOL_CANCEL, false, on_cancel},
};

/* False: no history of this run explains the message; the broker's idea of the world is wrong. */
static bool
take(struct run *run, unsigned row, struct wire_message *message)
{
	enum run_expectation expectation =
	    rows[row].answer ? run_expects(run, message->type) : RUN_EXPECTS;

	if (expectation == RUN_EXPECTS)
		rows[row].handler(run, message);
	return expectation != RUN_EXPECTS_NOT;
}

static void
on_message(void *context, struct wire_message *message)
{
	struct supervisor *supervisor = context;
	/* Every message of this channel begins with the run's id. A run that is forgotten has been
	 * recorded: what comes for it comes late. */
	struct run *run = run_find(supervisor, message->body);
	struct fault fault;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].type != message->type)
			continue;
		if (run == NULL || take(run, i, message))
			return;
		fault_set(&fault, ERR_PROTOCOL, "%s for a run that does not wait for it",
		    wire_name(message->type));
		dial_reset(supervisor->broker, &fault);
	}
}

static const struct dial_handlers handlers = {
    .up = on_up,
    .message = on_message,
    .down = on_down,
};

struct dial *
link_new(struct supervisor *supervisor)
{
	return dial_new(supervisor->base, supervisor->options->broker, WIRE_SUPERVISOR, WIRE_BROKER,
	    &handlers, supervisor);
}
