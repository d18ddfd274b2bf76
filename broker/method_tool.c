/* tool.*: what the policy lets the Skill call, and calling it. */
#include "broker/body.h"
#include "broker/budget.h"
#include "broker/exec.h"
#include "common/json.h"

void
broker_tool_list(struct broker_call *call)
{
	const struct policy *policy = call->run->policy->policy;
	struct arena arena;
	struct value result = {.type = VALUE_ARRAY};
	struct value *items;
	uint32_t count = 0;

	while (policy_tool_allowed(policy, count) != NULL)
		count++;
	arena_init(&arena, BROKER_INPUT_ARENA_MAX);
	items = arena_array(&arena, count, sizeof(*items));
	for (uint32_t i = 0; items != NULL && i < count; i++) {
		const struct policy_tool *tool = policy_tool_allowed(policy, i);
		struct value_pair *pairs = arena_array(&arena, 2, sizeof(*pairs));

		if (pairs == NULL) {
			items = NULL;
			break;
		}
		pairs[0] = value_member("name", value_string(tool->name));
		pairs[1] = value_member("summary", value_string(tool->summary));
		items[i] = broker_map(pairs, 2);
	}
	if (items != NULL) {
		struct value_pair pair = {
		    value_string("tools"), {.type = VALUE_ARRAY, .length = count, .items = items}};

		result = broker_map(&pair, 1);
		broker_call_read(call, &result, NULL);
	} else {
		struct fault fault;

		fault_set(&fault, ERR_INTERNAL, "out of memory");
		broker_call_read(call, NULL, &fault);
	}
	arena_clear(&arena);
}

/* The run's entry for a tool, made when it is not there. Before the intent, so that a tool that has
 * worked can always be named. */
static struct broker_used *
used_entry(struct broker_run *run, const char *name)
{
	struct broker_used *entry = broker_run_used(run, name);

	if (entry != NULL)
		return entry;
	entry = arena_alloc(&run->arena, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->name = name;
	entry->next_called = run->called;
	run->called = entry;
	return entry;
}

static void
mark_worked(struct broker_run *run, struct broker_used *entry)
{
	if (entry->worked)
		return;
	entry->worked = true;
	*run->used_last = entry;
	run->used_last = &entry->next;
}

/* The tool worked: what it wrote is the result. */
static void
answer_output(struct broker_call *call, const struct broker_exec_end *end)
{
	struct arena arena;
	struct value result;
	struct fault why, fault;

	arena_init(&arena, BROKER_INPUT_ARENA_MAX);
	if (json_parse((const char *)end->output, end->output_length, &arena, &result, &why) ==
	    ERR_OK) {
		mark_worked(call->run, call->used);
		broker_call_finish(call, &result, NULL);
	} else {
		fault_set(&fault, ERR_TOOL_FAILED, "%s did not write JSON: %s", call->subject,
		    why.message);
		broker_call_finish(call, NULL, &fault);
	}
	arena_clear(&arena);
}

static void
on_tool_end(struct broker_call *call, const struct broker_exec_end *end)
{
	call->layers = end->layers;
	call->usage = end->usage;
	if (end->fault != NULL)
		broker_call_finish(call, NULL, end->fault);
	else
		answer_output(call, end);
}

/* The intent is durable. */
static void
start(struct broker_call *call)
{
	const struct policy_tool *tool = policy_tool(call->run->policy->policy, call->subject);
	struct fault fault;

	if (broker_exec_begin(call, tool, call->arguments, on_tool_end, &call->exec, &fault) !=
	    ERR_OK)
		broker_call_finish(call, NULL, &fault);
}

static enum err
decide(struct broker_call *call, const char *name, struct fault *fault)
{
	const struct broker_run *run = call->run;
	struct policy_usage usage;
	const struct policy_request request = {
	    .action = POLICY_TOOL,
	    .workspace = run->grant.workspace,
	    .name = name,
	    .args = call->arguments,
	    .input = &run->input,
	    .usage = &usage,
	};
	struct policy_decision decision;
	enum err r = broker_budget_usage(call, name, &usage, fault);

	if (r != ERR_OK)
		return r;
	decision = policy_decide(run->policy->policy, &request);
	if (decision.verdict != POLICY_ALLOW)
		return policy_fault(&request, &decision, fault);
	if (policy_tool(run->policy->policy, name) == NULL)
		return fault_set(fault, ERR_TOOL_NOT_ALLOWED, "no manifest has the tool %s", name);
	return ERR_OK;
}

/* A free place among the run's live tools, and one call of its budgets and of the tool's limits.
 * Taken before the intent is durable: calls that come meanwhile must see them taken. */
static enum err
reserve(struct broker_call *call, struct fault *fault)
{
	struct broker_run *run = call->run;
	enum err r;

	if (run->tools_live >= BROKER_TOOLS_LIVE_MAX)
		return fault_set(fault, ERR_RATE_LIMIT,
		    "%d tools of this run are at work; wait for one", BROKER_TOOLS_LIVE_MAX);
	call->used = used_entry(run, call->subject);
	if (call->used == NULL)
		return fault_set(fault, ERR_LIMIT, "the run's memory is used up");
	r = broker_budget_take(call, fault);
	if (r != ERR_OK)
		return r;
	run->tools_live++;
	call->placed = true;
	return ERR_OK;
}

static void
intend(struct broker_call *call)
{
	broker_call_intend(call, start);
}

void
broker_tool_call(struct broker_call *call)
{
	static const struct value none = {.type = VALUE_MAP};
	const struct value *arguments = value_get(&call->request.params, "arguments");
	const char *name = value_get(&call->request.params, "tool")->string;
	struct fault fault;
	enum err r;

	call->subject = name;
	call->arguments = arguments != NULL ? arguments : &none;
	r = decide(call, name, &fault);
	if (r == ERR_OK) {
		/* From here on the policy's own copy: it outlives the call. */
		call->subject = policy_tool(call->run->policy->policy, name)->name;
		r = reserve(call, &fault);
	}
	if (r != ERR_OK)
		broker_call_deny(call, &fault);
	else
		broker_budget_wait(call, intend);
}
