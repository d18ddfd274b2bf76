/* format.h - a policy file in the one layout: docs/policy.md has the style.
 *
 * Invariant: what comes out is parsed again before it is handed out, and is the same tree with the
 * same comments in the same order; formatting it again changes nothing. So it means what the file
 * meant, to the loader and to people. */
#ifndef POLICY_FORMAT_H
#define POLICY_FORMAT_H

#include "policy/policy.h"

enum { POLICY_FORMAT_COLUMNS = 100 };

/* Lays out file anew: *ret_text is heap memory of the caller's, terminated. ERR_POLICY: it is not
 * YAML of ours, has an empty key or value, or would grow too large (problems says); ERR_INTERNAL:
 * out of memory. Pure, no I/O. Trust: file may come from anyone; whether it is a sound policy is
 * policy_load's to say. */
MUST_USE enum err policy_format(const struct policy_file *file, char **ret_text, size_t *ret_length,
    struct policy_problems *problems);

#endif
