#include "cli/check.h"

#include <stdio.h>

#include "supervisor/enforced.h"

static void
print_problems(const struct policy_problems *problems)
{
	SCOPED_FREE char *text = policy_problems_text(problems);

	fputs(text != NULL ? text : "out of memory\n", stderr);
}

static enum err
check_bundle(const struct policy_source *source, const char *path, const struct digest *pinned,
    struct fault *fault)
{
	SCOPED_FD fd = -1;

	return policy_source_bundle(source, path, pinned, &fd, fault);
}

enum err
check_policy(const char *path, struct policy_source *ret, struct fault *fault)
{
	struct policy_problems problems = {0};
	struct policy_source source;
	const struct policy_skill *skill;
	const struct policy_tool *tool;
	enum err r = policy_source_open(path, &source, &problems);

	print_problems(&problems);
	if (r != ERR_OK)
		return fault_set(fault, r, "%s: %u problem%s; nothing was started", path,
		    problems.count, problems.count == 1 ? "" : "s");
	skill = policy_skill(source.policy);
	r = check_bundle(&source, skill->bundle_path, &skill->bundle, fault);
	if (r != ERR_OK)
		fault_at(fault, "bundle.digest", skill->bundle_line);
	for (uint32_t i = 0; r == ERR_OK && (tool = policy_tool_allowed(source.policy, i)) != NULL;
	     i++)
		r = check_bundle(&source, tool->bundle_path, &tool->bundle, fault);
	if (r != ERR_OK) {
		policy_source_done(&source);
		return r;
	}
	*ret = source;
	return ERR_OK;
}

enum err
check_startable(const char *path, struct policy_source *ret, struct fault *fault)
{
	enum err r = check_policy(path, ret, fault);

	if (r != ERR_OK)
		return r;
	r = policy_feature_check(ret->policy, SUPERVISOR_ENFORCED, fault);
	if (r != ERR_OK)
		policy_source_done(ret);
	return r;
}
