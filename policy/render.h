/* render.h - a policy as one page for a reviewer who never saw the language: plain sentences, part
 * by part, with the line of each rule and the digest that stands in the records.
 *
 * Invariant: what the page says is what the compiled form says, all of it; nothing is cut. Texts of
 * the policy are untrusted: policy/page.h escapes them. */
#ifndef POLICY_RENDER_H
#define POLICY_RENDER_H

#include "policy/page.h"
#include "policy/policy.h"

/* The page, terminated, heap memory of the caller's; shown is the file's name. NULL: out of memory.
 * Pure, no I/O. */
char *policy_render(const struct policy *policy, const char *shown, enum page_style style);

#endif
