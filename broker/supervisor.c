#include "broker/supervisor.h"

#include "broker/body.h"
#include "broker/exec.h"
#include "broker/run.h"
#include "common/codec.h"

/* Whom we did not let in. Where the log cannot be reached nothing was done that it would miss; the
 * count is said when the broker ends. */
static void
record_refused(struct broker *broker, uid_t uid, pid_t pid, const char *why)
{
	const struct value_pair pairs[] = {
	    {value_string("message"), value_string(why)},
	    {value_string("uid"), value_integer(uid)},
	    {value_string("pid"), value_integer(pid)},
	};
	const struct value body = broker_map(pairs, ARRAY_SIZE(pairs));
	struct wire_audit_append append = {.kind = EVENT_PEER_REFUSED, .error = ERR_PROTOCOL};
	struct fault fault;

	memcpy(append.workspace, broker->workspace, sizeof(append.workspace));
	broker->body.length = 0;
	if (!codec_encode(&broker->body, &body) ||
	    recorder_append(broker->recorder, &append, broker->body.data, broker->body.length, NULL,
		NULL, &fault) != ERR_OK)
		broker->unrecorded++;
}

void
broker_supervisor_lose(struct broker *broker)
{
	broker->supervisor_stalled = false;
	peer_free(&broker->supervisor);
	for (struct broker_run *run = broker->runs; run != NULL; run = run->next)
		broker_run_orphan(run);
}

void
broker_supervisor_tell(
    struct broker *broker, enum wire_type type, uint64_t serial, const void *body)
{
	struct fault fault;

	if (broker->supervisor == NULL ||
	    peer_send_plain(broker->supervisor, type, serial, body, &fault) == ERR_OK)
		return;
	broker->supervisor_stalled = true;
	event_active(broker->reap, EV_TIMEOUT, 1);
}

static void
on_closed(void *context, struct peer *peer, const struct fault *why)
{
	struct broker *broker = context;

	(void)peer;
	if (why->code != ERR_OK)
		record_refused(broker, broker->allow_uid, -1, why->message);
	broker_supervisor_lose(broker);
}

static void
on_grant_run(struct broker *broker, struct wire_message *message)
{
	const struct wire_grant_run *grant = message->body;
	struct wire_grant_refused refused = {0};
	struct wire_grant_ready ready = {0};
	enum err r;

	if (broker_run_find(broker, grant->run) != NULL)
		r = fault_set(&refused.fault, ERR_PROTOCOL, "the run is live already");
	else
		r = broker_run_begin(broker, grant, message->fds, &refused.fault);
	memcpy(refused.run, grant->run, sizeof(refused.run));
	memcpy(ready.run, grant->run, sizeof(ready.run));
	if (r == ERR_OK)
		broker_supervisor_tell(broker, WIRE_TYPE_GRANT_READY, message->serial, &ready);
	else
		broker_supervisor_tell(broker, WIRE_TYPE_GRANT_REFUSED, message->serial, &refused);
}

static void
on_grant_end(struct broker *broker, struct wire_message *message)
{
	const struct wire_grant_end *end = message->body;
	struct broker_run *run = broker_run_find(broker, end->run);
	struct wire_grant_closed closed = {0};

	if (run != NULL) {
		broker_run_end_asked(run, message->serial);
		return;
	}
	/* The end of a grant that we refused while it was on the way. */
	memcpy(closed.run, end->run, sizeof(closed.run));
	broker_supervisor_tell(broker, WIRE_TYPE_GRANT_CLOSED, message->serial, &closed);
}

static void
on_tool_done(struct broker *broker, struct wire_message *message)
{
	broker_exec_done(broker, message->body);
}

static void
on_message(void *context, struct peer *peer, struct wire_message *message)
{
	static const struct {
		enum wire_type type;
		void (*handler)(struct broker *, struct wire_message *);
	} rows[] = {
	    {WIRE_TYPE_GRANT_RUN, on_grant_run},
	    {WIRE_TYPE_GRANT_END, on_grant_end},
	    {WIRE_TYPE_TOOL_DONE, on_tool_done},
	};
	struct broker *broker = context;

	(void)peer;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].type == message->type) {
			rows[i].handler(broker, message);
			return;
		}
	record_refused(broker, broker->allow_uid, -1, "a message that a broker does not take");
	broker_supervisor_lose(broker);
}

static const struct peer_handlers handlers = {on_message, on_closed};

void
broker_supervisor_accept(void *context, int fd)
{
	struct broker *broker = context;
	struct peer *peer =
	    peer_new(broker->base, fd, WIRE_BROKER, WIRE_SUPERVISOR, &handlers, broker);
	const char *why = NULL;
	uid_t uid = (uid_t)-1;
	pid_t pid = -1;

	if (peer == NULL)
		return;
	if (peer_credentials(peer, &uid, &pid) < 0 || uid != broker->allow_uid)
		why = "a supervisor of another user";
	else if (broker->supervisor != NULL)
		why = "a second supervisor";
	if (why == NULL) {
		broker->supervisor = peer;
		return;
	}
	record_refused(broker, uid, pid, why);
	peer_free(&peer);
}
