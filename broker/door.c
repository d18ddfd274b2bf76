#include "broker/door.h"

#include <errno.h>
#include <sys/socket.h>

#include "common/buffer.h"
#include "common/codec_scan.h"

enum { FIRST_READ_BYTES = 4096 };

struct broker_door {
	int fd;    /* -1: shut */
	bool deaf; /* the Skill sends no more */
	bool mute; /* the Skill receives no more */
	struct timeval stall;
	const struct broker_door_handlers *handlers;
	void *context;
	struct event *readable, *writable, *again;
	struct event *late;  /* a message is not complete in time */
	struct event *stuck; /* the Skill takes no byte of the replies in time */
	struct buffer in, out;
	size_t front;           /* bytes of in that were handed over */
	struct codec_scan scan; /* of the message at the front */
};

void
broker_door_shut(struct broker_door *door)
{
	event_del(door->readable);
	event_del(door->writable);
	event_del(door->again);
	event_del(door->late);
	event_del(door->stuck);
	if (door->fd >= 0)
		close(door->fd);
	door->fd = -1;
	buffer_done(&door->in);
	buffer_done(&door->out);
}

static void
violate(struct broker_door *door, const struct fault *fault)
{
	if (door->fd < 0)
		return;
	broker_door_shut(door);
	door->handlers->violated(door->context, fault);
}

static bool
is_paused(const struct broker_door *door)
{
	return door->out.length > BROKER_OUT_BYTES_HIGH || door->handlers->is_full(door->context);
}

/* Sets what the loop waits for from what the door holds. */
static void
settle(struct broker_door *door)
{
	bool reads = !door->deaf && !is_paused(door);

	if (door->fd < 0)
		return;
	if (reads)
		event_add(door->readable, NULL);
	else
		event_del(door->readable);
	/* A message is timed from its first byte: one byte a second must not keep it alive. While
	 * the door itself does not read, the Skill is not to blame. */
	if (!reads || door->in.length == 0)
		event_del(door->late);
	else if (!event_pending(door->late, EV_TIMEOUT, NULL))
		event_add(door->late, &door->stall);
}

/* Hands over the message at the front. False: there is no whole one, or the door was shut. */
static bool
hand_over(struct broker_door *door)
{
	const unsigned char *data = door->in.data + door->front;
	size_t length = door->in.length - door->front;
	struct fault fault = {0};

	if (length == 0)
		return false;
	if (codec_scan(&door->scan, data, length, &fault) != ERR_OK) {
		violate(door, &fault);
		return false;
	}
	if (!door->scan.done)
		return false;
	length = door->scan.at;
	door->handlers->message(door->context, data, length, door->scan.items);
	if (door->fd < 0)
		return false;
	door->front += length;
	door->scan = (struct codec_scan){.limits = &broker_limits};
	event_del(door->late); /* the next message has its own time */
	return true;
}

/* Hands over what is there, at most a turn of it. */
static void
work(struct broker_door *door)
{
	int left = BROKER_TURN_FRAMES;

	while (left > 0 && door->fd >= 0 && !is_paused(door) && hand_over(door))
		left--;
	if (door->fd < 0)
		return;
	buffer_drop(&door->in, door->front);
	door->front = 0;
	if (door->in.length == 0)
		buffer_done(&door->in); /* an idle door holds no buffer */
	if (left == 0)
		event_active(door->again, EV_TIMEOUT, 1);
	settle(door);
}

static void
on_again(int fd, short what, void *context)
{
	(void)fd;
	(void)what;
	work(context);
}

static void
on_late(int fd, short what, void *context)
{
	struct fault fault;

	(void)fd;
	(void)what;
	fault_set(&fault, ERR_PROTOCOL, "a message was begun and not completed in time");
	violate(context, &fault);
}

static void
on_stuck(int fd, short what, void *context)
{
	struct fault fault;

	(void)fd;
	(void)what;
	fault_set(&fault, ERR_PROTOCOL, "the Skill does not read its replies");
	violate(context, &fault);
}

static void
on_readable(int fd, short what, void *context)
{
	struct broker_door *door = context;
	size_t room = BROKER_FRAME_BYTES_MAX - door->in.length;
	struct fault fault;
	unsigned char *to;
	ssize_t n;

	(void)what;
	if (room > BROKER_TURN_BYTES)
		room = BROKER_TURN_BYTES;
	/* A first read is small: most messages are, and most doors are idle. */
	if (door->in.length == 0)
		room = FIRST_READ_BYTES;
	to = buffer_reserve(&door->in, room);
	if (to == NULL) {
		fault_set(&fault, ERR_INTERNAL, "out of memory");
		violate(door, &fault);
		return;
	}
	/* Full of whole messages that wait for their turn: 0 bytes here are not the end. */
	if (room == 0)
		return;
	n = recv(fd, to, room, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		door->deaf = true;
	else
		door->in.length += (size_t)n;
	work(door);
}

/* Sends what the socket takes. */
static void
flush(struct broker_door *door)
{
	size_t sent = 0;

	while (sent < door->out.length) {
		ssize_t n = send(door->fd, door->out.data + sent, door->out.length - sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			/* It has closed its end or is dead; its calls are still recorded. */
			door->mute = true;
			sent = door->out.length;
			break;
		}
		sent += (size_t)n;
	}
	buffer_drop(&door->out, sent);
	if (door->out.length == 0) {
		buffer_done(&door->out);
		event_del(door->writable);
		event_del(door->stuck);
	} else if (sent > 0 || !event_pending(door->stuck, EV_TIMEOUT, NULL)) {
		event_add(door->writable, NULL);
		event_add(door->stuck, &door->stall);
	}
}

static void
on_writable(int fd, short what, void *context)
{
	struct broker_door *door = context;

	(void)fd;
	(void)what;
	flush(door);
	work(door);
}

void
broker_door_send(struct broker_door *door, const void *data, size_t length)
{
	struct fault fault;

	if (door->fd < 0 || door->mute)
		return;
	if (!buffer_add(&door->out, data, length)) {
		fault_set(&fault, ERR_PROTOCOL, "the Skill does not read its replies");
		violate(door, &fault);
		return;
	}
	if (door->out.length == length)
		flush(door);
	settle(door);
}

void
broker_door_resume(struct broker_door *door)
{
	if (door->fd >= 0)
		event_active(door->again, EV_TIMEOUT, 1);
}

struct broker_door *
broker_door_new(struct event_base *base, int fd, unsigned stall_ms,
    const struct broker_door_handlers *handlers, void *context)
{
	struct broker_door *door = calloc(1, sizeof(*door));
	socklen_t length = sizeof(int);
	int type = 0;

	if (door == NULL) {
		close(fd);
		return NULL;
	}
	*door = (struct broker_door){.fd = fd,
	    .stall = {stall_ms / 1000, stall_ms % 1000 * 1000},
	    .handlers = handlers,
	    .context = context,
	    .scan.limits = &broker_limits,
	    .in.limit = BROKER_FRAME_BYTES_MAX,
	    .out.limit = BROKER_OUT_BYTES_MAX};
	door->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, door);
	door->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, door);
	door->again = event_new(base, -1, 0, on_again, door);
	door->late = event_new(base, -1, 0, on_late, door);
	door->stuck = event_new(base, -1, 0, on_stuck, door);
	if (door->readable != NULL && door->writable != NULL && door->again != NULL &&
	    door->late != NULL && door->stuck != NULL && event_add(door->readable, NULL) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM)
		return door;
	broker_door_free(&door);
	return NULL;
}

void
broker_door_free(struct broker_door **door)
{
	struct broker_door *gone = *door;

	*door = NULL;
	if (gone == NULL)
		return;
	{
		struct event *events[] = {
		    gone->readable, gone->writable, gone->again, gone->late, gone->stuck};

		for (unsigned i = 0; i < ARRAY_SIZE(events); i++)
			if (events[i] != NULL)
				event_free(events[i]);
	}
	if (gone->fd >= 0)
		close(gone->fd);
	buffer_done(&gone->in);
	buffer_done(&gone->out);
	free(gone);
}
