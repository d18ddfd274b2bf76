/* budget.h - what a call takes from its budgets and limits, from the decision to the intent.
 *
 * Invariant: a call is decided by what was used in the same turn of the loop in which it takes, so
 * that of two calls for the last unit one is refused; and no intent is recorded before what it took
 * is durable. Calls of one turn of the loop, of whatever run, share one flush of the disk. */
#ifndef BROKER_BUDGET_H
#define BROKER_BUDGET_H

#include "broker/call.h"
#include "policy/policy.h"

/* What was used before this call of tool, for its decision. ERR_INTERNAL: the ledger cannot be
 * read. */
MUST_USE enum err broker_budget_usage(
    struct broker_call *call, const char *tool, struct policy_usage *ret, struct fault *fault);
/* Takes one call from the budgets and limits that broker_budget_usage has looked at. call->used is
 * set. Every error: nothing was taken. */
MUST_USE enum err broker_budget_take(struct broker_call *call, struct fault *fault);
/* Goes on with step when what was taken is durable; at once where all of it dies with the run.
 * Takes call until then; where it cannot be made durable the call is answered with the reason. */
void broker_budget_wait(struct broker_call *call, broker_step *step);
/* Nothing was done and nothing will be: gives back what the call has taken, if anything. */
void broker_budget_give(struct broker_call *call);
/* The call ends: it waits no more, and what was not intended is given back. */
void broker_budget_drop(struct broker_call *call);
/* Makes durable what was taken; an event callback whose context is the broker. */
void broker_budget_commit(int fd, short what, void *broker);

#endif
