#include "supervisor/run.h"

#include "supervisor/control.h"
#include "supervisor/output.h"
#include "supervisor/record.h"
#include "supervisor/start.h"
#include "supervisor/tool.h"

/* X(event, what happened) */
#define RUN_EVENTS(X)                                                        \
	X(RECORDED)     /* the record that the state waits for is durable */ \
	X(NOT_RECORDED) /* it is not */                                      \
	X(GRANTED)      /* the broker has the grant */                       \
	X(NOT_GRANTED)  /* the broker refused it */                          \
	X(STOPPED)      /* something ended the run: outcome.reason is set */ \
	X(CELL_ENDED)   /* nothing of the cell is left */                    \
	X(CLOSED)       /* the broker has recorded its last */               \
	X(BROKER_LOST)  /* the broker is gone */                             \
	X(LOG_BACK)     /* the log takes records again */

#define RUN_EVENT_ENUM(name) ON_##name,
enum run_event { RUN_EVENTS(RUN_EVENT_ENUM) RUN_EVENT_COUNT };

/* Refusals of run.ended, a second apart, until its client is told; a writer of the log that was
 * killed is back sooner. */
enum { RUN_REFUSALS_MAX = 4 };

static void dispatch(struct run *run, enum run_event event);

static void
set_reason(struct run *run, enum end_reason reason, const struct fault *why)
{
	if (run->outcome.reason != END_NONE)
		return;
	run->outcome.reason = reason;
	if (why != NULL)
		run->outcome.fault = *why;
}

static void
forget(struct run *run)
{
	struct supervisor *supervisor = run->supervisor;
	struct run **at = &supervisor->runs;

	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	supervisor->run_count--;
	run_abandon(run);
	supervisor_check_idle(supervisor);
}

static void
on_ended_answer(void *context, const struct recorder_answer *answer)
{
	struct run *run = context;

	run->refusal = answer->fault;
	dispatch(context, answer->code == ERR_OK ? ON_RECORDED : ON_NOT_RECORDED);
}

/* Actions, one a cell of the table below. */

static void
ignore(struct run *run)
{
	(void)run; /* true already, or about to be overtaken by what the state waits for */
}

/* An event that no peer can cause in this state: our own state is wrong. */
static void
impossible(struct run *run)
{
	(void)run;
	abort();
}

static void
record_end(struct run *run)
{
	if (run->ended_ns == 0)
		run->ended_ns = clock_monotonic_ns(run->supervisor->clock);
	run->state = RUN_RECORDING;
	if (run->closing != NULL)
		event_del(run->closing);
	if (record_ended(run, on_ended_answer, &run->refusal) != ERR_OK)
		dispatch(run, ON_NOT_RECORDED);
}

static void
on_closing_timeout(int fd, short what, void *context)
{
	(void)fd;
	(void)what;
	dispatch(context, ON_BROKER_LOST);
}

/* The broker answers what is in flight, records it, and says CLOSED; one that does not is treated
 * as lost. */
static void
close_grant(struct run *run)
{
	const struct timeval patience = {5, 0};
	struct wire_grant_end end = {.reason = run->outcome.reason};

	tool_stop_all(run);
	text_copy(end.run, sizeof(end.run), run->id);
	run->closing = event_new(run->supervisor->base, -1, 0, on_closing_timeout, run);
	run->state = RUN_CLOSING;
	if (!run->granted || run->closing == NULL || event_add(run->closing, &patience) < 0 ||
	    dial_send(run->supervisor->broker, WIRE_TYPE_GRANT_END, 0, &end, NULL, 0, NULL, 0,
		NULL) != ERR_OK)
		dispatch(run, ON_BROKER_LOST);
}

static void
grant(struct run *run)
{
	struct fault fault = {0};

	if (run->outcome.reason != END_NONE) { /* stopped while the record was on its way */
		record_end(run);
		return;
	}
	control_tell_admitted(run);
	run->state = RUN_GRANTING;
	if (start_grant(run, &fault) == ERR_OK) {
		run->granted = true;
	} else {
		set_reason(run, END_BROKER_LOST, &fault);
		record_end(run);
	}
}

static void
refuse(struct run *run)
{
	struct fault fault;

	fault_set(&fault, ERR_AUDIT_UNAVAILABLE,
	    "the run was not admitted, because that cannot be recorded: %s", run->refusal.message);
	control_tell_refused(run->client, &fault);
	forget(run);
}

static void
start(struct run *run)
{
	struct fault fault = {0};

	if (run->outcome.reason == END_NONE && start_cell(run, &fault) == ERR_OK) {
		run->state = RUN_RUNNING;
		return;
	}
	set_reason(run, END_CONFINEMENT, &fault);
	close_grant(run);
}

static void
kill_cell(struct run *run)
{
	job_stop(run->job, run->outcome.reason, NULL);
}

static void
lose_broker(struct run *run)
{
	set_reason(run, END_BROKER_LOST, NULL);
	tool_stop_all(run);
	kill_cell(run);
}

static void
lose_grant(struct run *run)
{
	set_reason(run, END_BROKER_LOST, NULL);
	record_end(run);
}

/* The broker has not said that its last records are durable: the Skill's own end, in the same
 * moment or just before, must not pass for a success. */
static void
lose_end(struct run *run)
{
	if (run->outcome.reason == END_EXITED || run->outcome.reason == END_CRASHED)
		run->outcome.reason = END_BROKER_LOST;
	record_end(run);
}

static void
finish(struct run *run)
{
	control_tell_ended(run);
	forget(run);
}

/* The run is over and its client must not wait for a disk that somebody has to clear first. */
static void
tell_unrecorded(struct run *run)
{
	struct fault fault;

	fault_set(&fault, ERR_AUDIT_UNAVAILABLE,
	    "the run has ended (%s), but that cannot be recorded yet: %s",
	    end_info(run->outcome.reason)->name, run->refusal.message);
	control_tell_refused(run->client, &fault);
	control_unfollow(run->client);
	run->client = NULL;
}

static void
on_again(int fd, short what, void *context)
{
	(void)fd;
	(void)what;
	dispatch(context, ON_LOG_BACK);
}

/* A log that went away says when it is back; one that has no room does not. */
static void
wait_for_log(struct run *run)
{
	const struct timeval pause = {1, 0};

	run->state = RUN_UNRECORDED;
	if (++run->refusals >= RUN_REFUSALS_MAX && run->client != NULL)
		tell_unrecorded(run);
	if (run->again == NULL)
		run->again = event_new(run->supervisor->base, -1, 0, on_again, run);
	if (run->again == NULL || event_add(run->again, &pause) < 0)
		return; /* out of memory: what is left is that the log comes back */
}

typedef void action(struct run *run);

/* Total: every state answers every event. The columns stand in the order of RUN_EVENTS; a missing
 * cell would be NULL and is refused below, when this file compiles. */
#define ROW(recorded, not_recorded, granted, not_granted, stopped, cell_ended, closed,            \
    broker_lost, log_back)                                                                        \
	{                                                                                         \
		[ON_RECORDED] = (recorded), [ON_NOT_RECORDED] = (not_recorded),                   \
		[ON_GRANTED] = (granted), [ON_NOT_GRANTED] = (not_granted),                       \
		[ON_STOPPED] = (stopped), [ON_CELL_ENDED] = (cell_ended), [ON_CLOSED] = (closed), \
		[ON_BROKER_LOST] = (broker_lost), [ON_LOG_BACK] = (log_back),                     \
	}

/* clang-format off */
static action *const actions[RUN_STATE_COUNT][RUN_EVENT_COUNT] = {
	/*                     RECORDED    NOT_RECORDED  GRANTED     NOT_GRANTED STOPPED      CELL_ENDED   CLOSED      BROKER_LOST  LOG_BACK */
	[RUN_ADMITTING] =  ROW(grant,      refuse,       impossible, impossible, ignore,      impossible,  impossible, ignore,      ignore),
	[RUN_GRANTING] =   ROW(impossible, impossible,   start,      record_end, close_grant, impossible,  impossible, lose_grant,  ignore),
	[RUN_RUNNING] =    ROW(impossible, impossible,   impossible, impossible, kill_cell,   close_grant, impossible, lose_broker, ignore),
	[RUN_CLOSING] =    ROW(impossible, impossible,   ignore,     ignore,     ignore,      impossible,  record_end, lose_end,    ignore),
	[RUN_RECORDING] =  ROW(finish,     wait_for_log, impossible, impossible, ignore,      impossible,  impossible, ignore,      ignore),
	[RUN_UNRECORDED] = ROW(impossible, impossible,   impossible, impossible, ignore,      impossible,  impossible, ignore,      record_end),
};
/* clang-format on */

static void
dispatch(struct run *run, enum run_event event)
{
	actions[run->state][event](run);
}

static void
on_admitted_answer(void *context, const struct recorder_answer *answer)
{
	struct run *run = context;

	run->refusal = answer->fault;
	dispatch(run, answer->code == ERR_OK ? ON_RECORDED : ON_NOT_RECORDED);
}

static enum err
check_capacity(const struct supervisor *supervisor, struct fault *fault)
{
	if (supervisor->stopping)
		return fault_set(fault, ERR_RUN_ENDED, "the service is stopping");
	if (supervisor->run_count >= SUPERVISOR_RUNS_MAX)
		return fault_set(
		    fault, ERR_LIMIT, "%d runs are live; try again later", SUPERVISOR_RUNS_MAX);
	return ERR_OK;
}

enum err
run_admit(struct supervisor *supervisor, struct skill *skill, const char *source, const char *event,
    int input_fd, struct control *client, uid_t client_uid, struct fault *fault)
{
	SCOPED_FD input = input_fd;
	enum err r = check_capacity(supervisor, fault);
	struct run *run = r == ERR_OK ? calloc(1, sizeof(*run)) : NULL;

	if (r != ERR_OK)
		return r;
	if (run == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	*run = (struct run){.supervisor = supervisor,
	    .skill = skill_ref(skill),
	    .state = RUN_ADMITTING,
	    .client_uid = client_uid,
	    .input_fd = TAKE_FD(input),
	    .door_fd = -1,
	    .output_fds = {-1, -1}};
	text_copy(run->source, sizeof(run->source), source);
	text_copy(run->event, sizeof(run->event), event);
	id_new(run->id, ID_RUN, supervisor->clock);
	run->admitted_ns = clock_monotonic_ns(supervisor->clock);
	r = record_admitted(run, on_admitted_answer, fault);
	if (r != ERR_OK) {
		run_abandon(run);
		return r;
	}
	run->client = client;
	control_follow(client, run);
	run->next = supervisor->runs;
	supervisor->runs = run;
	supervisor->run_count++;
	return ERR_OK;
}

struct run *
run_find(struct supervisor *supervisor, const char *id)
{
	for (struct run *run = supervisor->runs; run != NULL; run = run->next)
		if (strcmp(run->id, id) == 0)
			return run;
	return NULL;
}

void
run_stop(struct run *run, enum end_reason reason, const struct fault *why)
{
	if (run->outcome.reason != END_NONE)
		return;
	set_reason(run, reason, why);
	dispatch(run, ON_STOPPED);
}

void
run_client_gone(struct run *run)
{
	run->client = NULL;
	run_stop(run, END_KILLED, NULL);
}

void
run_cell_ended(struct run *run, const struct job_outcome *outcome)
{
	enum end_reason reason = run->outcome.reason;
	struct fault fault = run->outcome.fault;

	run->outcome = *outcome;
	if (reason != END_NONE) { /* what stopped the run comes before how its cell went down */
		run->outcome.reason = reason;
		run->outcome.fault = fault;
	}
	output_drain(run);
	dispatch(run, ON_CELL_ENDED);
}

enum run_expectation
run_expects(const struct run *run, enum wire_type type)
{
	if (run->state == RUN_ADMITTING)
		return RUN_EXPECTS_NOT;
	/* The broker was lost, or did not answer in time, and is answering now. */
	if (run->state == RUN_RECORDING || run->state == RUN_UNRECORDED || !run->granted)
		return RUN_IS_PAST;
	if (run->state == RUN_CLOSING)
		return RUN_EXPECTS; /* CLOSED, or the answer to a grant that was ended meanwhile */
	return run->state == RUN_GRANTING && type != WIRE_TYPE_GRANT_CLOSED ? RUN_EXPECTS
									    : RUN_EXPECTS_NOT;
}

void
run_granted(struct run *run)
{
	dispatch(run, ON_GRANTED);
}

void
run_grant_refused(struct run *run, const struct fault *why)
{
	set_reason(run, END_REFUSED, why);
	dispatch(run, ON_NOT_GRANTED);
}

void
run_closed(struct run *run, const struct wire_grant_closed *closed)
{
	run->calls = closed->calls;
	run->denied = closed->denied;
	memcpy(run->decision, closed->decision, sizeof(run->decision));
	dispatch(run, ON_CLOSED);
}

void
run_broker_lost(struct run *run)
{
	run->granted = false;
	dispatch(run, ON_BROKER_LOST);
}

void
run_audit_ready(struct run *run)
{
	dispatch(run, ON_LOG_BACK);
}

void
run_abandon(struct run *run)
{
	if (run->client != NULL)
		control_unfollow(run->client);
	tool_free_all(run);
	denied_free(&run->denials);
	job_free(&run->job);
	output_done(run);
	if (run->closing != NULL)
		event_free(run->closing);
	if (run->again != NULL)
		event_free(run->again);
	if (run->door_fd >= 0)
		close(run->door_fd);
	if (run->input_fd >= 0)
		close(run->input_fd);
	skill_unref(&run->skill);
	free(run);
}
