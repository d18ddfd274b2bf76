#include "supervisor/start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "supervisor/control.h"
#include "supervisor/output.h"
#include "supervisor/pool.h"
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
	grant.policy_source = *policy_source_digest(run->skill->source.policy);
	grant.bundle = head->bundle;
	grant.deadline_ns = clock_monotonic_ns(supervisor->clock) + head->cell.limits.wall_ns;
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
	struct cell_report started = *report;
	struct fault fault;

	if (run->warm) /* praxa-init counts from when the cell was built */
		started.setup_ns = clock_monotonic_ns(run->supervisor->clock) - run->handed_ns;
	control_tell_started(run, &started);
	if (record_started(run, &started, on_started_answer, &fault) != ERR_OK)
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

void
start_spec(struct supervisor *supervisor, const struct skill *skill, struct cell_mount *sdk,
    struct cell_spec *ret)
{
	*sdk = (struct cell_mount){supervisor->sdk_fd, "/praxa/sdk"};
	*ret = (struct cell_spec){
	    .cell = &policy_skill(skill->source.policy)->cell,
	    .profile = skill->profile,
	    .bundle_fd = skill->bundle_fd,
	    .bundle_at = "/skill",
	    .mounts = sdk,
	    .mount_count = supervisor->sdk_fd >= 0 ? 1 : 0,
	    .stdin_fd = -1,
	    .stdout_fd = -1,
	    .stderr_fd = -1,
	    .door_fd = -1,
	    .host_uid = (uid_t)-1,
	    .identities = supervisor->identities,
	    .hostname = "cell",
	    .listen = true,
	};
}

static enum err
start_cold(struct run *run, const char *const *envp, const int writers[2], struct fault *fault)
{
	struct supervisor *supervisor = run->supervisor;
	struct cell_mount sdk;
	struct cell_spec spec;

	start_spec(supervisor, run->skill, &sdk, &spec);
	spec.envp = envp;
	spec.stdout_fd = writers[0];
	spec.stderr_fd = writers[1];
	spec.door_fd = run->door_fd;
	return job_start(
	    supervisor->base, supervisor->launcher, &spec, &handlers, run, &run->job, fault);
}

/* A parked cell that is gone at this moment is no reason to end the run: it then starts cold. */
static bool
start_warm(struct run *run, const char *const *envp, const int writers[2])
{
	struct supervisor *supervisor = run->supervisor;
	const struct policy_skill *head = policy_skill(run->skill->source.policy);
	const int stdio[] = {-1, writers[0], writers[1]};
	struct fault fault;
	struct cell cell;

	if (!pool_take(supervisor->pool, run->skill, &cell))
		return false;
	if (cell_hand_over(&cell, envp, stdio, run->door_fd, &fault) != ERR_OK) {
		cell_kill(&cell);
		cell_done(&cell);
		return false;
	}
	run->warm = job_adopt(supervisor->base, &cell, head->cell.limits.wall_ns, &handlers, run,
			&run->job, &fault) == ERR_OK;
	return run->warm;
}

enum err
start_cell(struct run *run, struct fault *fault)
{
	char texts[1][ENV_TEXT_MAX];
	const char *envp[ENV_COUNT];
	int writers[2] = {-1, -1};
	enum err r = output_open(run, writers, fault);

	if (r != ERR_OK)
		return r;
	build_environment(run, texts, envp);
	run->handed_ns = clock_monotonic_ns(run->supervisor->clock);
	if (!start_warm(run, envp, writers))
		r = start_cold(run, envp, writers, fault);
	close(writers[0]);
	close(writers[1]);
	close(run->door_fd);
	run->door_fd = -1;
	return r;
}
