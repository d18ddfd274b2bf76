#include "supervisor/start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "supervisor/control.h"
#include "supervisor/output.h"
#include "supervisor/record.h"

enum err
start_grant(struct run *run, struct fault *fault)
{
	struct supervisor *supervisor = run->supervisor;
	const struct policy_skill *head = policy_skill(run->skill->source.policy);
	struct wire_grant_run grant = {0};
	int ends[2], fds[3];
	enum err r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return fault_set(fault, ERR_INTERNAL, "socketpair: %s", strerror(errno));
	text_copy(grant.workspace, sizeof(grant.workspace), supervisor->options->workspace);
	text_copy(grant.skill, sizeof(grant.skill), run->skill->id);
	text_copy(grant.run, sizeof(grant.run), run->id);
	text_copy(grant.source, sizeof(grant.source), run->source);
	text_copy(grant.event, sizeof(grant.event), run->event);
	grant.policy = *policy_digest(run->skill->source.policy);
	grant.bundle = head->bundle;
	grant.deadline_ns =
	    supervisor->clock->monotonic_ns(supervisor->clock->context) + head->cell.limits.wall_ns;
	fds[0] = ends[1];
	fds[1] = run->skill->source.pack_fd;
	fds[2] = run->input_fd;
	r = dial_send(supervisor->broker, WIRE_TYPE_GRANT_RUN, 0, &grant, NULL, 0, fds, 3, fault);
	close(ends[1]);
	run->door_fd = ends[0];
	return r;
}

/* The run outlives this answer: run.ended is appended behind run.started. */
static void
on_started_answer(void *context, const struct recorder_answer *answer)
{
	if (answer->code != ERR_OK)
		run_stop(context, END_AUDIT_LOST, &answer->fault);
}

static void
on_denied(void *context, const struct denied_call *call)
{
	struct run *run = context;

	record_denied(run, "", run->skill->profile, call);
}

/* Behind run.started in the log, though the first calls may have been denied before. */
static void
listen_to_cell(struct run *run)
{
	int fd = job_take_listener(run->job);

	if (fd >= 0)
		run->denials = denied_new(run->supervisor->base, fd, run->skill->profile,
		    run->supervisor->clock, on_denied, run);
}

/* The Skill already runs, but whatever it asks for waits behind this record. */
static void
on_ready(void *context, const struct cell_report *report)
{
	struct run *run = context;
	struct fault fault;

	control_tell_started(run, report);
	if (record_started(run, report, on_started_answer, &fault) != ERR_OK)
		run_stop(run, END_AUDIT_LOST, &fault);
	listen_to_cell(run);
}

/* A limit of the policy that ended the run is named with its rule, as any refusal is. */
static void
name_wall_time(const struct policy_skill *head, struct fault *fault)
{
	fault_set(fault, ERR_BUDGET_EXCEEDED,
	    "the run took longer than %llu ms; raise budget.run.wall, or see what it waited for",
	    (unsigned long long)(head->cell.limits.wall_ns / 1000000));
	fault_at(fault, "budget.run.wall", head->wall_line);
}

static void
on_ended(void *context, const struct job_outcome *outcome)
{
	struct run *run = context;
	struct job_outcome copy = *outcome;
	struct denied_summary syscalls;

	denied_end(&run->denials, &syscalls);
	run->syscalls.seen = syscalls.seen;
	run->syscalls.count += syscalls.count;
	if (copy.reason == END_WALL_TIME)
		name_wall_time(policy_skill(run->skill->source.policy), &copy.fault);
	job_free(&run->job);
	run_cell_ended(run, &copy);
}

static const struct job_handlers handlers = {.ready = on_ready, .ended = on_ended};

/* The Skill's whole environment. What is not here does not exist inside. */
enum { ENV_COUNT = 8, ENV_TEXT_MAX = 64 };

static void
build_environment(const struct run *run, char texts[][ENV_TEXT_MAX], const char *envp[])
{
	unsigned n = 0;

	envp[n++] = "PATH=/usr/bin:/bin";
	envp[n++] = "HOME=/tmp";
	envp[n++] = "TMPDIR=/tmp";
	envp[n++] = "LANG=C.UTF-8";
	envp[n++] = "PYTHONPATH=/praxa/sdk";
	envp[n++] = "PYTHONDONTWRITEBYTECODE=1";
	snprintf(texts[0], ENV_TEXT_MAX, "PRAXA_RUN=%s", run->id);
	envp[n++] = texts[0];
	envp[n] = NULL;
}

enum err
start_cell(struct run *run, struct fault *fault)
{
	struct supervisor *supervisor = run->supervisor;
	const struct policy_skill *head = policy_skill(run->skill->source.policy);
	struct cell_mount sdk = {supervisor->sdk_fd, "/praxa/sdk"};
	char texts[1][ENV_TEXT_MAX];
	const char *envp[ENV_COUNT];
	int writers[2] = {-1, -1};
	enum err r = output_open(run, writers, fault);

	if (r != ERR_OK)
		return r;
	build_environment(run, texts, envp);
	r = job_start(supervisor->base, supervisor->launcher,
	    &(struct cell_spec){
		.cell = &head->cell,
		.profile = run->skill->profile,
		.envp = envp,
		.bundle_fd = run->skill->bundle_fd,
		.bundle_at = "/skill",
		.mounts = &sdk,
		.mount_count = supervisor->sdk_fd >= 0 ? 1 : 0,
		.stdin_fd = -1,
		.stdout_fd = writers[0],
		.stderr_fd = writers[1],
		.door_fd = run->door_fd,
		.host_uid = supervisor_next_uid(supervisor),
		.hostname = "cell",
		.listen = true,
	    },
	    &handlers, run, &run->job, fault);
	close(writers[0]);
	close(writers[1]);
	close(run->door_fd);
	run->door_fd = -1;
	return r;
}
