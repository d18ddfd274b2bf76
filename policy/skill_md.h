/* skill_md.h - the front matter of an Agent Skills bundle: SKILL.md begins with YAML between two
 * lines of "---" (agentskills.io/specification).
 *
 * Trust: the bundle comes from anyone. The front matter is read as strictly as a policy
 * (policy/yaml.h), but that a text may go over several lines; every text has a limit, the Markdown
 * behind it is not read at all. What it asks for grants nothing. */
#ifndef POLICY_SKILL_MD_H
#define POLICY_SKILL_MD_H

#include "common/arena.h"
#include "common/fault.h"
#include "policy/problem.h"

enum {
	SKILL_MD_BYTES_MAX = 1024 * 1024, /* the whole file */
	SKILL_MD_FRONT_BYTES_MAX = 16 * 1024,
	SKILL_MD_TOOLS_MAX = 64,
	SKILL_MD_TOOL_MAX = 128, /* bytes of one tool's pattern */
	SKILL_MD_METADATA_MAX = 64,
};

/* Every text is one line of printable UTF-8; "" where the file does not say. */
struct policy_skill_md {
	const char *name;                      /* as a Skill may be called */
	const char *description;               /* at most 1024 bytes */
	const char *license;                   /* at most 256 */
	const char *compatibility;             /* at most 500 */
	const char *tools[SKILL_MD_TOOLS_MAX]; /* what allowed-tools asks for: Bash(git:*), Read */
	uint32_t tool_count;
};

/* Reads a SKILL.md; what *ret points to lives in arena. ERR_POLICY: problems says why, with
 * positions. ERR_INTERNAL: out of memory. Pure, no I/O. */
MUST_USE enum err policy_skill_md_parse(const struct policy_file *file, struct arena *arena,
    struct policy_skill_md *ret, struct policy_problems *problems);

#endif
