/* check.h - a policy and everything it pins, checked before anything starts. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "policy/source.h"

/* Loads the policy at path and compares the Skill's and its tools' bundles with their pins. Prints
 * every problem to stderr as a compiler does. *ret is the caller's to policy_source_done. Blocks on
 * the file system. */
MUST_USE enum err check_policy(const char *path, struct policy_source *ret, struct fault *fault);
/* The same, for a policy that praxad is to run: ERR_POLICY, too, where it uses a feature that this
 * build does not enforce. */
MUST_USE enum err check_startable(const char *path, struct policy_source *ret, struct fault *fault);

#endif
