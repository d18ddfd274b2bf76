#include "sandbox/notify.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sandbox/arch.h"
#include "sandbox/bpf.h"
#include "sandbox/plan.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skipped))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))

/* sendmsg on one descriptor, and prctl(PR_SET_SECCOMP): what the two below answer alone. The
 * arguments are an int each, of which the kernel takes the low half too; both machines that we know
 * store it first. */
#define TWO_CALLS(report_fd, sending, narrowing)                                             \
	LOAD(arch), UNLESS(ARCH_NATIVE, 9), LOAD(nr), UNLESS(SYS_sendmsg, 3), LOAD(args[0]), \
	    UNLESS((uint32_t)(report_fd), 5), ANSWER(sending), UNLESS(SYS_prctl, 3),         \
	    LOAD(args[0]), UNLESS(PR_SET_SECCOMP, 1), ANSWER(narrowing)
enum { TWO_CALLS_LENGTH = 11 };

static void
send_listener(int report_fd, int listener)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	char byte = 0;
	struct iovec bytes = {&byte, 1};
	struct msghdr message = {.msg_iov = &bytes,
	    .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = sizeof(control.room)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(listener));
	memcpy(CMSG_DATA(head), &listener, sizeof(listener));
	if (sendmsg(report_fd, &message, MSG_NOSIGNAL) < 0)
		_exit(1);
}

static int
take_with_listener(const struct sock_filter *filter, uint32_t length, int report_fd)
{
	static const unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	struct sock_filter changed[TWO_CALLS_LENGTH + PLAN_FILTER_MAX] = {
	    TWO_CALLS(report_fd, SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW)};
	const struct sock_fprog program = {
	    .len = (unsigned short)(TWO_CALLS_LENGTH + length), .filter = changed};
	long fd;

	for (uint32_t i = 0; i < length; i++) {
		struct sock_filter *at = &changed[TWO_CALLS_LENGTH + i];

		*at = filter[i];
		if (at->code == (BPF_RET | BPF_K) &&
		    (at->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
			at->k = SECCOMP_RET_USER_NOTIF;
	}
	/* So that no signal makes the program repeat a call that is being answered. */
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
	if (fd < 0 && errno == EINVAL)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return fd < 0 ? -errno : (int)fd;
}

/* What the profile itself says of a call. */
static uint32_t
ask(const struct sock_filter *filter, uint32_t length, int number, int argument)
{
	struct seccomp_data data = {
	    .nr = number, .arch = ARCH_NATIVE, .args = {(uint32_t)argument}};

	return bpf_run(filter, length, &data);
}

/* What process 2 still does is allowed. If it were not, it would wait for an answer from the one
 * who waits for it. */
static bool
can_go_on(const struct sock_filter *filter, uint32_t length)
{
	return ask(filter, length, SYS_prctl, PR_GET_SECCOMP) == SECCOMP_RET_ALLOW &&
	       ask(filter, length, SYS_execve, 0) == SECCOMP_RET_ALLOW;
}

int
notify_enter(const struct sock_filter *filter, uint32_t length, int report_fd)
{
	struct sock_filter second[] = {
	    TWO_CALLS(report_fd, ask(filter, length, SYS_sendmsg, report_fd),
		ask(filter, length, SYS_prctl, PR_SET_SECCOMP)),
	    ANSWER(SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = ARRAY_SIZE(second), .filter = second};
	int listener;

	if (!can_go_on(filter, length))
		return -EPERM;
	listener = take_with_listener(filter, length, report_fd);
	if (listener < 0)
		return listener;
	send_listener(report_fd, listener);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(1);
	return 0;
}
