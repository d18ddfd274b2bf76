/* starter.h - the policy to begin with: it loads, is commented, and allows nothing but to be
 * started by hand. */
#ifndef POLICY_STARTER_H
#define POLICY_STARTER_H

#include "common/digest.h"
#include "policy/skill_md.h"

/* What is known already. Texts are borrowed; they may come from anyone: those that are not names
 * are quoted, and the caller loads what was written before it keeps it. */
struct policy_starter {
	const char *name;            /* of the Skill */
	const char *team;            /* NULL: a word that asks for one */
	const char *profile;         /* python, node, shell, base */
	const char *const *run;      /* NULL-terminated; an empty one: what the profile suggests */
	const char *bundle_path;     /* beneath the policy's directory */
	const struct digest *bundle; /* NULL: not known; zeroes that nothing matches */
	const struct policy_skill_md *asks; /* of an Agent Skills bundle; NULL: none */
};

/* The text of the file, terminated, heap memory of the caller's. NULL: out of memory. */
char *policy_starter(const struct policy_starter *starter);

#endif
