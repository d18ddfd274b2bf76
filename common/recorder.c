#include "common/recorder.h"

#include "common/dial.h"

struct pending {
	struct pending *next;
	uint64_t serial;
	recorder_answered *answered;
	void *context;
};

struct recorder {
	struct dial *dial;
	const struct recorder_handlers *handlers;
	void *context;
	uint64_t serial;
	struct pending *first, **last; /* auditd answers in order: the first is the next answered */
	unsigned count;
	struct event *late; /* pending while answers are: nothing was answered for answer_wait */
	struct timeval answer_wait;
	bool open;  /* auditd has spoken: it takes appends, those for runs that it has open too */
	bool ready; /* it has said everything that it says first */
};

static void
answer(struct pending *pending, const struct recorder_answer *what)
{
	if (pending->answered != NULL)
		pending->answered(pending->context, what);
	free(pending);
}

static struct pending *
take_first(struct recorder *recorder)
{
	struct pending *pending = recorder->first;

	recorder->first = pending->next;
	if (recorder->first == NULL)
		recorder->last = &recorder->first;
	recorder->count--;
	if (recorder->first == NULL)
		event_del(recorder->late);
	else
		event_add(recorder->late, &recorder->answer_wait);
	return pending;
}

static void
refuse_all(struct recorder *recorder)
{
	/* A callback may append again, which fails at once: the connection is already marked lost.
	 */
	while (recorder->first != NULL) {
		struct recorder_answer what = {.code = ERR_AUDIT_UNAVAILABLE};

		fault_set(&what.fault, ERR_AUDIT_UNAVAILABLE,
		    "the log's writer went away before it confirmed the record");
		answer(take_first(recorder), &what);
	}
}

static void
on_late(int fd, short what, void *context)
{
	struct recorder *recorder = context;
	struct fault fault = {0};

	(void)fd;
	(void)what;
	fault_set(&fault, ERR_AUDIT_UNAVAILABLE, "the log's writer does not answer");
	dial_reset(recorder->dial, &fault);
}

static void
on_up(void *context)
{
	(void)context; /* appends wait for AUDIT_READY */
}

static void
on_down(void *context, const struct fault *why)
{
	struct recorder *recorder = context;
	bool was_ready = recorder->ready;

	(void)why;
	recorder->open = recorder->ready = false;
	refuse_all(recorder);
	if (was_ready)
		recorder->handlers->lost(recorder->context);
}

/* An answer whose serial is not the next one means that the two sides disagree about what is
 * durable; nothing after it could be believed. */
static void
take_answer(struct recorder *recorder, uint64_t serial, const struct recorder_answer *what)
{
	struct fault fault = {0};

	if (recorder->first != NULL && recorder->first->serial == serial) {
		answer(take_first(recorder), what);
		return;
	}
	fault_set(&fault, ERR_PROTOCOL, "an answer out of order");
	dial_reset(recorder->dial, &fault);
}

static void
on_message(void *context, struct wire_message *message)
{
	struct recorder *recorder = context;
	struct recorder_answer what = {0};

	recorder->open = true;
	if (message->type == WIRE_TYPE_AUDIT_ACK) {
		const struct wire_audit_ack *ack = message->body;

		memcpy(what.event, ack->event, sizeof(what.event));
		what.index = ack->index;
		what.realtime_ms = ack->realtime_ms;
		take_answer(recorder, message->serial, &what);
	} else if (message->type == WIRE_TYPE_AUDIT_REFUSED) {
		const struct wire_audit_refused *refused = message->body;

		what.fault = refused->fault;
		what.code =
		    refused->fault.code != ERR_OK ? refused->fault.code : ERR_AUDIT_UNAVAILABLE;
		take_answer(recorder, message->serial, &what);
	} else if (message->type == WIRE_TYPE_AUDIT_OPEN_RUN) {
		if (recorder->handlers->open_run != NULL)
			recorder->handlers->open_run(recorder->context, message->body);
	} else {
		recorder->ready = true; /* AUDIT_READY: the only type left in the table */
		recorder->handlers->ready(recorder->context);
	}
}

static const struct dial_handlers dial_handlers = {
    .up = on_up,
    .message = on_message,
    .down = on_down,
};

struct recorder *
recorder_new(struct event_base *base, const char *path, enum wire_role self, unsigned answer_ms,
    const struct recorder_handlers *handlers, void *context)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	if (recorder == NULL)
		return NULL;
	recorder->handlers = handlers;
	recorder->context = context;
	recorder->last = &recorder->first;
	recorder->answer_wait = (struct timeval){answer_ms / 1000, answer_ms % 1000 * 1000};
	recorder->late = event_new(base, -1, 0, on_late, recorder);
	if (recorder->late != NULL)
		recorder->dial = dial_new(base, path, self, WIRE_AUDITD, &dial_handlers, recorder);
	if (recorder->dial == NULL)
		recorder_free(&recorder);
	return recorder;
}

void
recorder_free(struct recorder **recorder)
{
	struct recorder *gone = *recorder;

	*recorder = NULL;
	if (gone == NULL)
		return;
	dial_free(&gone->dial);
	while (gone->first != NULL)
		free(take_first(gone));
	if (gone->late != NULL)
		event_free(gone->late);
	free(gone);
}

bool
recorder_is_ready(const struct recorder *recorder)
{
	return recorder->ready;
}

enum err
recorder_append(struct recorder *recorder, const struct wire_audit_append *event, const void *body,
    size_t body_length, recorder_answered *answered, void *context, struct fault *fault)
{
	struct pending *pending;
	enum err r;

	if (body_length > WIRE_EXTRA_MAX)
		return fault_set(
		    fault, ERR_LIMIT, "a record's body holds at most %d bytes", WIRE_EXTRA_MAX);
	if (!recorder->open || recorder->count == RECORDER_PENDING_MAX)
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "%s",
		    recorder->open ? "the log does not keep up; try again later"
				   : "the log's writer cannot be reached; try again later");
	pending = malloc(sizeof(*pending));
	if (pending == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	*pending = (struct pending){NULL, ++recorder->serial, answered, context};
	r = dial_send(recorder->dial, WIRE_TYPE_AUDIT_APPEND, pending->serial, event, body,
	    body_length, NULL, 0, NULL);
	if (r != ERR_OK) {
		free(pending);
		return fault_set(fault, ERR_AUDIT_UNAVAILABLE,
		    "the log's writer does not take the record; try again later");
	}
	if (recorder->first == NULL)
		event_add(recorder->late, &recorder->answer_wait);
	*recorder->last = pending;
	recorder->last = &pending->next;
	recorder->count++;
	return ERR_OK;
}
