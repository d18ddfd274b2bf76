/* Descriptors: what was left open, and what can be passed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/escape/probe.h"
#include "tests/escape/probes.h"

PROBES_DESCRIPTORS(PROBE_DECLARE)

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

enum { DOOR = 3, FIRST_FOREIGN = 4, FDS = 1024 };

struct finding
probe_leaked_descriptor(void)
{
	char text[32];

	for (int fd = FIRST_FOREIGN; fd < FDS; fd++)
		if (fcntl(fd, F_GETFD) >= 0) {
			snprintf(text, sizeof(text), "descriptor %d", fd);
			return out(text);
		}
	return held("0 to 3 only");
}

struct finding
probe_descriptor_dotdot(void)
{
	char path[] = "../../../../../../../../etc/shadow";

	for (int fd = 0; fd < FDS; fd++)
		if (faccessat(fd, path, F_OK, 0) == 0)
			return out("the host's root");
	return held("no directory is open");
}

struct finding
probe_working_directory(void)
{
	char where[4096] = "";
	struct stat root, above;

	if (getcwd(where, sizeof(where)) == NULL || where[0] != '/')
		return out("outside the root");
	if (stat("/", &root) < 0 || stat("/..", &above) < 0 || root.st_ino != above.st_ino ||
	    root.st_dev != above.st_dev)
		return out("above the root");
	return access("/var", F_OK) == 0 ? out("the host's root") : held(strerrorname_np(errno));
}

struct finding
probe_forged_report(void)
{
	char report[256] = {3}; /* any packet: one that is malformed ends the run */

	for (int fd = FIRST_FOREIGN; fd < FDS; fd++)
		if (write(fd, report, sizeof(report)) == (ssize_t)sizeof(report))
			return out("a report was written");
	return held(strerrorname_np(errno));
}

struct finding
probe_init_descriptors(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", getppid());
	return judge_fd(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path);
}

struct finding
probe_init_pidfd_getfd(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, getppid(), 0);

	/* With any other number the filter answers the same, without needing a process. */
	return judge_fd((int)syscall(SYS_pidfd_getfd, pidfd, 5, 0), "a descriptor of process 1");
}

/* A message of one byte and room for one descriptor. */
struct carrier {
	char byte;
	struct iovec part;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr message;
};

static void
carrier_init(struct carrier *carrier)
{
	*carrier = (struct carrier){.byte = 'x'};
	carrier->part = (struct iovec){&carrier->byte, 1};
	carrier->message = (struct msghdr){.msg_iov = &carrier->part,
	    .msg_iovlen = 1,
	    .msg_control = carrier->control,
	    .msg_controllen = sizeof(carrier->control)};
}

struct finding
probe_descriptor_out(void)
{
	struct carrier carrier;
	struct cmsghdr *head;
	int fd = 0;

	carrier_init(&carrier);
	head = CMSG_FIRSTHDR(&carrier.message);
	*head = (struct cmsghdr){
	    .cmsg_len = CMSG_LEN(sizeof(fd)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return judge(sendmsg(DOOR, &carrier.message, MSG_NOSIGNAL), "a descriptor was sent");
}

struct finding
probe_descriptor_in(void)
{
	struct carrier carrier;

	carrier_init(&carrier);
	if (recvmsg(DOOR, &carrier.message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return held(strerrorname_np(errno));
	return carrier.message.msg_controllen > 0 ? out("a descriptor was received")
						  : held("no descriptor came");
}

struct finding
probe_peer_pidfd(void)
{
	int pidfd = -1;
	socklen_t length = sizeof(pidfd);

	return judge(getsockopt(DOOR, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length),
	    "a pidfd of the supervisor");
}

struct finding
probe_socket_filter(void)
{
	struct sock_filter pass = BPF_STMT(BPF_RET | BPF_K, ~0U);
	struct sock_fprog program = {.len = 1, .filter = &pass};

	return judge(setsockopt(DOOR, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)),
	    "a filter in the kernel");
}

struct finding
probe_peer_identity(void)
{
	static const int names[] = {SO_PEERCRED, SO_PEERSEC, SO_PEERGROUPS};
	struct finding finding = held("");
	char value[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !finding.escaped; i++) {
		socklen_t length = sizeof(value);

		finding = judge(getsockopt(DOOR, SOL_SOCKET, names[i], value, &length),
		    "who is at the other end");
	}
	return finding;
}

struct finding
probe_terminal_reopened(void)
{
	if (isatty(0) == 0)
		return held("no terminal");
	return judge_fd(open("/proc/self/fd/0", O_RDWR | O_NOCTTY | O_CLOEXEC), "a terminal");
}

struct finding
probe_door_oob(void)
{
	return judge(sendto(DOOR, "x", 1, MSG_OOB | MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0), "sent");
}

struct finding
probe_door_signal(void)
{
	if (fcntl(DOOR, F_SETSIG, SIGKILL) < 0)
		return held(strerrorname_np(errno));
	return judge(fcntl(DOOR, F_SETOWN, 1), "process 1 as the owner");
}
