/* sandbox.h - the subcommands of `praxa sandbox`. Each gets its own argv (argv[0] is its name) and
 * answers an exit code. */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include "common/fault.h"

int sandbox_explain(int argc, char *const argv[]);
int sandbox_profiles(int argc, char *const argv[]);
int sandbox_trace(int argc, char *const argv[]);

/* Says what is wrong; answers its exit code. */
int sandbox_fail(const struct fault *fault);

#endif
