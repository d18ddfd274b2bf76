/* cedar.h - Cedar's WebAssembly build in a Node.js of its own, asked in turns with ours.
 *
 * It is timed inside, around each call, so that the pipe is not part of what is measured; turning a
 * request into what WebAssembly reads is, as whoever embeds it pays for that, too. */
#ifndef BENCH_CEDAR_H
#define BENCH_CEDAR_H

#include <sys/types.h>

#include "bench/policy_rules.h"

struct cedar {
	pid_t pid;
	FILE *to, *from;
};

/* Starts node with script, whose modules lie beneath the directory modules, and gives it policies.
 * false: it is not there, said on stderr. */
MUST_USE bool cedar_start(
    struct cedar *cedar, const char *script, const char *modules, const char *policies);
/* Adds a request to those that it will be asked. */
MUST_USE bool cedar_add(struct cedar *cedar, const struct policy_request *request);
/* Asks the next one of them: what it says, and how long it took. */
MUST_USE bool cedar_ask(struct cedar *cedar, bool *ret_allow, double *ret_us);
/* Ends it; accepts a zeroed one. */
void cedar_stop(struct cedar *cedar);

#endif
