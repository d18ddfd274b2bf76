#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cli/cli.h"
#include "cli/paths.h"
#include "cli/sandbox.h"
#include "cli/trace.h"
#include "common/args.h"
#include "common/io.h"
#include "policy/policy.h"
#include "sandbox/listener.h"

enum { EXIT_NOT_FOUND = 127 };

struct trace_options {
	const char *output;
	bool help;
};

ARGS_KEEP_TEXT(struct trace_options, output)
ARGS_KEEP_FLAG(struct trace_options, help)

static const struct args_option rows[] = {
    {"output", 'o', "FILE", "write the profile there (default: stdout)", on_output},
    {"help", 'h', NULL, "this text", on_help},
    {0},
};

static int
usage(FILE *out, int code)
{
	fprintf(out,
	    "usage: praxa sandbox trace [OPTION...] -- COMMAND [ARGUMENT...]\n\n"
	    "A tool for developers. Runs COMMAND with your rights and WITHOUT A CELL, lets\n"
	    "every system call pass, and proposes the smallest profile that allows what it\n"
	    "did. What it did not do this time is not in it: read it, and test it.\n\n");
	if (out == stdout)
		args_usage(rows);
	return code;
}

/* The program being watched. Its listener appears in our table of descriptors because the child
 * shares it until it executes. */
struct watch {
	pid_t pid;
	int pidfd, listener;
};

/* Everything is told to the listener, except that the child says where it is. */
static int
take_filter(int say_fd)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)say_fd, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(filter), .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return (int)syscall(
	    SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static _Noreturn void
become(char *const argv[], int say_fd)
{
	int listener = take_filter(say_fd);

	if (io_write_full(say_fd, &listener, sizeof(listener)) < 0 || listener < 0)
		_exit(1);
	execvp(argv[0], argv);
	_exit(EXIT_NOT_FOUND);
}

static enum err
start(char *const argv[], struct watch *ret, struct fault *fault)
{
	SCOPED_FD hear = -1, say = -1;
	int pair[2], listener = -1;
	long pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return fault_set(fault, ERR_INTERNAL, "pipe: %s", strerror(errno));
	hear = pair[0];
	say = pair[1];
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		become(argv, say);
	if (pid < 0 || io_read_full(hear, &listener, sizeof(listener)) != sizeof(listener) ||
	    listener < 0)
		return fault_set(fault, ERR_CONFINEMENT,
		    "this kernel cannot show system calls (Linux 5.5 can), or they are shown to "
		    "somebody already");
	*ret = (struct watch){
	    .pid = (pid_t)pid,
	    .pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0),
	    .listener = listener,
	};
	return ret->pidfd >= 0 ? ERR_OK
			       : fault_set(fault, ERR_INTERNAL, "pidfd: %s", strerror(errno));
}

/* The only place of Praxa that lets a call pass, for a program that nobody confines. */
static void
let_pass(int fd, uint64_t id)
{
	struct seccomp_notif_resp answer = {.id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

	ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* false: nobody is left who could call. */
static bool
take_call(const struct watch *watch, struct trace *trace, uint32_t arch)
{
	struct listener_call call;
	int r = listener_read(watch->listener, &call);

	if (r <= 0)
		return r == 0;
	if (trace_refuses(&call.data)) {
		listener_answer(watch->listener, call.id, ENOSYS);
		return true;
	}
	if (call.data.arch == arch)
		trace_note(trace, &call.data);
	else
		trace->lost++;
	let_pass(watch->listener, call.id);
	return true;
}

/* Until the program ends; what it leaves behind gets no answer but ENOSYS then. */
static int
follow(struct watch *watch, struct trace *trace, uint32_t arch)
{
	struct pollfd fds[] = {
	    {.fd = watch->listener, .events = POLLIN}, {.fd = watch->pidfd, .events = POLLIN}};
	int status = 0;

	signal(SIGINT, SIG_IGN); /* it is the program's; we still have to say what we saw */
	while (fds[1].revents == 0) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents != 0 && !take_call(watch, trace, arch))
			fds[0].fd = -1;
	}
	close(watch->listener);
	while (waitpid(watch->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(watch->pidfd);
	return status;
}

#define PROFILE_NAME(name) #name,

static enum err
load_known(struct profile *known[TRACE_PROFILES_MAX], struct trace *trace, struct fault *fault)
{
	static const char *const names[] = {POLICY_PROFILES(PROFILE_NAME)};
	struct paths paths;
	SCOPED_FD dir = -1;
	enum err r = paths_find(&paths, fault);

	if (r != ERR_OK)
		return r;
	dir = open(paths.profiles, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fault_set(fault, ERR_NOT_FOUND, "%s: %s", paths.profiles, strerror(errno));
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		r = profile_load(dir, names[i], &known[i], fault);
		if (r != ERR_OK)
			return r;
		trace->known[trace->known_count++] = known[i];
	}
	return ERR_OK;
}

/* What was seen, for people, on stderr: which profiles would do, and what nobody else needs. */
static void
summarize(const struct trace *trace)
{
	char name[64];

	fprintf(stderr, "praxa sandbox trace: %u kinds of system call\n", trace->count);
	for (unsigned i = 0; i < trace->known_count; i++) {
		unsigned missing = trace_missing(trace, trace->known[i]);

		fprintf(stderr, "  profile %-8s ", trace->known[i]->name);
		if (missing == 0)
			fprintf(stderr, "allows all of them\n");
		else
			fprintf(stderr, "refuses %u of them\n", missing);
	}
	for (unsigned i = 0; i < trace->count; i++)
		if (trace_is_new(trace, &trace->calls[i])) {
			profile_call_name(
			    trace->calls[i].data.arch, trace->calls[i].data.nr, name, sizeof(name));
			fprintf(
			    stderr, "  %s is allowed by no profile of Praxa: look at it\n", name);
		}
	if (trace->lost > 0 || trace_nameless(trace) > 0)
		fprintf(stderr, "  some calls cannot be in a profile: foreign, nameless or too "
				"many\n");
}

static enum err
write_profile(const struct trace *trace, const char *command, const char *path, struct fault *fault)
{
	char reason[256];
	SCOPED_FREE char *text = NULL;
	SCOPED_FD fd = -1;
	struct profile *check = NULL;
	enum err r;
	int e = 0;

	snprintf(
	    reason, sizeof(reason), "What %.160s used, as praxa sandbox trace saw it.", command);
	text = trace_profile(trace, reason);
	if (text == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	r = profile_parse(text, strlen(text), "proposed", 0, &check, fault);
	profile_free(&check);
	if (r != ERR_OK)
		return r;
	if (path == NULL) {
		fputs(text, stdout);
		return ERR_OK;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	e = fd < 0 ? -errno : io_write_full(fd, text, strlen(text));
	return e == 0 ? ERR_OK : fault_set(fault, ERR_INTERNAL, "%s: %s", path, strerror(-e));
}

static enum err
trace_command(char *const argv[], const char *output, int *ret_status, struct fault *fault)
{
	SCOPED_FREE struct trace *trace = calloc(1, sizeof(*trace));
	struct profile *known[TRACE_PROFILES_MAX] = {NULL};
	struct watch watch = {.pidfd = -1, .listener = -1};
	enum err r;

	if (trace == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	r = load_known(known, trace, fault);
	if (r == ERR_OK)
		r = start(argv, &watch, fault);
	if (r == ERR_OK) {
		trace_begin(trace, known[0]->arch);
		*ret_status = follow(&watch, trace, known[0]->arch);
		summarize(trace);
		r = write_profile(trace, argv[0], output, fault);
	}
	for (unsigned i = 0; i < TRACE_PROFILES_MAX; i++)
		profile_free(&known[i]);
	return r;
}

int
sandbox_trace(int argc, char *const argv[])
{
	struct trace_options options = {0};
	struct fault fault = {0};
	int rest = argc, status = 0;
	enum err r = args_parse(rows, argc, argv, &options, &rest, &fault);

	if (r != ERR_OK) {
		fprintf(stderr, "praxa sandbox trace: %s\n", fault.message);
		return CLI_USAGE;
	}
	if (options.help)
		return usage(stdout, CLI_OK);
	if (rest == argc)
		return usage(stderr, CLI_USAGE);
	/* Nothing that a policy starts may get a profile by doing what it wants. */
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0 || getenv("PRAXA_RUN") != NULL) {
		fault_set(&fault, ERR_CONFINEMENT,
		    "trace is a tool for developers and does not run in a cell or a run");
		return sandbox_fail(&fault);
	}
	fprintf(stderr, "praxa sandbox trace: %s runs with your rights and WITHOUT A CELL\n",
	    argv[rest]);
	r = trace_command(argv + rest, options.output, &status, &fault);
	if (r != ERR_OK)
		return sandbox_fail(&fault);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr,
		    "praxa sandbox trace: %s did not end well; its profile may lack "
		    "the rest\n",
		    argv[rest]);
		return CLI_SKILL_FAILED;
	}
	return CLI_OK;
}
