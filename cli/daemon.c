#include "cli/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "common/listen.h"

enum { EXIT_EXEC = 127, HIGH_FD = 128 };

/* Moves the descriptors out of the way first: 3 and 4 may be among them. */
static bool
place_descriptors(const struct daemon_spec *spec, int *ret_program)
{
	int sockets[DAEMON_SOCKETS_MAX], last = LISTEN_FDS_START + (int)spec->socket_count;

	*ret_program = fcntl(spec->program_fd, F_DUPFD_CLOEXEC, HIGH_FD);
	if (*ret_program < 0)
		return false;
	for (unsigned i = 0; i < spec->socket_count; i++) {
		sockets[i] = fcntl(spec->sockets[i], F_DUPFD_CLOEXEC, HIGH_FD);
		if (sockets[i] < 0)
			return false;
	}
	if (dup2(spec->output_fd, STDOUT_FILENO) < 0 || dup2(spec->output_fd, STDERR_FILENO) < 0)
		return false;
	for (unsigned i = 0; i < spec->socket_count; i++)
		if (dup2(sockets[i], LISTEN_FDS_START + (int)i) < 0)
			return false;
	/* The program's own descriptor closes itself on exec. */
	return close_range((unsigned)last, HIGH_FD - 1, 0) == 0 &&
	       close_range(HIGH_FD, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

static bool
drop_identity(uid_t uid)
{
	if (uid == (uid_t)-1)
		return true;
	return setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 &&
	       setresuid(uid, uid, uid) == 0;
}

/* Runs in the child and does not return. */
static _Noreturn void
become(const struct daemon_spec *spec, pid_t parent)
{
	char pid[32], count[32], names[160];
	const char *envp[] = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", pid, count, names, NULL};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), program;
	sigset_t none;

	snprintf(pid, sizeof(pid), "LISTEN_PID=%ld", (long)getpid());
	snprintf(count, sizeof(count), "LISTEN_FDS=%u", spec->socket_count);
	snprintf(names, sizeof(names), "LISTEN_FDNAMES=%s", spec->socket_names);
	sigemptyset(&none);
	if (setpgid(0, 0) < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    !place_descriptors(spec, &program) || !drop_identity(spec->uid) ||
	    sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		_exit(EXIT_EXEC);
	/* After the identity: changing it clears the signal. The parent may be gone already. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(EXIT_EXEC);
	syscall(SYS_execveat, program, "", spec->argv, envp, AT_EMPTY_PATH);
	_exit(EXIT_EXEC);
}

enum err
daemon_start(const struct daemon_spec *spec, pid_t *ret_pid, int *ret_pidfd, struct fault *fault)
{
	pid_t parent = getpid(), pid = fork();
	int pidfd;

	if (pid < 0)
		return fault_set(fault, ERR_INTERNAL, "fork: %s", strerror(errno));
	if (pid == 0)
		become(spec, parent);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		kill(pid, SIGKILL);
		return fault_set(fault, ERR_INTERNAL, "pidfd_open: %s", strerror(errno));
	}
	fcntl(pidfd, F_SETFD, FD_CLOEXEC);
	*ret_pid = pid;
	*ret_pidfd = pidfd;
	return ERR_OK;
}
