#include "cli/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cli/daemon.h"
#include "cli/stack_files.h"
#include "common/peer.h"
#include "sandbox/cgroup_divide.h"

enum { RESTARTS_MAX = 5, STOP_SECONDS = 8 };

struct daemon {
	struct stack *stack;
	int index;
	struct daemon_spec spec;
	pid_t pid;
	int pidfd;
	struct event *gone;
	unsigned restarts;
	bool live;
};

struct stack {
	struct event_base *base;
	struct stack_plan plan;
	const struct stack_handlers *handlers;
	void *context;
	struct paths paths;
	struct stack_files files;
	char cgroup[CGROUP_PATH_MAX]; /* of praxad, in ours, which we have divided; "": none */
	struct daemon daemons[STACK_DAEMONS];
	struct event *patience;
	bool stopping;
};

static void
auditd_arguments(const struct stack *stack, const char **argv)
{
	const struct stack_files *files = &stack->files;
	const char *words[] = {"praxa-auditd", "--state", files->audit_root, "--workspace",
	    stack->plan.workspace, "--allow-uid", files->uid_texts[STACK_BROKER], NULL};

	memcpy(argv, words, sizeof(words));
}

static void
broker_arguments(const struct stack *stack, const char **argv)
{
	const struct stack_files *files = &stack->files;
	const char *words[] = {"praxa-broker", "--workspace", stack->plan.workspace, "--state",
	    files->memory, "--audit", files->sockets[STACK_AUDIT_BROKER], "--allow-uid",
	    files->uid_texts[STACK_PRAXAD], NULL};

	memcpy(argv, words, sizeof(words));
}

static void
praxad_arguments(const struct stack *stack, const char **argv)
{
	const struct stack_files *files = &stack->files;
	const char *words[] = {"praxad", "--workspace", stack->plan.workspace, "--audit",
	    files->sockets[STACK_AUDIT_SUPERVISOR], "--broker", files->sockets[STACK_GRANTS],
	    "--init", files->init, "--profiles", stack->paths.profiles, "--sdk", stack->paths.sdk};
	unsigned n = ARRAY_SIZE(words);

	memcpy(argv, words, sizeof(words));
	for (unsigned i = 0; i < stack->plan.policy_count && n + 2 < DAEMON_ARGV_MAX; i++) {
		argv[n++] = "--policy";
		argv[n++] = stack->plan.policies[i];
	}
	for (unsigned i = 0; i < stack->plan.resource_count && n + 2 < DAEMON_ARGV_MAX; i++) {
		argv[n++] = "--resource";
		argv[n++] = stack->plan.resources[i];
	}
	if (stack->plan.allowed_signers != NULL && n + 4 < DAEMON_ARGV_MAX) {
		argv[n++] = "--allowed-signers";
		argv[n++] = stack->plan.allowed_signers;
		argv[n++] = "--state";
		argv[n++] = files->policy;
	}
	if (stack->plan.cgroup != NULL && n + 2 < DAEMON_ARGV_MAX) {
		argv[n++] = "--cgroup";
		argv[n++] = stack->plan.cgroup;
	}
	if (stack->plan.warm != NULL && n + 2 < DAEMON_ARGV_MAX) {
		argv[n++] = "--warm";
		argv[n++] = stack->plan.warm;
	}
	argv[n] = NULL;
}

/* In the order of their start; they stop in the reverse order. */
static const struct {
	const char *name;
	const char *socket_names;
	enum stack_socket sockets[DAEMON_SOCKETS_MAX];
	unsigned socket_count;
	void (*arguments)(const struct stack *stack, const char **argv);
} rows[STACK_DAEMONS] = {
    [STACK_AUDITD] = {"praxa-auditd", "supervisor:broker",
	{STACK_AUDIT_SUPERVISOR, STACK_AUDIT_BROKER}, 2, auditd_arguments},
    [STACK_BROKER] = {"praxa-broker", "supervisor", {STACK_GRANTS}, 1, broker_arguments},
    [STACK_PRAXAD] = {"praxad", "control", {STACK_CONTROL}, 1, praxad_arguments},
};

static void on_gone(int fd, short what, void *context);

static enum err
start_daemon(struct daemon *daemon, struct fault *fault)
{
	enum err r = daemon_start(&daemon->spec, &daemon->pid, &daemon->pidfd, fault);

	if (r != ERR_OK)
		return r;
	daemon->live = true;
	daemon->gone = event_new(daemon->stack->base, daemon->pidfd, EV_READ, on_gone, daemon);
	if (daemon->gone == NULL || event_add(daemon->gone, NULL) < 0)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	return stack_files_write_pid(
	    &daemon->stack->files, rows[daemon->index].name, daemon->pid, fault);
}

/* The next of the living, in stopping order, gets SIGTERM; when none is left the stack has stopped.
 */
static void
stop_next(struct stack *stack)
{
	const struct timeval patience = {STOP_SECONDS, 0};

	for (int i = STACK_DAEMONS - 1; i >= 0; i--) {
		if (!stack->daemons[i].live)
			continue;
		kill(stack->daemons[i].pid, SIGTERM);
		event_add(stack->patience, &patience);
		return;
	}
	event_del(stack->patience);
	stack->handlers->stopped(stack->context);
}

static void
on_impatient(int fd, short what, void *context)
{
	struct stack *stack = context;

	(void)fd;
	(void)what;
	for (int i = STACK_DAEMONS - 1; i >= 0; i--)
		if (stack->daemons[i].live) {
			kill(stack->daemons[i].pid, SIGKILL);
			return;
		}
}

/* Waits for a daemon that is known to have ended and forgets the process. Returns its status. */
static int
reap(struct daemon *daemon)
{
	int status = 0;

	while (waitpid(daemon->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (daemon->gone != NULL)
		event_free(daemon->gone);
	daemon->gone = NULL;
	close(daemon->pidfd);
	daemon->live = false;
	stack_files_remove_pid(&daemon->stack->files, rows[daemon->index].name);
	return status;
}

/* What a daemon said last, and the typed error whose exit code it ended with. */
static void
last_words(const struct daemon *daemon, int status, struct fault *fault)
{
	const char *name = rows[daemon->index].name;
	enum err code = WIFEXITED(status) ? err_from_exit(WEXITSTATUS(status)) : ERR_INTERNAL;
	char line[FAULT_MESSAGE_MAX];

	if (stack_files_last_line(&daemon->stack->files, name, line, sizeof(line)))
		fault_set(fault, code, "%s: %s", name, line);
	else
		fault_set(fault, code, "%s ended with %s %d and said nothing", name,
		    WIFEXITED(status) ? "exit code" : "signal",
		    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* A daemon that was killed starts again, as it would under systemd; one that ended with an exit
 * code has said why, and would end again. */
static void
on_gone(int fd, short what, void *context)
{
	struct daemon *daemon = context;
	struct stack *stack = daemon->stack;
	int status = reap(daemon);
	bool again = WIFSIGNALED(status) && daemon->restarts < RESTARTS_MAX;
	struct fault fault = {0};

	(void)fd;
	(void)what;
	if (stack->stopping) {
		stop_next(stack);
		return;
	}
	daemon->restarts++;
	if (!again)
		last_words(daemon, status, &fault);
	else if (start_daemon(daemon, &fault) == ERR_OK)
		fault.code = ERR_OK;
	stack->handlers->died(
	    stack->context, rows[daemon->index].name, status, fault.code != ERR_OK ? &fault : NULL);
}

static enum err
prepare_daemon(struct stack *stack, int index, struct fault *fault)
{
	struct daemon *daemon = &stack->daemons[index];
	struct daemon_spec *spec = &daemon->spec;
	char path[PATHS_MAX + 64];

	*daemon = (struct daemon){.stack = stack, .index = index, .pidfd = -1};
	snprintf(path, sizeof(path), "%s/%s", stack->paths.daemons, rows[index].name);
	spec->program_fd = open(path, O_PATH | O_CLOEXEC);
	spec->output_fd = -1;
	if (spec->program_fd < 0)
		return fault_set(fault, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
	spec->socket_names = rows[index].socket_names;
	spec->socket_count = rows[index].socket_count;
	for (unsigned i = 0; i < spec->socket_count; i++)
		spec->sockets[i] = stack->files.socket_fds[rows[index].sockets[i]];
	spec->uid = stack->files.uids[index];
	rows[index].arguments(stack, spec->argv);
	return stack_files_open_log(
	    &stack->files, rows[index].name, stack->plan.verbose, &spec->output_fd, fault);
}

/* One for each state folder, so that the next stack in it finds what this one had to leave. Where
 * there is none to be had praxad says why, and cells whose policy requires one are refused. */
static void
take_cgroup(struct stack *stack)
{
	char name[64];
	struct stat st;

	if (stack->plan.cgroup != NULL || fstat(stack->files.lock_fd, &st) < 0)
		return;
	snprintf(name, sizeof(name), "cells-%jx-%jx", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	if (cgroup_divide_own(name, stack->cgroup, sizeof(stack->cgroup), NULL) == ERR_OK)
		stack->plan.cgroup = stack->cgroup;
	else
		stack->cgroup[0] = '\0';
}

static enum err
start_all(struct stack *stack, struct fault *fault)
{
	enum err r = paths_find(&stack->paths, fault);

	if (r == ERR_OK)
		r = stack_files_open(&stack->files, stack->plan.state, stack->plan.workspace,
		    stack->paths.daemons, fault);
	if (r == ERR_OK)
		take_cgroup(stack);
	for (int i = 0; r == ERR_OK && i < STACK_DAEMONS; i++) {
		r = prepare_daemon(stack, i, fault);
		if (r == ERR_OK)
			r = start_daemon(&stack->daemons[i], fault);
	}
	return r;
}

enum err
stack_start(struct event_base *base, const struct stack_plan *plan,
    const struct stack_handlers *handlers, void *context, struct stack **ret, struct fault *fault)
{
	struct stack *stack = calloc(1, sizeof(*stack));
	enum err r;

	if (stack == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	stack->base = base;
	stack->plan = *plan;
	stack->handlers = handlers;
	stack->context = context;
	stack_files_init(&stack->files);
	for (int i = 0; i < STACK_DAEMONS; i++)
		stack->daemons[i].spec.program_fd = stack->daemons[i].spec.output_fd = -1;
	stack->patience = event_new(base, -1, 0, on_impatient, stack);
	r = stack->patience == NULL ? fault_set(fault, ERR_INTERNAL, "out of memory")
				    : start_all(stack, fault);
	if (r != ERR_OK) {
		stack_free(&stack);
		return r;
	}
	*ret = stack;
	return ERR_OK;
}

void
stack_stop(struct stack *stack)
{
	if (stack->stopping)
		return;
	stack->stopping = true;
	stop_next(stack);
}

void
stack_free(struct stack **stack)
{
	struct stack *gone = *stack;

	*stack = NULL;
	if (gone == NULL)
		return;
	for (int i = STACK_DAEMONS - 1; i >= 0; i--) {
		struct daemon *daemon = &gone->daemons[i];

		if (daemon->live) {
			kill(daemon->pid, SIGKILL);
			reap(daemon);
		}
		if (daemon->spec.program_fd >= 0)
			close(daemon->spec.program_fd);
		if (daemon->spec.output_fd >= 0)
			close(daemon->spec.output_fd);
	}
	if (gone->patience != NULL)
		event_free(gone->patience);
	if (gone->cgroup[0] != '\0')
		cgroup_divide_end(gone->cgroup);
	stack_files_close(&gone->files);
	free(gone);
}

const char *
stack_control_path(const struct stack *stack)
{
	return stack->files.sockets[STACK_CONTROL];
}

const char *
stack_log_path(const struct stack *stack)
{
	return stack->files.log;
}
