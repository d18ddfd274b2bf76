/* praxa policy new: a policy to begin with, from nothing or from an Agent Skills bundle. */
#include "policy/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/policy_common.h"
#include "common/id.h"
#include "common/io.h"
#include "policy/format.h"

ARGS_KEEP_TEXT(struct policy_options, team)
ARGS_KEEP_TEXT(struct policy_options, profile)
ARGS_KEEP_TEXT(struct policy_options, bundle)
ARGS_KEEP_TEXT(struct policy_options, from)
ARGS_KEEP_FLAG(struct policy_options, force)

static enum err
on_run(void *context, const char *value, struct fault *fault)
{
	struct policy_options *options = context;

	if (options->run_count == POLICY_ARGV_MAX)
		return fault_set(fault, ERR_PROTOCOL, "more than %d --run", POLICY_ARGV_MAX);
	options->run[options->run_count++] = value;
	return ERR_OK;
}

const struct args_option policy_new_rows[] = {
    {"team", 0, "TEXT", "who answers for the Skill", on_team},
    {"profile", 0, "NAME", "its system calls: python (the default), node, shell or base",
	on_profile},
    {"run", 0, "TEXT", "the program, then once more for each of its arguments", on_run},
    {"bundle", 0, "DIR", "its files, beside the policy or beneath; pins them", on_bundle},
    {"from", 0, "DIR", "an Agent Skills bundle: its SKILL.md names it, and asks", on_from},
    {"output", 'o', "FILE", "write there; NAME.policy.yaml by default", policy_on_output},
    {"force", 0, NULL, "overwrite the file", on_force},
    {"help", 'h', NULL, "this text", policy_on_help},
    {0},
};

/* Where the policy goes, and what it is made from. */
struct making {
	char output[PATH_MAX];
	char bundle_path[PATH_MAX];
	struct digest bundle;
	struct arena arena;
	struct policy_skill_md asks;
	struct policy_starter starter;
};

/* dir as a path beneath the directory of output. */
static enum err
place_bundle(struct making *making, const char *dir, struct fault *fault)
{
	SCOPED_FREE char *home = NULL, *real = realpath(dir, NULL);
	const char *slash = strrchr(making->output, '/');
	char folder[PATH_MAX] = ".";
	size_t length;

	if (real == NULL)
		return fault_set(fault, ERR_NOT_FOUND, "%s", strerror(errno));
	if (slash != NULL)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - making->output + 1),
		    making->output);
	home = realpath(folder, NULL);
	if (home == NULL)
		return fault_set(fault, ERR_NOT_FOUND, "%s: %s", folder, strerror(errno));
	length = strlen(home);
	length -= length > 0 && home[length - 1] == '/';
	if (strncmp(real, home, length) != 0 || real[length] != '/')
		return fault_set(fault, ERR_PROTOCOL,
		    "a bundle lies beneath its policy's directory, which is %s", home);
	text_copy(making->bundle_path, sizeof(making->bundle_path), real + length + 1);
	making->starter.bundle_path = making->bundle_path;
	return ERR_OK;
}

static enum err
pin_bundle(struct making *making, const char *dir, struct fault *fault)
{
	SCOPED_FD dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SCOPED_FD fd = -1;
	struct pack pack = {0};
	enum err r;

	if (dir_fd < 0)
		return fault_set(fault, ERR_NOT_FOUND, "%s", strerror(errno));
	r = pack_from_dir(dir_fd, &fd, fault);
	if (r == ERR_OK)
		r = pack_open(fd, &pack, fault);
	if (r != ERR_OK)
		return r;
	making->bundle = pack.digest;
	making->starter.bundle = &making->bundle;
	pack_close(&pack);
	return ERR_OK;
}

static enum err
read_skill_md(struct making *making, const char *dir, struct fault *fault)
{
	struct policy_problems problems = {0};
	SCOPED_FREE char *text = NULL, *said = NULL;
	struct policy_file file = {.name = "SKILL.md"};
	char path[PATH_MAX];
	enum err r;
	int e;

	snprintf(path, sizeof(path), "%s/SKILL.md", dir);
	e = io_read_file(AT_FDCWD, path, SKILL_MD_BYTES_MAX, &text, &file.length);
	if (e < 0)
		return fault_set(fault, ERR_NOT_FOUND, "%s: %s", path, strerror(-e));
	file.text = text;
	r = policy_skill_md_parse(&file, &making->arena, &making->asks, &problems);
	if (r == ERR_OK) {
		making->starter.asks = &making->asks;
		return ERR_OK;
	}
	said = policy_problems_text(&problems);
	fputs(said != NULL ? said : "out of memory\n", stderr);
	return fault_set(fault, r, "its SKILL.md cannot be used");
}

/* What was made must load: it holds texts of others. */
static enum err
check(const struct making *making, const char *text, struct fault *fault)
{
	const struct pack_file file = {
	    "policy", 6, (const unsigned char *)text, (uint32_t)strlen(text)};
	struct policy_problems problems = {0};
	SCOPED_FREE char *said = NULL;
	struct policy *policy = NULL;
	struct pack pack = {0};
	SCOPED_FD fd = -1;
	enum err r = pack_from_files(&file, 1, &fd, fault);

	if (r == ERR_OK)
		r = pack_open(fd, &pack, fault);
	if (r != ERR_OK)
		return r;
	r = policy_load(&pack, making->output, &policy, &problems);
	pack_close(&pack);
	policy_free(&policy);
	if (r == ERR_OK)
		return ERR_OK;
	said = policy_problems_text(&problems);
	fputs(said != NULL ? said : "out of memory\n", stderr);
	return fault_set(fault, r, "what was asked for makes no sound policy; nothing was written");
}

static enum err
write_new(const struct policy_options *options, const struct making *making, const char *text,
    struct fault *fault)
{
	int replace = options->force ? O_TRUNC : O_EXCL;
	SCOPED_FD fd =
	    open(making->output, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | replace, 0644);
	int e = fd < 0 ? -errno : io_write_full(fd, text, strlen(text));

	if (e == -EEXIST)
		return fault_set(fault, ERR_PROTOCOL, "it is there already; --force overwrites it");
	return e < 0 ? fault_set(fault, ERR_NOT_FOUND, "cannot be written: %s", strerror(-e))
		     : ERR_OK;
}

static enum err
lay_out(const struct policy_options *options, const struct making *making, const char *text,
    struct fault *fault)
{
	const struct policy_file file = {making->output, text, strlen(text)};
	struct policy_problems problems = {0};
	SCOPED_FREE char *laid_out = NULL;
	size_t length;
	enum err r = policy_format(&file, &laid_out, &length, &problems);

	return r == ERR_OK ? write_new(options, making, laid_out, fault)
			   : fault_set(fault, r, "the policy cannot be laid out");
}

static enum err
make(const struct policy_options *options, struct making *making, struct fault *fault)
{
	const char *dir = options->from != NULL ? options->from : options->bundle;
	struct policy_starter *starter = &making->starter;
	SCOPED_FREE char *text = NULL;
	enum err r = ERR_OK;

	if (options->from != NULL)
		r = read_skill_md(making, options->from, fault);
	if (r != ERR_OK)
		return r;
	starter->name = options->file_count > 0 ? options->files[0] : making->asks.name;
	if (starter->name == NULL || !id_name_is_valid(starter->name))
		return fault_set(fault, ERR_PROTOCOL,
		    "a Skill needs a name: 1 to 64 of a-z, 0-9 and single hyphens between");
	if (options->output != NULL)
		text_copy(making->output, sizeof(making->output), options->output);
	else
		snprintf(making->output, sizeof(making->output), "%s.policy.yaml", starter->name);
	if (dir != NULL)
		r = place_bundle(making, dir, fault);
	if (r == ERR_OK && dir != NULL)
		r = pin_bundle(making, dir, fault);
	if (r != ERR_OK)
		return r;
	text = policy_starter(starter);
	if (text == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	r = check(making, text, fault);
	return r == ERR_OK ? lay_out(options, making, text, fault) : r;
}

int
policy_new_act(const struct policy_options *options)
{
	struct fault fault = {0};
	struct making making = {
	    .starter = {.team = options->team,
		.profile = options->profile != NULL ? options->profile : "python",
		.run = options->run,
		.bundle_path = "skill"},
	};
	enum err r;

	if (options->from != NULL && options->bundle != NULL) {
		fprintf(stderr, "praxa policy new: --from is the bundle; leave --bundle out\n");
		return CLI_USAGE;
	}
	arena_init(&making.arena, POLICY_FILE_BYTES_MAX * 16);
	r = make(options, &making, &fault);
	arena_clear(&making.arena);
	if (r != ERR_OK)
		return policy_common_fail(
		    making.output[0] != '\0' ? making.output : "praxa policy new", &fault);
	printf("%s\n", making.output);
	return CLI_OK;
}
