#include "broker/policies.h"

static enum err
compile(int pack_fd, const struct digest *digest, struct policy **ret, struct fault *fault)
{
	SCOPED_FREE struct policy_problems *problems = calloc(1, sizeof(*problems));
	struct pack pack = {0};
	enum err r;

	if (problems == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	r = pack_open(pack_fd, &pack, fault);
	if (r != ERR_OK)
		return r;
	if (!digest_equal(&pack.digest, digest))
		r = fault_set(fault, ERR_POLICY, "the policy is not the one that the grant names");
	else
		r = policy_load(&pack, "policy", ret, problems);
	pack_close(&pack);
	if (r != ERR_OK && problems->count > 0)
		return fault_set(fault, r, "%s:%u:%u: %s", problems->items[0].file,
		    problems->items[0].line, problems->items[0].column, problems->items[0].message);
	if (r != ERR_OK && fault->code == ERR_OK)
		return fault_set(fault, r, "the policy does not load");
	return r;
}

static void
release(struct broker_policy *entry)
{
	policy_free(&entry->policy);
	free(entry);
}

/* Frees what nobody uses behind the first BROKER_POLICIES_MAX. */
static void
trim(struct broker_policies *cache)
{
	uint32_t kept = 0;

	for (struct broker_policy **at = &cache->first; *at != NULL;) {
		struct broker_policy *entry = *at;

		if (++kept > BROKER_POLICIES_MAX && entry->users == 0) {
			*at = entry->next;
			release(entry);
		} else {
			at = &entry->next;
		}
	}
}

static struct broker_policy *
take(struct broker_policies *cache, const struct digest *digest)
{
	for (struct broker_policy **at = &cache->first; *at != NULL; at = &(*at)->next) {
		struct broker_policy *entry = *at;

		if (!digest_equal(&entry->digest, digest))
			continue;
		*at = entry->next;
		return entry;
	}
	return NULL;
}

enum err
broker_policies_get(struct broker_policies *cache, int pack_fd, const struct digest *digest,
    struct broker_policy **ret, struct fault *fault)
{
	struct broker_policy *entry = take(cache, digest);

	if (entry == NULL) {
		SCOPED_FREE struct broker_policy *fresh = calloc(1, sizeof(*fresh));
		enum err r;

		if (fresh == NULL)
			return fault_set(fault, ERR_INTERNAL, "out of memory");
		r = compile(pack_fd, digest, &fresh->policy, fault);
		if (r != ERR_OK)
			return r;
		fresh->digest = *digest;
		entry = TAKE(fresh);
	}
	entry->users++;
	entry->next = cache->first;
	cache->first = entry;
	trim(cache);
	*ret = entry;
	return ERR_OK;
}

void
broker_policies_put(struct broker_policies *cache, struct broker_policy **policy)
{
	if (*policy != NULL)
		(*policy)->users--;
	*policy = NULL;
	trim(cache);
}

void
broker_policies_done(struct broker_policies *cache)
{
	while (cache->first != NULL) {
		struct broker_policy *entry = cache->first;

		cache->first = entry->next;
		release(entry);
	}
}
