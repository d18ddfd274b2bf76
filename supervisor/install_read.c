#include "supervisor/install_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "supervisor/accepted.h"

/* Whoever may write there decides who signs, or what was accepted. */
static enum err
check_owner(const char *path, const struct stat *st, struct fault *fault)
{
	if ((st->st_uid != 0 && st->st_uid != geteuid()) ||
	    (st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return fault_set(fault, ERR_CONFINEMENT,
		    "%.160s may be written by others than root and us; close it with chown and "
		    "chmod go-w",
		    path);
	return ERR_OK;
}

enum err
install_files_open(
    struct install_files *files, const struct supervisor_options *options, struct fault *fault)
{
	struct stat st;

	*files = (struct install_files){.options = options, .profiles_fd = -1, .accepted_fd = -1};
	if (options->allowed_signers == NULL)
		return ERR_OK;
	files->accepted_fd = open(options->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->accepted_fd < 0 || fstat(files->accepted_fd, &st) < 0)
		return fault_set(fault, ERR_NOT_FOUND, "%s: %s", options->state, strerror(errno));
	return check_owner(options->state, &st, fault);
}

static enum err
open_profiles(struct install_files *files, struct fault *fault)
{
	if (files->profiles_fd >= 0)
		close(files->profiles_fd);
	files->profiles_fd = open(files->options->profiles, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->profiles_fd < 0)
		return fault_set(
		    fault, ERR_NOT_FOUND, "%s: %s", files->options->profiles, strerror(errno));
	return ERR_OK;
}

static enum err
open_signers(struct install_files *files, struct fault *fault)
{
	const char *path = files->options->allowed_signers;
	struct stat st;
	enum err r;

	policy_signers_done(&files->signers);
	if (path == NULL)
		return ERR_OK;
	if (stat(path, &st) < 0)
		return fault_set(
		    fault, ERR_NOT_FOUND, "the allowed signers %.96s: %s", path, strerror(errno));
	r = check_owner(path, &st, fault);
	return r == ERR_OK ? policy_signers_open(path, &files->signers, fault) : r;
}

void
install_files_renew(struct install_files *files)
{
	struct fault fault = {0};

	if (open_profiles(files, &fault) == ERR_OK && open_signers(files, &fault) == ERR_OK)
		fault = (struct fault){0};
	files->missing = fault;
}

void
install_files_close(struct install_files *files)
{
	if (files->profiles_fd >= 0)
		close(files->profiles_fd);
	if (files->accepted_fd >= 0)
		close(files->accepted_fd);
	policy_signers_done(&files->signers);
	files->profiles_fd = files->accepted_fd = -1;
}

void
install_item_clear(struct install_item *item)
{
	skill_unref(&item->fresh);
	free(item->problems);
	*item = (struct install_item){.install = item->install, .path = item->path};
}

void
install_item_refuse(struct install_item *item, const struct fault *why)
{
	skill_unref(&item->fresh);
	if (item->fault.code == ERR_OK)
		item->fault = *why;
}

void
install_item_read(
    struct install_item *item, const struct install_files *files, const struct clock *clock)
{
	const struct skill_trust trust = {.signers = &files->signers,
	    .accepted_fd = files->accepted_fd,
	    .now_s = (int64_t)(clock_realtime_ms(clock) / 1000)};
	const struct skill_source from = {.path = item->path,
	    .profiles_fd = files->profiles_fd,
	    .resources = &files->options->resources,
	    .trust = files->options->allowed_signers != NULL ? &trust : NULL};
	struct policy_problems problems = {0};
	struct fault fault = {0};

	install_item_clear(item);
	if (files->missing.code != ERR_OK) {
		install_item_refuse(item, &files->missing);
		return;
	}
	if (skill_load(&from, &item->fresh, &item->seen, &problems, &fault) != ERR_OK)
		install_item_refuse(item, &fault);
	if (problems.count == 0)
		return;
	/* As a compiler shows them, over several lines: not a line for the journal. */
	item->problems = policy_problems_text(&problems);
	fputs(item->problems != NULL ? item->problems : "", stderr);
}

enum err
install_item_keep(
    const struct install_item *item, const struct install_files *files, struct fault *fault)
{
	const struct skill *skill = item->fresh;
	const struct accepted now = {
	    .any = true,
	    .revision = skill->review.revision,
	    .reviewers = policy_skill(skill->source.policy)->reviewers,
	    .policy = skill->review.file,
	};

	return skill->is_signed ? accepted_write(files->accepted_fd, skill->id, &now, fault)
				: ERR_OK;
}
