#include "broker/budget.h"

#define HOUR_MS (UINT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

/* The counter of a quota that is set, and what was used of it. */
static enum err
look_at(struct broker_call *call, const struct policy_quota *quota, uint64_t window_ms,
    uint64_t *ret_used, struct fault *fault)
{
	struct broker *broker = call->run->broker;
	struct broker_counter *counter = &call->counters[call->counter_count];

	if (quota->most == 0)
		return ERR_OK;
	counter->rule = quota->rule;
	counter->most = quota->most;
	counter->window = clock_realtime_ms(broker->clock) / window_ms;
	call->counter_count++;
	return broker->ledger->ops->used(
	    broker->ledger, call->run->grant.skill, counter, ret_used, fault);
}

enum err
broker_budget_usage(
    struct broker_call *call, const char *tool, struct policy_usage *ret, struct fault *fault)
{
	const struct broker_run *run = call->run;
	const struct policy *policy = run->policy->policy;
	const struct policy_quota *limits = policy_tool_limits(policy, tool);
	const struct broker_used *used = broker_run_used(run, tool);
	enum err r;

	*ret = (struct policy_usage){.budget[POLICY_BUDGET_RUN_CALLS] = run->budget_calls,
	    .tool[POLICY_RATE_RUN] = used != NULL ? used->calls : 0};
	call->counter_count = 0;
	r = look_at(call, &policy_skill(policy)->budget[POLICY_BUDGET_DAY_CALLS], DAY_MS,
	    &ret->budget[POLICY_BUDGET_DAY_CALLS], fault);
	if (r == ERR_OK && limits != NULL)
		r = look_at(
		    call, &limits[POLICY_RATE_HOUR], HOUR_MS, &ret->tool[POLICY_RATE_HOUR], fault);
	if (r == ERR_OK && limits != NULL)
		r = look_at(
		    call, &limits[POLICY_RATE_DAY], DAY_MS, &ret->tool[POLICY_RATE_DAY], fault);
	return r;
}

enum err
broker_budget_take(struct broker_call *call, struct fault *fault)
{
	struct broker_ledger *ledger = call->run->broker->ledger;
	enum err r = ERR_OK;

	if (call->counter_count > 0)
		r = ledger->ops->take(
		    ledger, call->run->grant.skill, call->counters, call->counter_count, 1, fault);
	if (r != ERR_OK)
		return r;
	call->run->budget_calls++;
	call->used->calls++;
	call->taken = true;
	return ERR_OK;
}

static void
commit_soon(struct broker *broker)
{
	event_active(broker->commit, EV_TIMEOUT, 1);
}

void
broker_budget_wait(struct broker_call *call, broker_step *step)
{
	struct broker *broker = call->run->broker;

	if (call->counter_count == 0) {
		step(call);
		return;
	}
	call->step = step;
	call->next_uncommitted = broker->uncommitted;
	broker->uncommitted = call;
	commit_soon(broker);
}

void
broker_budget_give(struct broker_call *call)
{
	struct broker *broker = call->run->broker;
	struct fault fault;

	if (!call->taken)
		return;
	call->taken = false;
	call->run->budget_calls--;
	call->used->calls--;
	if (call->counter_count == 0)
		return;
	/* What cannot be given back stays used: refusing too early is the safe side. */
	if (broker->ledger->ops->give(broker->ledger, call->run->grant.skill, call->counters,
		call->counter_count, 1, &fault) == ERR_OK)
		commit_soon(broker);
}

static void
unlink_from(struct broker_call **list, const struct broker_call *call)
{
	for (; *list != NULL; list = &(*list)->next_uncommitted)
		if (*list == call) {
			*list = call->next_uncommitted;
			return;
		}
}

void
broker_budget_drop(struct broker_call *call)
{
	unlink_from(&call->run->broker->uncommitted, call);
	unlink_from(&call->run->broker->committed, call);
	if (!call->intended)
		broker_budget_give(call);
}

/* In the order in which they took: the list has the last one first. */
static void
reverse(struct broker *broker)
{
	while (broker->uncommitted != NULL) {
		struct broker_call *call = broker->uncommitted;

		broker->uncommitted = call->next_uncommitted;
		call->next_uncommitted = broker->committed;
		broker->committed = call;
	}
}

void
broker_budget_commit(int fd, short what, void *context)
{
	struct broker *broker = context;
	struct fault fault;
	enum err r = broker->ledger->ops->commit(broker->ledger, &fault);

	(void)fd;
	(void)what;
	reverse(broker);
	/* A step may end a run, and that drops its calls: each is taken from the list by itself. */
	while (broker->committed != NULL) {
		struct broker_call *call = broker->committed;

		broker->committed = call->next_uncommitted;
		if (r == ERR_OK) {
			call->step(call);
			continue;
		}
		call->counter_count = 0; /* undone already */
		broker_budget_give(call);
		broker_call_deny(call, &fault);
	}
}
