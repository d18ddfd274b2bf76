/* decision.record: why the Skill did what it did. The record is the effect. */
#include <stdio.h>

#include "broker/body.h"
#include "broker/call.h"

static enum err
wrong(struct fault *fault, const char *list, uint32_t index, const char *allowed)
{
	char field[FAULT_FIELD_MAX];

	snprintf(field, sizeof(field), "%s[%u]", list, index);
	fault_set(fault, ERR_PROTOCOL, "decision.record: %s is not what it must be", field);
	return fault_field(fault, field, allowed);
}

static bool
is_text(const struct value *value)
{
	return value != NULL && value->type == VALUE_STRING && value->length > 0 &&
	       value->length <= BROKER_REASON_BYTES_MAX;
}

static bool
is_number(const struct value *value)
{
	return value != NULL && (value->type == VALUE_INT || value->type == VALUE_REAL);
}

static enum err
check_length(const struct value *list, const char *name, uint32_t least, struct fault *fault)
{
	if (list->length >= least && list->length <= BROKER_REASONS_MAX)
		return ERR_OK;
	fault_set(fault, ERR_PROTOCOL, "decision.record: %s has %u items", name, list->length);
	return fault_field(fault, name, least > 0 ? "1 to 64 items" : "0 to 64 items");
}

static enum err
check_reasoning(const struct value *reasoning, struct fault *fault)
{
	enum err r = check_length(reasoning, "reasoning", 1, fault);

	for (uint32_t i = 0; r == ERR_OK && i < reasoning->length; i++)
		if (!is_text(&reasoning->items[i]))
			r = wrong(fault, "reasoning", i, "a string of 1 to 4096 bytes");
	return r;
}

static enum err
check_alternatives(const struct value *alternatives, struct fault *fault)
{
	enum err r = check_length(alternatives, "alternatives", 0, fault);

	for (uint32_t i = 0; r == ERR_OK && i < alternatives->length; i++) {
		const struct value *item = &alternatives->items[i];

		if (item->type != VALUE_MAP || item->length != 2 ||
		    !is_text(value_get(item, "action")) || !is_number(value_get(item, "score")))
			r = wrong(fault, "alternatives", i,
			    "{action: string of 1 to 4096 bytes, score: number}");
	}
	return r;
}

static enum err
check_confidence(const struct value *confidence, struct fault *fault)
{
	double number =
	    confidence->type == VALUE_INT ? (double)confidence->integer : confidence->real;

	if (number >= 0 && number <= 1)
		return ERR_OK;
	fault_set(fault, ERR_PROTOCOL, "decision.record: confidence is out of range");
	return fault_field(fault, "confidence", "0 to 1");
}

static enum err
check(const struct broker_call *call, struct fault *fault)
{
	const struct value *params = &call->request.params;
	enum err r = check_reasoning(value_get(params, "reasoning"), fault);

	if (r == ERR_OK)
		r = check_alternatives(value_get(params, "alternatives"), fault);
	if (r == ERR_OK)
		r = check_confidence(value_get(params, "confidence"), fault);
	if (r == ERR_OK && call->run->decisions >= BROKER_DECISIONS_MAX)
		r = fault_set(
		    fault, ERR_LIMIT, "the run has recorded %d decisions", BROKER_DECISIONS_MAX);
	return r;
}

static void
answer(struct broker_call *call)
{
	const struct value_pair pair = {value_string("event"), value_string(call->event)};
	const struct value result = broker_map(&pair, 1);

	memcpy(call->run->decision, call->event, sizeof(call->run->decision));
	broker_call_answer(call, &result, NULL);
}

static enum err
tools_used(const struct broker_run *run, struct arena *arena, struct value *ret)
{
	struct value *items;
	uint32_t count = 0;

	for (const struct broker_used *used = run->used; used != NULL; used = used->next)
		count++;
	items = arena_array(arena, count, sizeof(*items));
	if (items == NULL)
		return ERR_INTERNAL;
	*ret = (struct value){.type = VALUE_ARRAY, .length = count, .items = items};
	for (const struct broker_used *used = run->used; used != NULL; used = used->next)
		*items++ = value_string(used->name);
	return ERR_OK;
}

static void
record(struct broker_call *call, const struct value *used)
{
	const struct broker_run *run = call->run;
	const struct value *params = &call->request.params;
	char trigger[WIRE_SOURCE_MAX + WIRE_EVENT_MAX];
	struct broker_digested space;
	struct value_pair pairs[] = {
	    {value_string("trigger"), {0}},
	    {value_string("input"), broker_bounded(&run->input, BROKER_RECORD_INPUT_MAX, "sha256",
					&space, &run->broker->shown)},
	    {value_string("reasoning"), *value_get(params, "reasoning")},
	    {value_string("alternatives"), *value_get(params, "alternatives")},
	    {value_string("confidence"), *value_get(params, "confidence")},
	    {value_string("output"), *value_get(params, "output")},
	    {value_string("tools_used"), *used},
	};
	const struct value body = broker_map(pairs, ARRAY_SIZE(pairs));
	const struct broker_record decision = {.kind = EVENT_DECISION,
	    .tool = call->subject,
	    .duration_ms = broker_elapsed_ms(run->broker, run->granted_ns),
	    .body = &body};

	snprintf(trigger, sizeof(trigger), "%s.%s", run->grant.source, run->grant.event);
	pairs[0].value = value_string(trigger);
	call->run->decisions++;
	broker_call_record(call, &decision, answer);
}

void
broker_decision_record(struct broker_call *call)
{
	struct arena arena;
	struct value used;
	struct fault fault;
	enum err r = check(call, &fault);

	arena_init(&arena, BROKER_INPUT_ARENA_MAX);
	if (r == ERR_OK && tools_used(call->run, &arena, &used) != ERR_OK)
		r = fault_set(&fault, ERR_INTERNAL, "out of memory");
	if (r == ERR_OK)
		record(call, &used);
	else
		broker_call_deny(call, &fault);
	arena_clear(&arena);
}
