/* random_policy.h - policies by chance over small alphabets, and every small request there is, for
 * comparing an analysis with brute force. */
#ifndef TESTS_POLICY_RANDOM_POLICY_H
#define TESTS_POLICY_RANDOM_POLICY_H

#include "policy/policy.h"

struct random {
	uint64_t state;
};

/* A number below bound. */
uint32_t random_draw(struct random *random, uint32_t bound);
/* A pair of policies that load: two, or one and a copy with a part of it drawn anew. */
void random_pair(struct random *random, struct policy *pair[2]);

/* A policy that loads, and, where ret_text is not NULL, its file, heap memory of the caller's. */
struct policy *random_policy(struct random *random, char **ret_text);

/* Calls visit with every small request until it answers false. */
void random_requests(
    bool (*visit)(void *context, const struct policy_request *request), void *context);

#endif
