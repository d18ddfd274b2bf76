/* mutate.h - a policy that says everything that the language has, and what becomes of it when one
 * value is another.
 *
 * good/full.policy.yaml and good/full.tools.yaml must hold every key that the loader's tables have:
 * a new key without its place there fails every test that is built on this, so that nobody forgets
 * the digest or the page for reviewers. */
#ifndef TESTS_POLICY_MUTATE_H
#define TESTS_POLICY_MUTATE_H

#include "policy/policy.h"

/* The full policy as it stands. */
struct policy *mutate_full(void);
/* Calls check for every value of both files, with the policy in which only that value is another.
 * path: budget.run.calls, or tool.forge.comment.profile of the manifest. Fails the test where a
 * key of the tables is in neither file, or a value has no other that loads. Returns how many. */
unsigned mutate_every_value(
    void (*check)(void *context, const char *path, const struct policy *mutated), void *context);

#endif
