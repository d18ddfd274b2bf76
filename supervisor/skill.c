#include "supervisor/skill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "supervisor/accepted.h"
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

/* A key that is read and not enforced would be a rule that silently does not apply. */
static enum err
check_features(const struct policy *policy, bool is_signed, struct fault *fault)
{
	enum err r = policy_feature_check(policy, SUPERVISOR_ENFORCED, fault);

	if (r != ERR_OK || is_signed)
		return r;
	r = policy_feature_check(policy, SUPERVISOR_ENFORCED & ~SUPERVISOR_SIGNED, fault);
	if (r != ERR_OK) {
		struct fault where = *fault;

		fault_set(
		    fault, r, "line %u: %s %s", where.line, where.rule, SUPERVISOR_SIGNED_WORDS);
		fault_at(fault, where.rule, where.line);
	}
	return r;
}

/* Who lowers the number of reviewers needs as many as before. */
static enum err
check_signatures(struct skill *skill, const struct skill_source *from, struct fault *fault)
{
	const struct policy_skill *head = policy_skill(skill->source.policy);
	const struct skill_trust *trust = from->trust;
	struct accepted last = {0};
	enum err r = accepted_read(trust->accepted_fd, skill->id, &last, fault);

	if (r == ERR_OK)
		r = policy_review_check(from->path, &skill->source, trust->signers, last.reviewers,
		    trust->now_s, &skill->review, fault);
	if (r == ERR_OK)
		r = accepted_check(&last, from->path, &skill->review, head->revision_line, fault);
	skill->is_signed = r == ERR_OK;
	return r;
}

static enum err
load_bundles(struct skill *skill, const struct skill_source *from, struct fault *fault)
{
	const struct policy_skill *head = policy_skill(skill->source.policy);
	enum err r = profile_load(from->profiles_fd, head->cell.profile, &skill->profile, fault);

	if (r == ERR_OK)
		r = policy_source_bundle(
		    &skill->source, head->bundle_path, &head->bundle, &skill->bundle_fd, fault);
	for (uint32_t i = 0; r == ERR_OK; i++) {
		const struct policy_tool *tool = policy_tool_allowed(skill->source.policy, i);

		if (tool == NULL)
			break;
		r = load_tool(skill, tool, from->profiles_fd, from->resources, fault);
	}
	return r;
}

static enum err
load(struct skill *skill, const struct skill_source *from, struct skill_seen *seen,
    struct policy_problems *problems, struct fault *fault)
{
	enum err r = policy_source_open(from->path, &skill->source, problems);
	const struct policy_skill *head;

	if (r != ERR_OK)
		return fault_set(fault, r, "%s cannot be used", from->path);
	head = policy_skill(skill->source.policy);
	snprintf(skill->id, sizeof(skill->id), "sk_%s", head->name);
	memcpy(seen->id, skill->id, sizeof(seen->id));
	seen->revision = head->revision;
	seen->policy = *policy_digest(skill->source.policy);
	r = check_features(skill->source.policy, from->trust != NULL, fault);
	if (r == ERR_OK && from->trust != NULL)
		r = check_signatures(skill, from, fault);
	return r == ERR_OK ? load_bundles(skill, from, fault) : r;
}

enum err
skill_load(const struct skill_source *from, struct skill **ret, struct skill_seen *seen,
    struct policy_problems *problems, struct fault *fault)
{
	struct skill *skill = calloc(1, sizeof(*skill));
	enum err r;

	*seen = (struct skill_seen){0};
	if (skill == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	skill->references = 1;
	skill->bundle_fd = -1;
	skill->source.pack_fd = skill->source.dir_fd = -1;
	r = load(skill, from, seen, problems, fault);
	if (r != ERR_OK) {
		skill_unref(&skill);
		return r;
	}
	*ret = skill;
	return ERR_OK;
}

struct skill *
skill_ref(struct skill *skill)
{
	skill->references++;
	return skill;
}

static void
close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
skill_unref(struct skill **skill)
{
	struct skill *gone = *skill;

	*skill = NULL;
	if (gone == NULL || --gone->references > 0)
		return;
	for (unsigned i = 0; i < gone->tool_count; i++) {
		profile_free(&gone->tools[i].profile);
		close_if_open(gone->tools[i].bundle_fd);
	}
	profile_free(&gone->profile);
	close_if_open(gone->bundle_fd);
	policy_review_done(&gone->review);
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
