#include "sandbox/listener.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Asked by name, because an ioctl on an unknown descriptor may do anything. */
static bool
is_listener(int fd)
{
	static const char expected[] = "anon_inode:seccomp notify";
	char path[32], name[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, name, sizeof(name));
	return n == (ssize_t)strlen(expected) && memcmp(name, expected, (size_t)n) == 0;
}

/* Takes over what came along: one listener, or nothing. The room is rounded up, so that two may
 * have come. */
static bool
take_descriptor(const struct msghdr *message, int *ret_fd)
{
	const struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int fds[2] = {-1, -1};

	if (head == NULL)
		return (message->msg_flags & MSG_CTRUNC) == 0;
	if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len - CMSG_LEN(0) <= sizeof(fds))
		memcpy(fds, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
	if ((message->msg_flags & MSG_CTRUNC) == 0 && fds[1] < 0 && fds[0] >= 0 &&
	    is_listener(fds[0])) {
		*ret_fd = fds[0];
		return true;
	}
	scope_close(&fds[0]);
	scope_close(&fds[1]);
	return false;
}

ssize_t
listener_receive(int socket, void *to, size_t size, int *ret_fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec bytes = {to, size};
	struct msghdr message = {.msg_iov = &bytes,
	    .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = sizeof(control.room)};
	/* MSG_TRUNC returns the true length, so that a longer packet is seen as malformed. */
	ssize_t n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return -errno;
	return take_descriptor(&message, ret_fd) ? n : -EBADF;
}

int
listener_read(int fd, struct listener_call *ret)
{
	/* A later kernel's struct may be longer than ours. */
	union {
		struct seccomp_notif notif;
		char room[512];
	} call = {0};
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	int n = poll(&ready, 1, 0);

	/* The ioctl alone would wait, O_NONBLOCK or not. */
	if (n <= 0)
		return n < 0 && errno != EINTR ? -1 : 0;
	if ((ready.revents & POLLIN) == 0)
		return -1; /* nobody lives under this filter any more */
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
		/* Gone between the two calls: killed, or interrupted by a signal. */
		return errno == ENOENT || errno == EINTR ? 0 : -1;
	*ret = (struct listener_call){.id = call.notif.id, .data = call.notif.data};
	return 1;
}

void
listener_answer(int fd, uint64_t id, int error)
{
	struct seccomp_notif_resp answer = {.id = id, .error = -error};

	/* ENOENT: its process was killed meanwhile. Nothing else can be done about a failure: the
	 * call waits until fd is closed, and is then answered by the kernel. */
	ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}
