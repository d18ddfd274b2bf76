#include "supervisor/skill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "supervisor/enforced.h"

enum err
skill_resource_add(struct skill_resources *resources, const char *text, struct fault *fault)
{
	const char *equals = strchr(text, '=');
	struct skill_resource *item = &resources->items[resources->count];

	if (equals == NULL || equals == text || equals[1] == '\0')
		return fault_set(
		    fault, ERR_PROTOCOL, "--resource takes NAME=DIRECTORY, as in repo=/srv/repo");
	if (resources->count == SKILL_RESOURCES_MAX)
		return fault_set(fault, ERR_LIMIT, "more than %d resources", SKILL_RESOURCES_MAX);
	item->name = strndup(text, (size_t)(equals - text));
	if (item->name == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	item->fd = open(equals + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (item->fd < 0) {
		free(item->name);
		return fault_set(fault, ERR_PROTOCOL, "--resource %s: %s", text, strerror(errno));
	}
	resources->count++;
	return ERR_OK;
}

void
skill_resources_done(struct skill_resources *resources)
{
	while (resources->count > 0) {
		struct skill_resource *item = &resources->items[--resources->count];

		close(item->fd);
		free(item->name);
	}
}

static enum err
find_resources(
    struct skill_tool *tool, const struct skill_resources *resources, struct fault *fault)
{
	for (uint32_t i = 0; i < tool->tool->resource_count; i++) {
		const char *name = tool->tool->resources[i].name;

		tool->resource_fds[i] = -1;
		for (unsigned k = 0; k < resources->count; k++)
			if (strcmp(resources->items[k].name, name) == 0)
				tool->resource_fds[i] = resources->items[k].fd;
		if (tool->resource_fds[i] < 0)
			return fault_set(fault, ERR_NOT_FOUND,
			    "the tool %s needs the resource \"%s\"; give it with --resource "
			    "%s=DIRECTORY",
			    tool->tool->name, name, name);
	}
	return ERR_OK;
}

static enum err
load_tool(struct skill *skill, const struct policy_tool *tool, int profiles_fd,
    const struct skill_resources *resources, struct fault *fault)
{
	struct skill_tool *slot = &skill->tools[skill->tool_count];
	enum err r;

	if (skill->tool_count == SKILL_TOOLS_MAX)
		return fault_set(fault, ERR_LIMIT, "more than %d tools", SKILL_TOOLS_MAX);
	slot->tool = tool;
	slot->bundle_fd = -1;
	skill->tool_count++;
	r = find_resources(slot, resources, fault);
	if (r == ERR_OK)
		r = profile_load(profiles_fd, tool->cell.profile, &slot->profile, fault);
	if (r == ERR_OK)
		r = policy_source_bundle(
		    &skill->source, tool->bundle_path, &tool->bundle, &slot->bundle_fd, fault);
	return r;
}

static enum err
load(struct skill *skill, const char *path, int profiles_fd,
    const struct skill_resources *resources, struct policy_problems *problems, struct fault *fault)
{
	enum err r = policy_source_open(path, &skill->source, problems);
	const struct policy_skill *head;

	if (r != ERR_OK)
		return fault_set(fault, r, "%s cannot be used", path);
	r = policy_feature_check(skill->source.policy, SUPERVISOR_ENFORCED, fault);
	if (r != ERR_OK)
		return r;
	head = policy_skill(skill->source.policy);
	snprintf(skill->id, sizeof(skill->id), "sk_%s", head->name);
	r = profile_load(profiles_fd, head->cell.profile, &skill->profile, fault);
	if (r == ERR_OK)
		r = policy_source_bundle(
		    &skill->source, head->bundle_path, &head->bundle, &skill->bundle_fd, fault);
	for (uint32_t i = 0; r == ERR_OK; i++) {
		const struct policy_tool *tool = policy_tool_allowed(skill->source.policy, i);

		if (tool == NULL)
			break;
		r = load_tool(skill, tool, profiles_fd, resources, fault);
	}
	return r;
}

enum err
skill_load(const char *path, int profiles_fd, const struct skill_resources *resources,
    struct skill **ret, struct policy_problems *problems, struct fault *fault)
{
	struct skill *skill = calloc(1, sizeof(*skill));
	enum err r;

	if (skill == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	skill->bundle_fd = -1;
	skill->source.pack_fd = skill->source.dir_fd = -1;
	r = load(skill, path, profiles_fd, resources, problems, fault);
	if (r != ERR_OK) {
		skill_free(&skill);
		return r;
	}
	*ret = skill;
	return ERR_OK;
}

static void
close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
skill_free(struct skill **skill)
{
	struct skill *gone = *skill;

	*skill = NULL;
	if (gone == NULL)
		return;
	for (unsigned i = 0; i < gone->tool_count; i++) {
		profile_free(&gone->tools[i].profile);
		close_if_open(gone->tools[i].bundle_fd);
	}
	profile_free(&gone->profile);
	close_if_open(gone->bundle_fd);
	policy_source_done(&gone->source);
	free(gone);
}

const struct skill_tool *
skill_tool_find(const struct skill *skill, const char *name)
{
	for (unsigned i = 0; i < skill->tool_count; i++)
		if (strcmp(skill->tools[i].tool->name, name) == 0)
			return &skill->tools[i];
	return NULL;
}
