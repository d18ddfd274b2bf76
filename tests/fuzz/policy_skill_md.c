/* SKILL.md: whatever is read makes a policy that loads and allows no tool. Input: the file. */
#include "policy/skill_md.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "policy/starter.h"

enum { ARENA_BYTES_MAX = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
begin(const struct policy_skill_md *asks)
{
	static const char *const none[] = {NULL};
	const struct policy_starter starter = {.name = asks->name,
	    .profile = "base",
	    .run = none,
	    .bundle_path = "skill",
	    .asks = asks};
	SCOPED_FREE char *text = policy_starter(&starter);
	struct policy_problems problems;
	struct policy *policy = NULL;
	struct pack_file file = {.name = "policy", .name_length = 6};
	const struct pack pack = {.files = &file, .count = 1};

	if (text == NULL)
		return;
	file.data = (const unsigned char *)text;
	file.length = (uint32_t)strlen(text);
	if (policy_load(&pack, "p", &policy, &problems) == ERR_POLICY)
		abort();
	if (policy != NULL && (strcmp(policy_skill(policy)->name, asks->name) != 0 ||
				  policy_tool_allowed(policy, 0) != NULL))
		abort();
	policy_free(&policy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_file file = {.name = "SKILL.md", .length = size};
	struct policy_problems problems;
	struct policy_skill_md skill;
	struct arena arena;
	/* Without a terminator: a read past the end is one that the sanitizer sees. */
	SCOPED_FREE char *copy = malloc(size + (size == 0));

	if (copy == NULL)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	file.text = copy;
	arena_init(&arena, ARENA_BYTES_MAX);
	if (policy_skill_md_parse(&file, &arena, &skill, &problems) == ERR_OK)
		begin(&skill);
	arena_clear(&arena);
	return 0;
}
