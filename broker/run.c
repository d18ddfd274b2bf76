#include "broker/run.h"

#include <errno.h>

#include "broker/call.h"
#include "broker/supervisor.h"
#include "common/codec.h"
#include "common/io.h"
#include "common/json.h"

uint64_t
broker_elapsed_ms(const struct broker *broker, uint64_t from_ns)
{
	uint64_t now = clock_monotonic_ns(broker->clock);

	return now > from_ns ? (now - from_ns) / 1000000 : 0;
}

static void
on_door_message(void *context, const unsigned char *data, size_t length, uint32_t items)
{
	broker_call_begin(context, data, length, items);
}

static bool
on_door_is_full(void *context)
{
	const struct broker_run *run = context;

	return run->call_count >= BROKER_CALLS_MAX || run->waiting >= BROKER_RECORDS_WAITING_MAX ||
	       run->held >= BROKER_HELD_BYTES_MAX;
}

static void
on_door_violated(void *context, const struct fault *fault)
{
	broker_run_violated(context, fault);
}

static const struct broker_door_handlers door_handlers = {
    on_door_message, on_door_is_full, on_door_violated};

/* The input, decoded once. It must fit into the reply of run.input: better refused now than a run
 * that cannot read what it was started for. */
static enum err
load_input(struct broker_run *run, int fd, struct fault *fault)
{
	const void *text;
	size_t length;
	int mapped = io_sealed_map(fd, BROKER_INPUT_BYTES_MAX, &text, &length);
	enum err r;

	if (mapped == -EFBIG)
		return fault_set(fault, ERR_LIMIT, "the run's input is larger than %d bytes",
		    BROKER_INPUT_BYTES_MAX);
	if (mapped < 0)
		return fault_set(fault, ERR_PROTOCOL, "the run's input: %s", strerror(-mapped));
	r = json_parse(text, length, &run->arena, &run->input, fault);
	io_sealed_unmap(text, length);
	if (r != ERR_OK)
		return r;
	run->broker->reply.length = 0;
	if (!codec_encode(&run->broker->reply, &run->input) ||
	    run->broker->reply.length > BROKER_INPUT_BYTES_MAX)
		return fault_set(fault, ERR_LIMIT, "the run's input does not fit into a message");
	return ERR_OK;
}

static void
destroy(struct broker_run *run)
{
	broker_tickets_free(run);
	broker_door_free(&run->door);
	broker_policies_put(&run->broker->policies, &run->policy);
	arena_clear(&run->arena);
	free(run);
}

static enum err
fill(struct broker_run *run, int fds[3], struct fault *fault)
{
	struct broker *broker = run->broker;
	enum err r;

	if (strcmp(run->grant.workspace, broker->workspace) != 0)
		return fault_set(fault, ERR_WORKSPACE_SCOPE, "this broker serves %s, not %s",
		    broker->workspace, run->grant.workspace);
	if (broker->stopping)
		return fault_set(fault, ERR_RUN_ENDED, "the broker is stopping");
	if (broker->run_count >= BROKER_RUNS_MAX)
		return fault_set(fault, ERR_RATE_LIMIT, "%d runs are live", BROKER_RUNS_MAX);
	r = broker_policies_get(
	    &broker->policies, fds[1], &run->grant.policy_source, &run->policy, fault);
	if (r == ERR_OK)
		r = load_input(run, fds[2], fault);
	if (r != ERR_OK)
		return r;
	run->door =
	    broker_door_new(broker->base, TAKE_FD(fds[0]), broker->stall_ms, &door_handlers, run);
	if (run->door == NULL)
		return fault_set(fault, ERR_INTERNAL, "the run's door cannot be used");
	return ERR_OK;
}

enum err
broker_run_begin(
    struct broker *broker, const struct wire_grant_run *grant, int fds[3], struct fault *fault)
{
	struct broker_run *run = calloc(1, sizeof(*run));
	enum err r;

	if (run == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	run->broker = broker;
	run->grant = *grant;
	run->granted_ns = clock_monotonic_ns(broker->clock);
	run->used_last = &run->used;
	arena_init(&run->arena, BROKER_INPUT_ARENA_MAX);
	r = fill(run, fds, fault);
	if (r != ERR_OK) {
		destroy(run);
		return r;
	}
	run->next = broker->runs;
	broker->runs = run;
	broker->run_count++;
	return ERR_OK;
}

struct broker_run *
broker_run_find(struct broker *broker, const char *id)
{
	struct broker_run *run = broker->runs;

	while (run != NULL && strcmp(run->grant.run, id) != 0)
		run = run->next;
	return run;
}

/* True when nothing refers to the run any more but the list. */
static bool
is_over(const struct broker_run *run)
{
	return run->ended && run->waiting == 0 && (run->end_asked || run->told);
}

static void
check_over(struct broker_run *run)
{
	if (is_over(run))
		event_active(run->broker->reap, EV_TIMEOUT, 1);
}

void
broker_run_end(struct broker_run *run)
{
	if (run->ended)
		return;
	run->ended = true;
	broker_door_shut(run->door);
	while (run->calls != NULL)
		broker_call_drop(run->calls);
	check_over(run);
}

void
broker_run_end_asked(struct broker_run *run, uint64_t serial)
{
	run->end_asked = true;
	run->end_serial = serial;
	broker_run_end(run);
	check_over(run);
}

void
broker_run_orphan(struct broker_run *run)
{
	run->told = true;
	broker_run_end(run);
	check_over(run);
}

void
broker_run_violated(struct broker_run *run, const struct fault *fault)
{
	struct wire_grant_violation violation = {.fault = *fault};

	if (run->ended)
		return;
	memcpy(violation.run, run->grant.run, sizeof(violation.run));
	broker_run_end(run);
	broker_supervisor_tell(run->broker, WIRE_TYPE_GRANT_VIOLATION, 0, &violation);
}

static void
tell_closed(const struct broker_run *run)
{
	struct wire_grant_closed closed = {.calls = run->total, .denied = run->denied};

	memcpy(closed.run, run->grant.run, sizeof(closed.run));
	memcpy(closed.decision, run->decision, sizeof(closed.decision));
	if (run->end_asked && !run->told)
		broker_supervisor_tell(
		    run->broker, WIRE_TYPE_GRANT_CLOSED, run->end_serial, &closed);
}

void
broker_runs_reap(int fd, short what, void *context)
{
	struct broker *broker = context;

	(void)fd;
	(void)what;
	if (broker->supervisor_stalled)
		broker_supervisor_lose(broker);
	for (struct broker_run **at = &broker->runs; *at != NULL;) {
		struct broker_run *run = *at;

		if (!is_over(run)) {
			at = &run->next;
			continue;
		}
		*at = run->next;
		broker->run_count--;
		tell_closed(run);
		destroy(run);
	}
	if (broker->stopping && broker->runs == NULL)
		event_base_loopbreak(broker->base);
}

struct broker_used *
broker_run_used(const struct broker_run *run, const char *tool)
{
	struct broker_used *entry = run->called;

	while (entry != NULL && strcmp(entry->name, tool) != 0)
		entry = entry->next_called;
	return entry;
}

void
broker_run_recorded(struct broker_run *run)
{
	run->waiting--;
	broker_run_resume(run);
	check_over(run);
}

void
broker_run_resume(struct broker_run *run)
{
	if (!run->ended)
		broker_door_resume(run->door);
}
