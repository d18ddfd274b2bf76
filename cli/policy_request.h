/* policy_request.h - a request as `praxa policy` shows it: as arguments of `praxa policy explain`,
 * so that a reader can ask for himself, and as JSON. */
#ifndef CLI_POLICY_REQUEST_H
#define CLI_POLICY_REQUEST_H

#include "policy/policy.h"

enum { POLICY_REQUEST_PAIRS_MAX = 11 };

/* --tool 'git.push' --args '{…}' --workspace ws_acme, to stdout, to be pasted into a shell; a value
 * that is too long for a line is left out, and says so. */
void policy_request_print(const struct policy_request *request);
/* Its members, at pairs; returns how many. They borrow from request. */
uint32_t policy_request_pairs(
    const struct policy_request *request, struct value_pair pairs[POLICY_REQUEST_PAIRS_MAX]);
/* Sets what KEY=NUMBER says, as in run.calls=3, per_run=2 or dispatched=1. ERR_PROTOCOL: it is no
 * such text. */
MUST_USE enum err policy_request_used(
    const char *text, struct policy_usage *usage, struct fault *fault);

#endif
