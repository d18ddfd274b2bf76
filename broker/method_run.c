/* run.*: what woke the Skill, and what it wants to say on the way. */
#include "broker/body.h"
#include "broker/call.h"

void
broker_run_input(struct broker_call *call)
{
	const struct broker_run *run = call->run;
	const struct value_pair trigger[] = {
	    {value_string("source"), value_string(run->grant.source)},
	    {value_string("event"), value_string(run->grant.event)},
	};
	const struct value_pair pairs[] = {
	    {value_string("trigger"), broker_map(trigger, ARRAY_SIZE(trigger))},
	    {value_string("input"), run->input},
	    {value_string("run"), value_string(run->grant.run)},
	    {value_string("skill"), value_string(run->grant.skill)},
	    {value_string("workspace"), value_string(run->grant.workspace)},
	};
	const struct value result = broker_map(pairs, ARRAY_SIZE(pairs));

	broker_call_read(call, &result, NULL);
}

static bool
is_level(const struct value *level)
{
	static const char *const levels[] = {"debug", "info", "warning", "error"};

	for (unsigned i = 0; i < ARRAY_SIZE(levels); i++)
		if (value_is_string(level, levels[i]))
			return true;
	return false;
}

/* A line is its own record: nothing else in the house keeps what a Skill says. */
void
broker_run_log(struct broker_call *call)
{
	const struct value *message = value_get(&call->request.params, "message");
	const struct value result = {.type = VALUE_NULL};
	struct fault fault = {0};

	if (!is_level(value_get(&call->request.params, "level"))) {
		fault_set(&fault, ERR_PROTOCOL, "run.log: there is no such level");
		fault_field(&fault, "level", "debug, info, warning or error");
	} else if (message->length > BROKER_LOG_BYTES_MAX) {
		fault_set(&fault, ERR_LIMIT, "run.log: the message has %u bytes", message->length);
		fault_field(&fault, "message", "at most 4096 bytes");
	} else if (call->run->log_lines >= BROKER_LOG_LINES_MAX) {
		fault_set(&fault, ERR_LIMIT, "the run has logged %d lines", BROKER_LOG_LINES_MAX);
	}
	if (fault.code != ERR_OK) {
		broker_call_deny(call, &fault);
		return;
	}
	call->run->log_lines++;
	broker_call_read(call, &result, NULL);
}
