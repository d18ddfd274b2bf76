/* run_options.h - the command line of `praxa run` and `praxa up`. */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include "cli/stack.h"
#include "common/args.h"

enum { RUN_POLICIES_MAX = 64, RUN_INPUT_MAX = 32 * 1024 };

/* Strings borrow from argv. */
struct run_options {
	const char *policies[RUN_POLICIES_MAX];
	unsigned policy_count;
	const char *resources[STACK_RESOURCES_MAX];
	unsigned resource_count;
	const char *workspace;       /* "ws_local" when not given */
	const char *event;           /* "run" when not given */
	const char *input;           /* JSON, @FILE or - */
	const char *allowed_signers; /* who may sign policies; NULL: not given */
	const char *cgroup;          /* of praxad's own; NULL: not given */
	const char *warm;            /* up: cells built ahead for each Skill; "1" when not given */
	char state[PATHS_MAX];
	bool json, quiet, verbose, help;
};

/* Parses argv[1..argc). up: many policies and no input; else exactly one policy. */
MUST_USE enum err run_options_parse(
    int argc, char *const argv[], bool up, struct run_options *ret, struct fault *fault);
void run_options_usage(bool up);
/* The input as text: what --input says, "{}" when it was not given. Heap memory of the caller's. */
MUST_USE enum err run_options_input(
    const struct run_options *options, char **ret_text, size_t *ret_length, struct fault *fault);

#endif
