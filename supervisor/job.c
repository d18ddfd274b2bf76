#include "supervisor/job.h"

#include <signal.h>
#include <sys/wait.h>

struct job {
	struct cell cell;
	struct event *report, *gone, *wall, *emptied;
	const struct job_handlers *handlers;
	void *context;
	struct job_outcome outcome;
	bool exited; /* init told how the program ended */
	bool ended;
};

static void
take_report(struct job *job, const struct cell_report *report)
{
	job->outcome.layers |= report->layers;
	switch ((enum cell_report_kind)report->kind) {
	case CELL_READY:
		job->outcome.ran = true;
		job->outcome.landlock_abi = report->landlock_abi;
		if (job->handlers->ready != NULL)
			job->handlers->ready(job->context, report);
		return;
	case CELL_FAILED:
		cell_report_fault(report, &job->outcome.fault);
		job_stop(job, END_CONFINEMENT, NULL);
		return;
	case CELL_EXITED:
		job->exited = true;
		job->outcome.status = report->status;
		job->outcome.cpu_us = report->cpu_us;
		job->outcome.peak_kib = report->peak_kib;
		return;
	case CELL_STEP: /* nobody asked for them */
	case CELL_REPORT_NONE:
		break;
	}
	/* init may be under a hostile program's hands: what it says beyond the table ends it. */
	job_stop(job, END_CRASHED, NULL);
}

static void
on_report(int fd, short what, void *context)
{
	struct job *job = context;
	struct cell_report report;
	int r;

	(void)fd;
	(void)what;
	while ((r = cell_report_read(&job->cell, &report)) > 0)
		take_report(job, &report);
	if (r < 0) {
		event_del(job->report);
		job_stop(job, END_NONE, NULL);
	}
}

/* The reason when nobody gave one: what the program itself did. A program that init could not tell
 * of was killed together with it. */
static enum end_reason
natural_reason(const struct job *job)
{
	if (job->exited && WIFEXITED(job->outcome.status))
		return END_EXITED;
	return job->outcome.usage.oom_kills > 0 ? END_MEMORY : END_CRASHED;
}

/* Nothing of the cell is left. */
static void
finish(struct job *job)
{
	struct job_outcome *outcome = &job->outcome;

	if (job->cell.leaf.fd >= 0) {
		cgroup_leaf_usage(&job->cell.leaf, &outcome->usage);
		outcome->counted = true;
		outcome->cpu_us = outcome->usage.cpu_us;
	}
	event_del(job->emptied);
	cell_done(&job->cell);
	job->ended = true;
	if (outcome->reason == END_NONE)
		outcome->reason = natural_reason(job);
	if (!job->exited)
		outcome->status = SIGKILL;
	job->handlers->ended(job->context, outcome);
}

static void
on_emptied(int fd, short what, void *context)
{
	struct job *job = context;

	(void)fd;
	(void)what;
	if (!cgroup_leaf_is_populated(&job->cell.leaf))
		finish(job);
}

static void
on_gone(int fd, short what, void *context)
{
	struct job *job = context;
	struct cell_report report;

	(void)fd;
	(void)what;
	/* The last report may have arrived together with the end. */
	while (cell_report_read(&job->cell, &report) > 0)
		take_report(job, &report);
	event_del(job->report);
	event_del(job->gone);
	event_del(job->wall);
	cell_reap(&job->cell);
	cgroup_leaf_kill(&job->cell.leaf);
	/* What is killed needs a moment until it does not count any more. */
	if (cgroup_leaf_is_populated(&job->cell.leaf))
		event_add(job->emptied, NULL);
	else
		finish(job);
}

static void
on_wall(int fd, short what, void *context)
{
	(void)fd;
	(void)what;
	job_stop(context, END_WALL_TIME, NULL);
}

static bool
watch(struct job *job, struct event_base *base, uint64_t wall_ns)
{
	struct timeval wall = {
	    (time_t)(wall_ns / 1000000000), (suseconds_t)(wall_ns % 1000000000 / 1000)};

	job->report = event_new(base, job->cell.status_fd, EV_READ | EV_PERSIST, on_report, job);
	job->gone = event_new(base, job->cell.pidfd, EV_READ, on_gone, job);
	job->wall = event_new(base, -1, 0, on_wall, job);
	job->emptied = event_new(
	    base, job->cell.leaf.events_fd, EV_READ | EV_ET | EV_PERSIST, on_emptied, job);
	return job->report != NULL && job->gone != NULL && job->wall != NULL &&
	       job->emptied != NULL && event_add(job->report, NULL) == 0 &&
	       event_add(job->gone, NULL) == 0 && event_add(job->wall, &wall) == 0;
}

enum err
job_start(struct event_base *base, struct cell_launcher *launcher, const struct cell_spec *spec,
    const struct job_handlers *handlers, void *context, struct job **ret, struct fault *fault)
{
	struct cell cell;
	enum err r = cell_spawn(launcher, spec, &cell, fault);

	if (r != ERR_OK)
		return r;
	return job_adopt(base, &cell, spec->cell->limits.wall_ns, handlers, context, ret, fault);
}

enum err
job_adopt(struct event_base *base, struct cell *cell, uint64_t wall_ns,
    const struct job_handlers *handlers, void *context, struct job **ret, struct fault *fault)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL) {
		cell_kill(cell);
		cell_done(cell);
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	}
	job->cell = *cell;
	job->handlers = handlers;
	job->context = context;
	if (!watch(job, base, wall_ns)) {
		job_free(&job);
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	}
	*ret = job;
	return ERR_OK;
}

int
job_take_listener(struct job *job)
{
	return TAKE_FD(job->cell.listener_fd);
}

void
job_stop(struct job *job, enum end_reason reason, const struct fault *why)
{
	if (job->ended)
		return;
	if (job->outcome.reason == END_NONE && !job->exited) {
		job->outcome.reason = reason;
		if (why != NULL)
			job->outcome.fault = *why;
	}
	cell_kill(&job->cell);
}

static void
drop(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void
job_free(struct job **job)
{
	struct job *gone = *job;

	*job = NULL;
	if (gone == NULL)
		return;
	drop(gone->report);
	drop(gone->gone);
	drop(gone->wall);
	drop(gone->emptied);
	if (!gone->ended) {
		cell_kill(&gone->cell);
		cell_done(&gone->cell);
	}
	free(gone);
}
