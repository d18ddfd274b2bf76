#include "sandbox/parked.h"

#include <errno.h>
#include <linux/close_range.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "common/io.h"
#include "sandbox/handover.h"
#include "sandbox/layout.h"

/* Static: the program's environment must live until execve, and memory stays untouched until then.
 */
static char data[HANDOVER_BYTES_MAX];
static char *environment[PLAN_ENV_MAX + 1];

/* Returns the bytes or -errno; *ret_count descriptors are in fds. */
static ssize_t
receive(int fds[HANDOVER_FDS_MAX], unsigned *ret_count)
{
	union {
		char room[CMSG_SPACE(HANDOVER_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec bytes = {data, sizeof(data)};
	struct msghdr message = {.msg_iov = &bytes,
	    .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = sizeof(control.room)};
	struct cmsghdr *head;
	ssize_t n;

	do
		n = recvmsg(FD_PARKED, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		return -EMSGSIZE;
	head = CMSG_FIRSTHDR(&message);
	if (head != NULL) {
		*ret_count = (unsigned)((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(head), *ret_count * sizeof(int));
	}
	return n;
}

/* From 0 upwards: 0, 1 and 2 are open, so that a received number is above its place, and what is
 * overwritten has been placed before. */
static int
place(const int fds[HANDOVER_FDS_MAX], unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (fds[i] <= (int)i || dup2(fds[i], (int)i) < 0)
			return fds[i] <= (int)i ? -EBADF : -errno;
	return 0;
}

int
parked_wait(struct enter *enter)
{
	int fds[HANDOVER_FDS_MAX], r;
	unsigned count = 0;
	ssize_t n;

	r = io_write_full(FD_PARKED, "", 1);
	n = r < 0 ? r : receive(fds, &count);
	if (n == 0 || n == -EPIPE)
		_exit(1); /* the supervisor is gone, or has no use for us */
	if (n < 0)
		return (int)n;
	if (!handover_parse(data, (size_t)n, count, environment))
		return -EBADMSG;
	r = place(fds, count);
	if (r < 0)
		return r;
	enter->envp = environment;
	if (count == HANDOVER_STDIO)
		close(FD_DOOR); /* a received number may have been that one */
	return syscall(SYS_close_range, FD_PARKED, ~0U, 0) < 0 ? -errno : 0;
}
