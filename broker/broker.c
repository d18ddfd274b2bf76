#include "broker/broker.h"

#include <stdio.h>

#include "broker/budget.h"
#include "broker/run.h"
#include "broker/supervisor.h"

/* Each call asks the recorder at the moment it needs it, so there is nothing to do when the log
 * comes and goes: what waited was answered. */
static void
on_log(void *context)
{
	(void)context;
}

static const struct recorder_handlers recorder_handlers = {.ready = on_log, .lost = on_log};

static void
on_grace_over(int fd, short what, void *context)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(((struct broker *)context)->base);
}

static enum err
open_all(
    struct broker *broker, const struct broker_config *config, int *listen_fd, struct fault *fault)
{
	enum err r = broker_memory_open(config->state, config->workspace, &broker->store, fault);

	if (r == ERR_OK)
		r = broker_ledger_open(config->state, config->workspace, &broker->ledger, fault);
	if (r != ERR_OK)
		return r;
	broker->recorder = recorder_new(broker->base, config->audit, WIRE_BROKER,
	    RECORDER_ANSWER_MS, &recorder_handlers, broker);
	broker->reap = event_new(broker->base, -1, 0, broker_runs_reap, broker);
	broker->grace = event_new(broker->base, -1, 0, on_grace_over, broker);
	broker->commit = event_new(broker->base, -1, 0, broker_budget_commit, broker);
	if (broker->recorder == NULL || broker->reap == NULL || broker->grace == NULL ||
	    broker->commit == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	broker->listener =
	    peer_listen(broker->base, TAKE_FD(*listen_fd), broker_supervisor_accept, broker);
	if (broker->listener == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	return ERR_OK;
}

enum err
broker_new(struct event_base *base, const struct clock *clock, const struct broker_config *config,
    struct broker **ret, struct fault *fault)
{
	SCOPED_FD listen_fd = config->listen_fd;
	struct broker *broker = calloc(1, sizeof(*broker));
	enum err r;

	if (broker == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	broker->base = base;
	broker->clock = clock;
	broker->allow_uid = config->allow_uid;
	broker->stall_ms = config->stall_ms;
	broker->reply.limit = BROKER_FRAME_BYTES_MAX;
	broker->body.limit = WIRE_EXTRA_MAX;
	/* What came in a message can grow when it is encoded again: float becomes double. */
	broker->shown.limit = 2 * BROKER_FRAME_BYTES_MAX;
	snprintf(broker->workspace, sizeof(broker->workspace), "%s", config->workspace);
	r = open_all(broker, config, &listen_fd, fault);
	if (r == ERR_OK)
		*ret = broker;
	else
		broker_free(&broker);
	return r;
}

void
broker_stop(struct broker *broker)
{
	static const struct timeval grace = {2, 0};

	if (broker->stopping || broker->runs == NULL)
		event_base_loopbreak(broker->base);
	broker->stopping = true;
	event_add(broker->grace, &grace);
}

void
broker_free(struct broker **broker)
{
	struct broker *gone = *broker;

	*broker = NULL;
	if (gone == NULL)
		return;
	peer_listener_free(&gone->listener);
	/* While recorder and supervisor are there: what is cut is recorded, cells are cancelled. */
	for (struct broker_run *run = gone->runs; run != NULL; run = run->next)
		broker_run_orphan(run);
	recorder_free(&gone->recorder);
	for (struct broker_run *run = gone->runs; run != NULL; run = run->next)
		run->waiting = 0; /* a freed recorder answers nobody */
	broker_runs_reap(-1, 0, gone);
	peer_free(&gone->supervisor);
	if (gone->reap != NULL)
		event_free(gone->reap);
	if (gone->grace != NULL)
		event_free(gone->grace);
	if (gone->commit != NULL)
		event_free(gone->commit);
	broker_policies_done(&gone->policies);
	broker_store_close(&gone->store);
	broker_ledger_close(&gone->ledger);
	buffer_done(&gone->reply);
	buffer_done(&gone->body);
	buffer_done(&gone->shown);
	free(gone);
}
