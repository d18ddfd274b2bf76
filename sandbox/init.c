/* praxa-init - process 1 of a cell: builds it, starts the program as process 2, waits, and ends the
 * cell with it. No arguments, no environment; sandbox/layout.h has the descriptors. */
#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "common/io.h"
#include "sandbox/enter.h"
#include "sandbox/init_filter.h"
#include "sandbox/layout.h"

/* When the cell is built, praxa-init keeps these and nothing else. */
enum { FD_PROGRAM_REPORT = FD_LIFELINE + 1, FD_SIGNALS };

/* The ancillary data that carries one descriptor. */
union rights {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void
say(const struct cell_report *report)
{
	/* A supervisor that does not listen has closed the lifeline too. */
	if (send(FD_STATUS, report, sizeof(*report), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		_exit(1);
}

static _Noreturn void
fail(const char *stage, int error, const char *detail)
{
	struct cell_report report = {.kind = CELL_FAILED, .error = error};

	snprintf(report.stage, sizeof(report.stage), "%s", stage);
	snprintf(report.detail, sizeof(report.detail), "%s", detail);
	say(&report);
	_exit(1);
}

static void
read_plan(struct plan *ret)
{
	const void *data = NULL;
	size_t length = 0;
	int r = io_sealed_map(FD_PLAN, PLAN_BYTES_MAX, &data, &length);

	if (r < 0 || !plan_parse(data, length, ret))
		fail("plan", r < 0 ? -r : EBADMSG, "supervisor and praxa-init differ in version");
}

/* The mask comes from a supervisor that blocks everything while it clones. Only SIGCHLD is blocked:
 * all else would queue up, while a process 1 without handlers never gets it (pid_namespaces(7)). */
static void
set_signals(void)
{
	sigset_t only;

	sigemptyset(&only);
	sigaddset(&only, SIGCHLD);
	sigprocmask(SIG_SETMASK, &only, NULL);
}

/* Leaves the program's descriptors to the program: its output ends when it does. */
static void
keep_own_descriptors(int report_fd)
{
	sigset_t child;
	int signals;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || dup2(report_fd, FD_PROGRAM_REPORT) < 0 ||
	    (signals != FD_SIGNALS && dup2(signals, FD_SIGNALS) < 0) ||
	    syscall(SYS_close_range, 0, FD_STATUS - 1, 0) < 0 ||
	    syscall(SYS_close_range, FD_SIGNALS + 1, ~0U, 0) < 0)
		fail("init descriptors", errno, "");
}

/* Waits for one message of process 2: the listener, where there is one. false: the end, when it has
 * executed the program or is gone. */
static bool
hear(int *listener)
{
	union rights control = {0};
	char byte;
	struct iovec bytes = {&byte, 1};
	struct msghdr message = {.msg_iov = &bytes,
	    .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = sizeof(control.room)};
	ssize_t n;

	do
		n = recvmsg(FD_PROGRAM_REPORT, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n == 1 && CMSG_FIRSTHDR(&message) != NULL && *listener < 0)
		memcpy(listener, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return n > 0;
}

/* READY, with the listener where there is one. */
static void
say_ready(const struct cell_report *report, int listener)
{
	union rights control = {0};
	struct iovec bytes = {(void *)(uintptr_t)report, sizeof(*report)};
	struct msghdr message = {.msg_iov = &bytes,
	    .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = sizeof(control.room)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(listener));
	memcpy(CMSG_DATA(head), &listener, sizeof(listener));
	if (sendmsg(FD_STATUS, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		_exit(1);
}

static void
await_program(const struct plan *plan, const struct said *said)
{
	struct cell_report report;
	struct timespec now;
	int listener = -1;

	while (hear(&listener))
		;
	report = said->report;
	if (report.kind == CELL_REPORT_NONE)
		fail("process 2", EPIPE, "it died on its way to the program");
	if (report.kind != CELL_READY) {
		say(&report);
		_exit(1);
	}
	if (timing_write(&said->timing, FD_STATUS) < 0)
		_exit(1);
	clock_gettime(CLOCK_MONOTONIC, &now);
	report.setup_ns = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec -
			  plan->head->start_ns;
	if (listener < 0) {
		say(&report);
		return;
	}
	say_ready(&report, listener);
	close(listener);
}

/* Waits for what has ended. true: the program is among it, with its status. */
static bool
reap(pid_t program, int *ret_status)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == program) {
			*ret_status = status;
			ended = true;
		}
	return ended;
}

static int
wait_program(pid_t program)
{
	struct pollfd fds[] = {{.fd = FD_LIFELINE}, {.fd = FD_SIGNALS, .events = POLLIN}};
	struct signalfd_siginfo info;
	int status = 0;

	while (!reap(program, &status)) {
		if (ppoll(fds, ARRAY_SIZE(fds), NULL, NULL) < 0 && errno != EINTR)
			_exit(1);
		/* The supervisor is gone or wants us gone; our end is everybody's here. */
		if (fds[0].revents != 0)
			_exit(1);
		/* Only wakes us: one signal may stand for many children. */
		if (fds[1].revents != 0 && read(FD_SIGNALS, &info, sizeof(info)) < 0 &&
		    errno != EAGAIN && errno != EINTR)
			_exit(1);
	}
	return status;
}

static uint64_t
us(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

/* Kills and reaps what the program left, so that the numbers are the whole cell's. */
static void
end_cell(int status)
{
	struct cell_report report = {.kind = CELL_EXITED, .status = status};
	struct rusage usage;

	/* Whoever lost his parent here is our child: without children there is nobody. Asked first,
	 * because a signal to all looks at every process of the host. */
	if (waitpid(-1, NULL, WNOHANG) >= 0) {
		kill(-1, SIGKILL);
		while (waitpid(-1, NULL, 0) > 0)
			;
	}
	getrusage(RUSAGE_CHILDREN, &usage);
	report.cpu_us = us(usage.ru_utime) + us(usage.ru_stime);
	report.peak_kib = (uint64_t)usage.ru_maxrss;
	say(&report);
}

int
main(void)
{
	struct plan plan;
	struct enter enter = {.plan = &plan,
	    .proc_fd = -1,
	    .host_fd = -1,
	    .root_fd = -1,
	    .report_read = -1,
	    .report_fd = -1};
	struct cell_report report;
	int r;

	umask(0); /* the modes that we ask for are those that files get */
	set_signals();
	read_plan(&plan);
	enter.envp = plan.envp;
	if (!enter_cell(&enter, &report)) {
		say(&report);
		_exit(1); /* a sanitizer's own end would write to the program's stderr */
	}
	keep_own_descriptors(enter.report_read);
	await_program(&plan, enter.said);
	r = init_filter_enter();
	if (r < 0)
		fail("init seccomp", -r, "CONFIG_SECCOMP_FILTER is missing");
	end_cell(wait_program(enter.program));
	_exit(0);
}
