#include "broker/call.h"

#include <stdio.h>

#include "broker/body.h"
#include "broker/budget.h"
#include "common/codec.h"

/* Takes the call out of its run: from here on nobody else can reach it. */
static void
unlink_call(struct broker_call *call)
{
	struct broker_run *run = call->run;

	for (struct broker_call **at = &run->calls; *at != NULL; at = &(*at)->next)
		if (*at == call) {
			*at = call->next;
			break;
		}
	run->call_count--;
	run->held -= call->reserved;
	if (call->placed)
		run->tools_live--;
}

static void
destroy(struct broker_call *call)
{
	arena_clear(&call->arena);
	free(call);
}

/* Encodes the reply into the broker's scratch. A result that does not fit becomes an error. */
static void
encode_reply(struct broker_call *call, const struct value *result, struct fault *fault,
    const unsigned char **ret_result, size_t *ret_length)
{
	struct buffer *reply = &call->run->broker->reply;
	size_t start = 0;

	reply->length = 0;
	*ret_result = NULL;
	*ret_length = 0;
	if (fault->code == ERR_OK &&
	    broker_rpc_result(reply, call->request.id, result, &start, ret_length)) {
		*ret_result = reply->data + start;
		return;
	}
	if (fault->code == ERR_OK)
		fault_set(fault, ERR_LIMIT, "the result is larger than a message, %d bytes",
		    BROKER_FRAME_BYTES_MAX);
	if (!broker_rpc_error(reply, call->request.id, fault))
		reply->length = 0; /* out of memory: the Skill waits until the run's wall time */
}

/* Sends what stands in the scratch and frees the call. It leaves the run first: sending may find
 * that the Skill does not read, and that ends the run and drops its calls. */
static void
send_and_free(struct broker_call *call)
{
	struct broker_run *run = call->run;
	const struct buffer *reply = &run->broker->reply;

	unlink_call(call);
	if (call->request.wants_reply && !run->ended)
		broker_door_send(run->door, reply->data, reply->length);
	destroy(call);
	broker_run_resume(run);
}

void
broker_call_answer(struct broker_call *call, const struct value *result, const struct fault *fault)
{
	struct fault why = fault != NULL ? *fault : (struct fault){0};
	const unsigned char *bytes;
	size_t length;

	encode_reply(call, result, &why, &bytes, &length);
	send_and_free(call);
}

/* The arguments as records show them. */
static struct value
shown_arguments(struct broker_call *call, struct broker_digested *space)
{
	return broker_bounded(call->arguments, BROKER_RECORD_ARGUMENTS_MAX, "arguments_sha256",
	    space, &call->run->broker->shown);
}

/* What a result's record shows of the reply: its digest and size, or why there is none. */
struct conclusion {
	char sha256[DIGEST_TEXT_MAX];
	struct broker_digested arguments;
	struct value_pair error[2];
	struct value_pair usage[5];
	struct value_pair pairs[7];
};

static struct value_pair
used(const char *name, uint64_t number)
{
	/* From the supervisor, not from the tool; but a record's integers are signed. */
	return value_member(name, value_integer(number > INT64_MAX ? INT64_MAX : (int64_t)number));
}

static struct value
describe_usage(struct conclusion *to, const struct broker_usage *usage)
{
	struct value_pair *at = to->usage;

	*at++ = used("cpu_us", usage->cpu_us);
	*at++ = used("peak_kib", usage->peak_kib);
	if (usage->counted) {
		*at++ = used("memory_peak_kib", usage->memory_peak_kib);
		*at++ = used("processes_peak", usage->processes_peak);
		*at++ = used("oom_kills", usage->oom_kills);
	}
	return broker_map(to->usage, (uint32_t)(at - to->usage));
}

static struct value
describe(struct conclusion *to, struct broker_call *call, enum event_kind kind,
    const unsigned char *bytes, size_t length, const struct fault *why)
{
	struct value_pair *at = to->pairs;

	to->sha256[0] = '\0';
	if (bytes != NULL) {
		const struct digest digest = digest_of(bytes, length);

		digest_text(to->sha256, &digest);
	}
	*at++ = value_member("method", value_string(call->request.method));
	if (kind == EVENT_CALL_READ) /* an effect's arguments stand in its intent */
		*at++ = value_member("arguments", shown_arguments(call, &to->arguments));
	*at++ = value_member("ok", value_boolean(why->code == ERR_OK));
	*at++ = value_member("size", value_integer((int64_t)length));
	*at++ = value_member("sha256", value_string(to->sha256));
	if (call->usage.cpu_us > 0 || call->usage.counted)
		*at++ = value_member("usage", describe_usage(to, &call->usage));
	if (why->code != ERR_OK) {
		to->error[0] = value_member("type", value_string(err_name(why->code)));
		to->error[1] = value_member("message", value_string(why->message));
		*at++ = value_member("error", broker_map(to->error, 2));
	}
	return broker_map(to->pairs, (uint32_t)(at - to->pairs));
}

/* Records how a read or an effect ended, and only then lets the reply go. */
static void
conclude(struct broker_call *call, enum event_kind kind, const struct value *result,
    const struct fault *fault)
{
	struct fault why = fault != NULL ? *fault : (struct fault){0}, refused;
	struct broker_record record = {
	    .kind = kind,
	    .tool = call->subject,
	    .duration_ms = broker_elapsed_ms(call->run->broker, call->started_ns),
	    .layers = call->layers,
	};
	const unsigned char *bytes;
	struct conclusion conclusion;
	struct value body;
	size_t length;

	encode_reply(call, result, &why, &bytes, &length);
	body = describe(&conclusion, call, kind, bytes, length, &why);
	record.error = why.code != ERR_OK ? &why : NULL;
	record.body = &body;
	if (broker_run_append(call->run, &record, NULL, NULL, NULL, &refused) != ERR_OK)
		broker_call_answer(call, NULL, &refused);
	else
		send_and_free(call);
}

void
broker_call_read(struct broker_call *call, const struct value *result, const struct fault *fault)
{
	conclude(call, EVENT_CALL_READ, result, fault);
}

void
broker_call_finish(struct broker_call *call, const struct value *result, const struct fault *fault)
{
	conclude(call, EVENT_CALL_RESULT, result, fault);
}

static void
on_recorded(void *context, const char *event, const struct fault *why)
{
	struct broker_call *call = context;

	call->ticket = NULL;
	if (event != NULL) {
		snprintf(call->event, sizeof(call->event), "%s", event);
		call->step(call);
		return;
	}
	broker_budget_give(call);
	broker_call_answer(call, NULL, why);
}

void
broker_call_record(struct broker_call *call, const struct broker_record *record, broker_step *step)
{
	struct fault why;

	call->step = step;
	if (broker_run_append(call->run, record, on_recorded, call, &call->ticket, &why) == ERR_OK)
		return;
	call->intended = false;
	broker_budget_give(call);
	/* Too much for one record is the Skill's doing: a denial, and that record is bounded. */
	if (why.code == ERR_LIMIT && record->kind != EVENT_CALL_DENIED) {
		broker_call_deny(call, &why);
		return;
	}
	broker_call_answer(call, NULL, &why);
}

void
broker_call_intend(struct broker_call *call, broker_step *step)
{
	struct broker_digested space;
	const struct value_pair pairs[] = {
	    {value_string("method"), value_string(call->request.method)},
	    {value_string("arguments"), shown_arguments(call, &space)},
	};
	const struct value body = broker_map(pairs, ARRAY_SIZE(pairs));
	const struct broker_record record = {
	    .kind = EVENT_CALL_INTENT, .tool = call->subject, .body = &body};

	call->intended = true;
	broker_call_record(call, &record, step);
}

static void
answer_denied(struct broker_call *call)
{
	const struct fault fault = call->fault;

	broker_call_answer(call, NULL, &fault);
}

void
broker_call_deny(struct broker_call *call, const struct fault *fault)
{
	struct broker_digested space;
	const struct value_pair pairs[] = {
	    {value_string("method"), value_string(call->request.method)},
	    {value_string("field"), value_string(fault->field)},
	    {value_string("allowed"), value_string(fault->allowed)},
	    {value_string("message"), value_string(fault->message)},
	    {value_string("arguments"), shown_arguments(call, &space)},
	};
	const struct value body = broker_map(pairs, ARRAY_SIZE(pairs));
	const struct broker_record record = {.kind = EVENT_CALL_DENIED,
	    .tool = call->subject,
	    .error = &call->fault,
	    .duration_ms = broker_elapsed_ms(call->run->broker, call->started_ns),
	    .body = &body};

	call->fault = *fault;
	call->run->denied++;
	broker_call_record(call, &record, answer_denied);
}

/* The tool may be dead or half done; what is known is that nobody waited for its result. */
static void
record_cut(struct broker_call *call)
{
	struct fault why, lost;
	struct value_pair pairs[3];
	struct broker_record record;
	struct value body;

	fault_set(&why, ERR_RUN_ENDED, "the run ended before the call did");
	pairs[0] = value_member("method", value_string(call->request.method));
	pairs[1] = value_member("ok", value_boolean(false));
	pairs[2] = value_member("message", value_string(why.message));
	body = broker_map(pairs, ARRAY_SIZE(pairs));
	record = (struct broker_record){.kind = EVENT_CALL_RESULT,
	    .tool = call->subject,
	    .error = &why,
	    .duration_ms = broker_elapsed_ms(call->run->broker, call->started_ns),
	    .body = &body};
	/* Where it cannot be recorded, the intent without a result says so. */
	if (broker_run_append(call->run, &record, NULL, NULL, NULL, &lost) != ERR_OK)
		call->run->broker->unrecorded++;
}

void
broker_call_drop(struct broker_call *call)
{
	unlink_call(call);
	broker_budget_drop(call);
	broker_exec_cancel(&call->exec);
	if (call->ticket != NULL)
		broker_ticket_abandon(call->ticket);
	if (call->intended)
		record_cut(call);
	destroy(call);
}

/* What one run may write is bounded; true when it has written that. */
static bool
is_exhausted(struct broker_run *run)
{
	struct fault fault;

	if (run->records < BROKER_RECORDS_MAX && run->denied < BROKER_DENIED_MAX)
		return false;
	if (run->denied >= BROKER_DENIED_MAX)
		fault_set(
		    &fault, ERR_PROTOCOL, "%d calls of the run were denied", BROKER_DENIED_MAX);
	else
		fault_set(&fault, ERR_PROTOCOL, "the run wrote %d records", BROKER_RECORDS_MAX);
	broker_run_violated(run, &fault);
	return true;
}

static bool
is_in_flight(const struct broker_run *run, const struct broker_request *request)
{
	for (const struct broker_call *call = run->calls; call != NULL; call = call->next)
		if (request->wants_reply && call->request.wants_reply &&
		    call->request.id == request->id)
			return true;
	return false;
}

/* Checks what holds for every method, and goes to its handler. */
static void
dispatch(struct broker_call *call)
{
	const struct broker_run *run = call->run;
	struct fault fault = call->request.bad_params;
	const char *nearest;

	call->method = broker_method_find(call->request.method);
	call->subject = call->request.method;
	call->arguments = &call->request.params;
	if (call->started_ns >= run->grant.deadline_ns) {
		fault_set(&fault, ERR_RUN_ENDED, "the run has reached its wall time");
	} else if (call->method == NULL) {
		nearest = broker_method_nearest(call->request.method);
		fault_set(&fault, ERR_PROTOCOL, "there is no method \"%s\"%s%s",
		    call->request.method, nearest != NULL ? "; did you mean " : "",
		    nearest != NULL ? nearest : "");
	} else if (fault.code == ERR_OK &&
		   broker_method_check(call->method, &call->request.params, &fault) == ERR_OK) {
		call->method->handler(call);
		return;
	}
	broker_call_deny(call, &fault);
}

void
broker_call_begin(struct broker_run *run, const unsigned char *data, size_t length, uint32_t items)
{
	struct broker_call *call;
	struct fault fault = {0};

	if (is_exhausted(run))
		return;
	call = calloc(1, sizeof(*call));
	if (call == NULL) {
		fault_set(&fault, ERR_INTERNAL, "out of memory");
		broker_run_violated(run, &fault);
		return;
	}
	call->run = run;
	call->reserved = codec_decode_bytes(length, items);
	call->started_ns = clock_monotonic_ns(run->broker->clock);
	arena_init(&call->arena, call->reserved);
	if (broker_rpc_parse(data, length, &call->arena, &call->request, &fault) == ERR_OK &&
	    is_in_flight(run, &call->request))
		fault_set(&fault, ERR_PROTOCOL, "the id %u is in flight already", call->request.id);
	if (fault.code != ERR_OK) {
		destroy(call);
		broker_run_violated(run, &fault);
		return;
	}
	call->next = run->calls;
	run->calls = call;
	run->call_count++;
	run->held += call->reserved;
	run->total++;
	dispatch(call);
}
