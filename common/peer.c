#include "common/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

struct packet {
	struct packet *next;
	size_t length;
	int fds[WIRE_FDS_MAX];
	int fd_count;
	_Alignas(uint64_t) unsigned char data[];
};

struct peer {
	int fd; /* -1: closed */
	enum wire_role self, other;
	const struct peer_handlers *handlers;
	void *context;
	struct event *readable, *writable;
	struct packet *first, **last;
	size_t queued;
	bool told;  /* closed() was called */
	bool busy;  /* inside a handler: peer_free only marks */
	bool freed; /* marked */
};

union control {
	char space[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
	struct cmsghdr align;
};

static void
close_fds(int *fds, int count)
{
	for (int i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void
packet_free(struct packet *packet)
{
	close_fds(packet->fds, packet->fd_count);
	free(packet);
}

static void
shut(struct peer *peer)
{
	event_del(peer->readable);
	event_del(peer->writable);
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
	while (peer->first != NULL) {
		struct packet *packet = peer->first;

		peer->first = packet->next;
		packet_free(packet);
	}
	peer->last = &peer->first;
	peer->queued = 0;
}

static void
destroy(struct peer *peer)
{
	shut(peer);
	event_free(peer->readable);
	event_free(peer->writable);
	free(peer);
}

/* Ends the connection and tells the owner, once. The owner may free the peer in the handler. */
static void
end(struct peer *peer, const struct fault *why)
{
	bool was_busy = peer->busy;

	shut(peer);
	if (peer->told || peer->freed)
		return;
	peer->told = true;
	peer->busy = true;
	peer->handlers->closed(peer->context, peer, why);
	peer->busy = was_busy;
	if (peer->freed && !peer->busy)
		destroy(peer);
}

static void
end_errno(struct peer *peer, const char *what, int error)
{
	struct fault fault;
	bool gone = error == ECONNRESET || error == EPIPE;

	fault_set(&fault, gone ? ERR_OK : ERR_INTERNAL, "%s: %s", what, strerror(error));
	end(peer, &fault);
}

/* Takes the descriptors of a message, close-on-exec as recvmsg made them. False: there were more
 * than may come. */
static bool
take_fds(struct msghdr *header, int fds[WIRE_FDS_MAX], int *ret_count)
{
	int count = 0;
	bool fits = (header->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			if (count < WIRE_FDS_MAX)
				fds[count++] = fd;
			else
				close(fd);
		}
	}
	*ret_count = count;
	return fits;
}

/* Hands one packet over. False: the peer ended or was freed. */
static bool
deliver(struct peer *peer, const unsigned char *packet, size_t length, struct msghdr *header)
{
	struct wire_message message = {0};
	struct fault fault = {0};
	bool fits = take_fds(header, message.fds, &message.fd_count);
	enum err r;

	if (!fits || (header->msg_flags & MSG_TRUNC) != 0)
		r = fault_set(&fault, ERR_PROTOCOL, "the packet is too large");
	else
		r = wire_check(
		    packet, length, message.fd_count, peer->other, peer->self, &message, &fault);
	if (r == ERR_OK) {
		peer->busy = true;
		peer->handlers->message(peer->context, peer, &message);
		peer->busy = false;
	}
	close_fds(message.fds, message.fd_count);
	if (r != ERR_OK)
		end(peer, &fault);
	else if (peer->freed)
		destroy(peer);
	else
		return peer->fd >= 0;
	return false;
}

/* recvmsg answers 0 at the end and for a packet without bytes, which may even carry descriptors.
 * Only the end hangs up. */
static void
end_or_empty(struct peer *peer, struct msghdr *header)
{
	struct pollfd hung_up = {.fd = peer->fd, .events = POLLRDHUP};
	struct fault fault = {0};
	int fds[WIRE_FDS_MAX], count;
	bool fits = take_fds(header, fds, &count);

	close_fds(fds, count);
	if (!fits || count > 0 || poll(&hung_up, 1, 0) == 0)
		fault_set(&fault, ERR_PROTOCOL, "a packet without bytes");
	end(peer, &fault);
}

/* One packet a wake-up: libevent is level-triggered, and one peer must not starve the others. */
static void
on_readable(int fd, short what, void *context)
{
	struct peer *peer = context;
	_Alignas(uint64_t) unsigned char packet[WIRE_PACKET_MAX];
	union control control;
	struct iovec part = {packet, sizeof(packet)};
	struct msghdr header = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space)};
	ssize_t n = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	(void)what;
	if (n > 0)
		(void)deliver(peer, packet, (size_t)n, &header);
	else if (n == 0)
		end_or_empty(peer, &header);
	else if (errno != EAGAIN && errno != EINTR)
		end_errno(peer, "recvmsg", errno);
}

/* Sends one packet now. 0, or -errno (-EAGAIN: the socket is full). */
static int
send_now(int fd, const void *data, size_t length, const int *fds, int fd_count)
{
	union control control = {0};
	struct iovec part = {(void *)(uintptr_t)data, length};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;

	if (fd_count > 0) {
		struct cmsghdr *c = &control.align;

		header.msg_control = control.space;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)fd_count);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)fd_count);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * (size_t)fd_count);
	}
	do
		n = sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static void
on_writable(int fd, short what, void *context)
{
	struct peer *peer = context;

	(void)what;
	while (peer->first != NULL) {
		struct packet *packet = peer->first;
		int r = send_now(fd, packet->data, packet->length, packet->fds, packet->fd_count);

		if (r == -EAGAIN)
			return;
		if (r < 0) {
			end_errno(peer, "sendmsg", -r);
			return;
		}
		peer->first = packet->next;
		if (peer->first == NULL)
			peer->last = &peer->first;
		peer->queued -= packet->length;
		packet_free(packet);
	}
	event_del(peer->writable);
}

struct peer *
peer_new(struct event_base *base, int fd, enum wire_role self, enum wire_role other,
    const struct peer_handlers *handlers, void *context)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (peer == NULL) {
		close(fd);
		return NULL;
	}
	peer->fd = fd;
	peer->self = self;
	peer->other = other;
	peer->handlers = handlers;
	peer->context = context;
	peer->last = &peer->first;
	peer->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, peer);
	peer->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, peer);
	if (peer->readable != NULL && peer->writable != NULL &&
	    event_add(peer->readable, NULL) == 0)
		return peer;
	if (peer->readable != NULL)
		event_free(peer->readable);
	if (peer->writable != NULL)
		event_free(peer->writable);
	close(fd);
	free(peer);
	return NULL;
}

static struct packet *
packet_new(enum wire_type type, uint64_t serial, const void *body, size_t body_length,
    const void *extra, size_t extra_length)
{
	struct wire_head head = {WIRE_MAGIC, WIRE_VERSION, (uint16_t)type, serial};
	size_t length = sizeof(head) + body_length + extra_length;
	struct packet *packet = malloc(sizeof(*packet) + length);

	if (packet == NULL)
		return NULL;
	*packet = (struct packet){.length = length};
	memcpy(packet->data, &head, sizeof(head));
	memcpy(packet->data + sizeof(head), body, body_length);
	if (extra_length > 0)
		memcpy(packet->data + sizeof(head) + body_length, extra, extra_length);
	return packet;
}

/* Puts a packet behind those that wait. */
static enum err
enqueue(struct peer *peer, struct packet *packet, const int *fds, int fd_count, struct fault *fault)
{
	for (int i = 0; i < fd_count; i++) {
		int copy = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);

		if (copy < 0) {
			packet_free(packet);
			return fault_set(fault, ERR_INTERNAL, "dup: %s", strerror(errno));
		}
		packet->fds[packet->fd_count++] = copy;
	}
	*peer->last = packet;
	peer->last = &packet->next;
	peer->queued += packet->length;
	event_add(peer->writable, NULL);
	return ERR_OK;
}

enum err
peer_send(struct peer *peer, enum wire_type type, uint64_t serial, const void *body,
    const void *extra, size_t extra_length, const int *fds, int fd_count, struct fault *fault)
{
	struct packet *packet;
	size_t body_length, extra_max;
	int fds_want, r = -EAGAIN;

	if (!wire_shape(type, &body_length, &extra_max, &fds_want) || extra_length > extra_max ||
	    fd_count != fds_want)
		return fault_set(
		    fault, ERR_INTERNAL, "%s does not fit its table row", wire_name(type));
	if (peer->fd < 0)
		return fault_set(fault, ERR_RUN_ENDED, "the other process is gone");
	if (peer->queued > PEER_QUEUE_BYTES_MAX)
		return fault_set(fault, ERR_LIMIT, "the other process does not read");
	packet = packet_new(type, serial, body, body_length, extra, extra_length);
	if (packet == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	if (peer->first == NULL)
		r = send_now(peer->fd, packet->data, packet->length, fds, fd_count);
	if (r == -EAGAIN)
		return enqueue(peer, packet, fds, fd_count, fault);
	packet_free(packet);
	/* A broken socket shows itself to on_readable, which tells the owner at a safe moment. */
	if (r < 0)
		return fault_set(fault, ERR_RUN_ENDED, "sendmsg: %s", strerror(-r));
	return ERR_OK;
}

enum err
peer_send_plain(
    struct peer *peer, enum wire_type type, uint64_t serial, const void *body, struct fault *fault)
{
	return peer_send(peer, type, serial, body, NULL, 0, NULL, 0, fault);
}

size_t
peer_queued(const struct peer *peer)
{
	return peer->queued;
}

int
peer_credentials(const struct peer *peer, uid_t *ret_uid, pid_t *ret_pid)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);

	if (getsockopt(peer->fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0)
		return -errno;
	*ret_uid = credentials.uid;
	*ret_pid = credentials.pid;
	return 0;
}

void
peer_free(struct peer **peer)
{
	struct peer *gone = *peer;

	*peer = NULL;
	if (gone == NULL)
		return;
	gone->freed = true;
	if (gone->busy)
		shut(gone);
	else
		destroy(gone);
}
