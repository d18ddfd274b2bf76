/* canonical.h - the compiled form of a policy as one text: JSON (RFC 8259) without blanks, whose
 * SHA-256 is the policy's digest.
 *
 * Two files have the same text if and only if they say the same: comments, layout, units, the order
 * of keys and of rules, and what a default says anyway leave no trace; everything that decides,
 * confines or is shown to who is denied does. What differs only in where it stands has no line
 * here. Not in it: fixtures, tools that no rule names, and the names of manifests. */
#ifndef POLICY_CANONICAL_H
#define POLICY_CANONICAL_H

#include "policy/policy.h"

/* The text, terminated, heap memory of the caller's. NULL: out of memory. Pure, no I/O. */
char *policy_canonical(const struct policy *policy);

#endif
