/* memory.*: facts. The policy decides, and the store checks workspace and key once more. */
#include <stdio.h>

#include "broker/body.h"
#include "broker/call.h"
#include "common/codec.h"
#include "common/codec_scan.h"

static enum err
decide(
    const struct broker_run *run, enum policy_action action, const char *key, struct fault *fault)
{
	const struct policy_request request = {
	    .action = action,
	    .workspace = run->grant.workspace,
	    .name = key,
	    .input = &run->input,
	};
	const struct policy_decision decision = policy_decide(run->policy->policy, &request);

	if (decision.verdict != POLICY_ALLOW)
		return policy_fault(&request, &decision, fault);
	return broker_key_check(run->broker->workspace, key, false, fault);
}

static const char *
key_of(const struct broker_call *call)
{
	return value_get(&call->request.params, "key")->string;
}

/* What the store holds was encoded by us; a damaged file must still not reach the decoder unseen.
 */
static enum err
decode_fact(
    const struct broker_fact *fact, struct arena *arena, struct value *ret, struct fault *fault)
{
	struct codec_scan scan = {.limits = &broker_limits};
	enum err r = codec_scan(&scan, fact->data, fact->size, fault);

	if (r == ERR_OK && (!scan.done || scan.at != fact->size))
		r = ERR_PROTOCOL;
	if (r == ERR_OK)
		r = codec_decode(fact->data, fact->size, arena, ret, fault);
	return r == ERR_OK ? r : fault_set(fault, ERR_INTERNAL, "the stored value is damaged");
}

static void
answer_fact(struct broker_call *call, const struct broker_fact *fact, const struct value *value)
{
	const struct value_pair pairs[] = {
	    {value_string("found"), value_boolean(fact->data != NULL)},
	    {value_string("value"), *value},
	    {value_string("run"), value_string(fact->run)},
	    {value_string("written_ms"), value_integer((int64_t)fact->written_ms)},
	};
	const struct value result = broker_map(pairs, fact->data != NULL ? ARRAY_SIZE(pairs) : 1);

	broker_call_read(call, &result, NULL);
}

void
broker_memory_get(struct broker_call *call)
{
	struct broker_store *store = call->run->broker->store;
	struct broker_fact fact;
	struct value value = {.type = VALUE_NULL};
	struct arena arena;
	struct fault fault;
	enum err r = decide(call->run, POLICY_MEMORY_READ, key_of(call), &fault);

	if (r != ERR_OK) {
		broker_call_deny(call, &fault);
		return;
	}
	arena_init(&arena, BROKER_INPUT_ARENA_MAX);
	r = store->ops->get(store, call->run->grant.workspace, key_of(call), &arena, &fact, &fault);
	if (r == ERR_OK && fact.data != NULL)
		r = decode_fact(&fact, &arena, &value, &fault);
	if (r == ERR_OK)
		answer_fact(call, &fact, &value);
	else
		broker_call_read(call, NULL, &fault);
	arena_clear(&arena);
}

/* The intent is durable. */
static void
put_now(struct broker_call *call)
{
	struct broker *broker = call->run->broker;
	const struct value nothing = {.type = VALUE_NULL};
	struct buffer data = {.limit = BROKER_MEMORY_VALUE_MAX};
	struct broker_fact fact = {
	    .key = key_of(call), .written_ms = clock_realtime_ms(broker->clock)};
	struct fault fault;
	enum err r;

	memcpy(fact.run, call->run->grant.run, sizeof(fact.run));
	if (codec_encode(&data, value_get(&call->request.params, "value"))) {
		fact.data = data.data;
		fact.size = (uint32_t)data.length;
		r = broker->store->ops->put(
		    broker->store, call->run->grant.workspace, &fact, &fault);
	} else {
		r = fault_set(&fault, ERR_INTERNAL, "out of memory");
	}
	buffer_done(&data);
	broker_call_finish(call, &nothing, r == ERR_OK ? NULL : &fault);
}

void
broker_memory_put(struct broker_call *call)
{
	struct buffer *scratch = &call->run->broker->reply;
	struct fault fault;
	enum err r = decide(call->run, POLICY_MEMORY_WRITE, key_of(call), &fault);

	scratch->length = 0;
	if (r == ERR_OK && (!codec_encode(scratch, value_get(&call->request.params, "value")) ||
			       scratch->length > BROKER_MEMORY_VALUE_MAX)) {
		r = fault_set(&fault, ERR_LIMIT, "the value is too large for a fact");
		fault_field(&fault, "value", "at most 64 KiB as MessagePack");
	}
	if (r != ERR_OK)
		broker_call_deny(call, &fault);
	else
		broker_call_intend(call, put_now);
}

static void
delete_now(struct broker_call *call)
{
	struct broker_store *store = call->run->broker->store;
	struct fault fault;
	bool existed = false;
	enum err r =
	    store->ops->remove(store, call->run->grant.workspace, key_of(call), &existed, &fault);
	const struct value_pair pair = {value_string("existed"), value_boolean(existed)};
	const struct value result = broker_map(&pair, 1);

	broker_call_finish(call, &result, r == ERR_OK ? NULL : &fault);
}

void
broker_memory_delete(struct broker_call *call)
{
	struct fault fault;

	if (decide(call->run, POLICY_MEMORY_WRITE, key_of(call), &fault) != ERR_OK)
		broker_call_deny(call, &fault);
	else
		broker_call_intend(call, delete_now);
}

/* Keys that the policy lets the Skill read; the others are not even counted. */
struct listing {
	const struct broker_run *run;
	struct arena arena;
	struct value items[BROKER_MEMORY_LIST_MAX];
	uint32_t count, limit, seen;
	bool more, failed;
};

static bool
add_key(void *context, const struct broker_fact *fact)
{
	struct listing *listing = context;
	struct value_pair *pairs;
	struct fault ignored;
	char *key, *run;

	listing->seen++;
	if (decide(listing->run, POLICY_MEMORY_READ, fact->key, &ignored) != ERR_OK)
		return true;
	if (listing->count == listing->limit) {
		listing->more = true;
		return false;
	}
	pairs = arena_array(&listing->arena, 4, sizeof(*pairs));
	key = arena_copy(&listing->arena, fact->key, strlen(fact->key));
	run = arena_copy(&listing->arena, fact->run, strlen(fact->run));
	if (pairs == NULL || key == NULL || run == NULL) {
		listing->failed = true;
		return false;
	}
	pairs[0] = value_member("key", value_string(key));
	pairs[1] = value_member("size", value_integer(fact->size));
	pairs[2] = value_member("run", value_string(run));
	pairs[3] = value_member("written_ms", value_integer((int64_t)fact->written_ms));
	listing->items[listing->count++] = broker_map(pairs, 4);
	return true;
}

/* A list that stopped at what one call may look at goes on behind its last key; without one there
 * is nothing to go on behind. */
static enum err
judge(struct listing *listing, struct fault *fault)
{
	bool stopped = listing->seen >= BROKER_MEMORY_SCAN_MAX;

	if (listing->failed)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	if (stopped && listing->count == 0)
		return fault_set(fault, ERR_LIMIT,
		    "none of the first %d keys can be read; use a longer prefix",
		    BROKER_MEMORY_SCAN_MAX);
	listing->more = listing->more || stopped;
	return ERR_OK;
}

/* A namespace that the policy opens nowhere is an error, not an empty list. A rule may open single
 * keys of it: so a probe decides only when nothing was found. */
static enum err
probe(const struct broker_run *run, const char *prefix, struct fault *fault)
{
	char key[BROKER_MEMORY_KEY_MAX + 8];

	snprintf(key, sizeof(key), "%s%s", prefix, "any");
	return decide(run, POLICY_MEMORY_READ, key, fault);
}

static void
answer_listing(struct broker_call *call, const struct listing *listing)
{
	const struct value_pair pairs[] = {
	    {value_string("keys"),
		{.type = VALUE_ARRAY, .length = listing->count, .items = listing->items}},
	    {value_string("more"), value_boolean(listing->more)},
	};
	const struct value result = broker_map(pairs, ARRAY_SIZE(pairs));

	broker_call_read(call, &result, NULL);
}

static enum err
check_list(const struct broker_call *call, struct listing *listing, const char **ret_after,
    struct fault *fault)
{
	const struct value *limit = value_get(&call->request.params, "limit");
	const struct value *after = value_get(&call->request.params, "after");
	const char *prefix = value_get(&call->request.params, "prefix")->string;

	listing->limit = BROKER_MEMORY_LIST_MAX;
	if (limit != NULL && (limit->integer < 1 || limit->integer > BROKER_MEMORY_LIST_MAX)) {
		fault_set(fault, ERR_PROTOCOL, "memory.list: \"limit\" is out of range");
		return fault_field(fault, "limit", "1 to 256");
	}
	if (limit != NULL)
		listing->limit = (uint32_t)limit->integer;
	*ret_after = after != NULL ? after->string : "";
	return broker_key_check(call->run->broker->workspace, prefix, true, fault);
}

void
broker_memory_list(struct broker_call *call)
{
	struct broker_store *store = call->run->broker->store;
	const char *prefix = value_get(&call->request.params, "prefix")->string, *after = "";
	struct listing listing = {.run = call->run};
	struct fault fault;
	enum err r = check_list(call, &listing, &after, &fault), readable;

	if (r != ERR_OK) {
		broker_call_deny(call, &fault);
		return;
	}
	arena_init(&listing.arena, BROKER_INPUT_ARENA_MAX);
	r = store->ops->list(
	    store, call->run->grant.workspace, prefix, after, add_key, &listing, &fault);
	if (r == ERR_OK)
		r = judge(&listing, &fault);
	readable = r == ERR_OK && listing.count == 0 ? probe(call->run, prefix, &fault) : ERR_OK;
	if (readable != ERR_OK)
		broker_call_deny(call, &fault);
	else if (r != ERR_OK)
		broker_call_read(call, NULL, &fault);
	else
		answer_listing(call, &listing);
	arena_clear(&listing.arena);
}
