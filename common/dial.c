#include "common/dial.h"

struct dial {
	struct event_base *base;
	char *path;
	enum wire_role self, other;
	const struct dial_handlers *handlers;
	void *context;
	struct peer *peer; /* NULL: down */
	struct event *retry;
	unsigned attempts; /* since the connection was last up */
};

static void
schedule(struct dial *dial)
{
	unsigned ms = dial->attempts < 5 ? 50U << dial->attempts : 2000;
	struct timeval delay = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	dial->attempts++;
	event_add(dial->retry, &delay);
}

static void
on_message(void *context, struct peer *peer, struct wire_message *message)
{
	struct dial *dial = context;

	(void)peer;
	/* Only now: a process that accepts and dies at once must not be tried without pause. */
	dial->attempts = 0;
	dial->handlers->message(dial->context, message);
}

static void
on_closed(void *context, struct peer *peer, const struct fault *why)
{
	(void)peer;
	dial_reset(context, why);
}

static const struct peer_handlers peer_handlers = {.message = on_message, .closed = on_closed};

static void
try_connect(struct dial *dial)
{
	int fd;

	if (peer_connect(dial->path, &fd) == 0)
		dial->peer =
		    peer_new(dial->base, fd, dial->self, dial->other, &peer_handlers, dial);
	if (dial->peer == NULL)
		schedule(dial);
	else
		dial->handlers->up(dial->context);
}

static void
on_retry(int fd, short what, void *context)
{
	(void)fd;
	(void)what;
	try_connect(context);
}

struct dial *
dial_new(struct event_base *base, const char *path, enum wire_role self, enum wire_role other,
    const struct dial_handlers *handlers, void *context)
{
	struct dial *dial = calloc(1, sizeof(*dial));

	if (dial == NULL)
		return NULL;
	dial->base = base;
	dial->path = strdup(path);
	dial->self = self;
	dial->other = other;
	dial->handlers = handlers;
	dial->context = context;
	dial->retry = event_new(base, -1, 0, on_retry, dial);
	if (dial->path == NULL || dial->retry == NULL) {
		dial_free(&dial);
		return NULL;
	}
	/* From the loop, so that the caller has its pointer before the first handler is called. */
	event_active(dial->retry, EV_TIMEOUT, 0);
	return dial;
}

enum err
dial_send(struct dial *dial, enum wire_type type, uint64_t serial, const void *body,
    const void *extra, size_t extra_length, const int *fds, int fd_count, struct fault *fault)
{
	if (dial->peer == NULL)
		return fault_set(fault, ERR_RUN_ENDED, "the other process is not there");
	return peer_send(dial->peer, type, serial, body, extra, extra_length, fds, fd_count, fault);
}

bool
dial_is_up(const struct dial *dial)
{
	return dial->peer != NULL;
}

void
dial_reset(struct dial *dial, const struct fault *why)
{
	if (dial->peer == NULL)
		return;
	peer_free(&dial->peer);
	schedule(dial);
	dial->handlers->down(dial->context, why);
}

void
dial_free(struct dial **dial)
{
	struct dial *gone = *dial;

	*dial = NULL;
	if (gone == NULL)
		return;
	peer_free(&gone->peer);
	if (gone->retry != NULL)
		event_free(gone->retry);
	free(gone->path);
	free(gone);
}
