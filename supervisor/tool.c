#include "supervisor/tool.h"

#include "supervisor/record.h"

struct tool_job {
	struct tool_job *next;
	struct run *run;
	struct job *job;
	const struct skill_tool *what;
	struct denied *denied;
	uint32_t call;
	uint64_t started_ns;
};

static void
tell_done(struct run *run, struct wire_tool_done *done, uint32_t call)
{
	text_copy(done->run, sizeof(done->run), run->id);
	done->call = call;
	if (dial_send(run->supervisor->broker, WIRE_TYPE_TOOL_DONE, 0, done, NULL, 0, NULL, 0,
		NULL) != ERR_OK)
		return; /* the broker is gone, and with it who asked */
}

static void
unlink_job(struct tool_job *tool)
{
	struct tool_job **at = &tool->run->tools;

	while (*at != tool)
		at = &(*at)->next;
	*at = tool->next;
}

static void
on_denied(void *context, const struct denied_call *call)
{
	struct tool_job *tool = context;

	record_denied(tool->run, tool->what->tool->name, tool->what->profile, call);
}

static void
on_ready(void *context, const struct cell_report *report)
{
	struct tool_job *tool = context;
	int fd = job_take_listener(tool->job);

	(void)report;
	if (fd >= 0)
		tool->denied = denied_new(tool->run->supervisor->base, fd, tool->what->profile,
		    tool->run->supervisor->clock, on_denied, tool);
}

static void
on_ended(void *context, const struct job_outcome *outcome)
{
	struct tool_job *tool = context;
	struct run *run = tool->run;
	struct wire_tool_done done = {
	    .reason = outcome->reason,
	    .status = outcome->status,
	    .layers = outcome->layers,
	    .duration_ms =
		(clock_monotonic_ns(run->supervisor->clock) - tool->started_ns) / 1000000,
	    .cpu_us = outcome->cpu_us,
	    .peak_kib = outcome->peak_kib,
	    .memory_peak_kib = outcome->usage.memory_peak_kib,
	    .processes_peak = outcome->usage.processes_peak,
	    .oom_kills = outcome->usage.oom_kills,
	    .counted = outcome->counted,
	    .fault = outcome->fault,
	};
	uint32_t call = tool->call;
	struct denied_summary syscalls;

	denied_end(&tool->denied, &syscalls);
	run->syscalls.count += syscalls.count;
	unlink_job(tool);
	tell_done(run, &done, call);
	job_free(&tool->job);
	free(tool);
}

static const struct job_handlers handlers = {.ready = on_ready, .ended = on_ended};

static enum err
start(struct tool_job *tool, const struct skill_tool *what, const int fds[3], struct fault *fault)
{
	static const char *const envp[] = {"PATH=/usr/bin:/bin", "HOME=/tmp", "TMPDIR=/tmp",
	    "LANG=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1", NULL};
	struct cell_mount mounts[POLICY_RESOURCES_MAX];
	struct supervisor *supervisor = tool->run->supervisor;

	for (uint32_t i = 0; i < what->tool->resource_count; i++)
		mounts[i] = (struct cell_mount){what->resource_fds[i], what->tool->resources[i].at};
	tool->started_ns = clock_monotonic_ns(tool->run->supervisor->clock);
	return job_start(supervisor->base, supervisor->launcher,
	    &(struct cell_spec){
		.cell = &what->tool->cell,
		.profile = what->profile,
		.envp = envp,
		.bundle_fd = what->bundle_fd,
		.bundle_at = "/tool",
		.mounts = mounts,
		.mount_count = what->tool->resource_count,
		.stdin_fd = fds[0],
		.stdout_fd = fds[1],
		.stderr_fd = fds[2],
		.door_fd = -1,
		.host_uid = (uid_t)-1,
		.identities = supervisor->identities,
		.hostname = "tool",
		.listen = true,
	    },
	    &handlers, tool, &tool->job, fault);
}

static enum err
try_exec(struct run *run, const struct wire_tool_exec *ask, const int fds[3], struct fault *fault)
{
	const struct skill_tool *what = skill_tool_find(run->skill, ask->tool);
	struct tool_job *tool;
	unsigned live = 0;
	enum err r;

	for (const struct tool_job *t = run->tools; t != NULL; t = t->next)
		live++;
	if (run->state != RUN_RUNNING)
		return fault_set(fault, ERR_RUN_ENDED, "the run is ending");
	if (what == NULL)
		return fault_set(
		    fault, ERR_TOOL_NOT_ALLOWED, "the supervisor holds no such tool for this run");
	if (live >= TOOL_JOBS_MAX)
		return fault_set(
		    fault, ERR_RATE_LIMIT, "%d tools of this run are at work", TOOL_JOBS_MAX);
	tool = calloc(1, sizeof(*tool));
	if (tool == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	tool->run = run;
	tool->call = ask->call;
	tool->what = what;
	r = start(tool, what, fds, fault);
	if (r != ERR_OK) {
		free(tool);
		return r;
	}
	tool->next = run->tools;
	run->tools = tool;
	return ERR_OK;
}

void
tool_exec(struct run *run, struct wire_message *message)
{
	const struct wire_tool_exec *ask = message->body;
	struct wire_tool_done done = {.reason = END_CONFINEMENT};

	if (try_exec(run, ask, message->fds, &done.fault) != ERR_OK)
		tell_done(run, &done, ask->call);
}

void
tool_cancel(struct run *run, uint32_t call)
{
	for (struct tool_job *tool = run->tools; tool != NULL; tool = tool->next)
		if (tool->call == call)
			job_stop(tool->job, END_KILLED, NULL);
}

void
tool_stop_all(struct run *run)
{
	for (struct tool_job *tool = run->tools; tool != NULL; tool = tool->next)
		job_stop(tool->job, END_KILLED, NULL);
}

void
tool_free_all(struct run *run)
{
	while (run->tools != NULL) {
		struct tool_job *tool = run->tools;

		run->tools = tool->next;
		denied_free(&tool->denied);
		job_free(&tool->job);
		free(tool);
	}
}
