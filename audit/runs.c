#include "audit/runs.h"

#include <search.h>

struct runs {
	void *tree; /* tsearch(3) of struct run_state by id */
	size_t count;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct run_state *)a)->run, ((const struct run_state *)b)->run);
}

struct runs *
runs_new(void)
{
	return calloc(1, sizeof(struct runs));
}

void
runs_free(struct runs **runs)
{
	if (*runs != NULL)
		tdestroy((*runs)->tree, free);
	free(*runs);
	*runs = NULL;
}

static struct run_state *
find(const struct runs *runs, const char *run)
{
	struct run_state key;
	void *node;

	memcpy(key.run, run, strnlen(run, ID_MAX - 1) + 1);
	key.run[ID_MAX - 1] = '\0';
	node = tfind(&key, &runs->tree, compare);
	return node != NULL ? *(struct run_state **)node : NULL;
}

const struct run_state *
runs_find(const struct runs *runs, const char *run)
{
	return find(runs, run);
}

size_t
runs_count(const struct runs *runs)
{
	return runs->count;
}

struct walk {
	void (*each)(void *context, const struct run_state *state);
	void *context;
};

static void
visit(const void *node, VISIT which, void *closure)
{
	const struct walk *walk = closure;

	if (which == postorder || which == leaf)
		walk->each(walk->context, *(const struct run_state *const *)node);
}

void
runs_each(const struct runs *runs, void (*each)(void *context, const struct run_state *state),
    void *context)
{
	struct walk walk = {each, context};

	twalk_r(runs->tree, visit, &walk);
}

void
runs_link(const struct runs *runs, struct audit_record *record)
{
	const struct run_state *state = record->run[0] != '\0' ? find(runs, record->run) : NULL;

	record->run_seq = state != NULL ? state->records : 0;
	record->prev_in_run = state != NULL ? state->last : (struct digest){{0}};
}

enum err
runs_add(struct runs *runs, const struct run_state *state, struct fault *fault)
{
	struct run_state *copy;

	if (find(runs, state->run) != NULL)
		return fault_set(fault, ERR_PROTOCOL, "the run is live already");
	copy = malloc(sizeof(*copy));
	if (copy != NULL) {
		*copy = *state;
		if (tsearch(copy, &runs->tree, compare) != NULL) {
			runs->count++;
			return ERR_OK;
		}
	}
	free(copy);
	return fault_set(fault, ERR_INTERNAL, "out of memory");
}

static enum err
admit(struct runs *runs, const struct audit_record *record, const struct digest *leaf_hash,
    struct fault *fault)
{
	struct run_state state = {.records = 1, .last = *leaf_hash};

	memcpy(state.run, record->run, sizeof(state.run));
	memcpy(state.skill, record->skill, sizeof(state.skill));
	return runs_add(runs, &state, fault);
}

/* A record of a run that is not live may only refuse something. */
static enum err
apply_outside(struct runs *runs, const struct audit_record *record, const struct digest *leaf_hash,
    struct fault *fault)
{
	if (record->run[0] != '\0' && record->kind == EVENT_RUN_ADMITTED)
		return admit(runs, record, leaf_hash, fault);
	if (record->run[0] != '\0' && record->kind != EVENT_RUN_REFUSED &&
	    record->kind != EVENT_PEER_REFUSED)
		return fault_set(
		    fault, ERR_PROTOCOL, "%s of a run that is not live", event_name(record->kind));
	return ERR_OK;
}

enum err
runs_apply(struct runs *runs, const struct audit_record *record, const struct digest *leaf_hash,
    struct fault *fault)
{
	struct run_state *state = record->run[0] != '\0' ? find(runs, record->run) : NULL;
	static const struct digest none;

	if (record->run_seq != (state != NULL ? state->records : 0) ||
	    !digest_equal(&record->prev_in_run, state != NULL ? &state->last : &none))
		return fault_set(
		    fault, ERR_PROTOCOL, "the record does not continue its run's chain");
	if (state == NULL)
		return apply_outside(runs, record, leaf_hash, fault);
	if (record->kind == EVENT_RUN_ADMITTED)
		return fault_set(fault, ERR_PROTOCOL, "the run was admitted before");
	state->records++;
	state->last = *leaf_hash;
	if (record->kind == EVENT_RUN_ENDED) {
		tdelete(state, &runs->tree, compare);
		free(state);
		runs->count--;
	}
	return ERR_OK;
}
