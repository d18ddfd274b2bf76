/* praxa policy format: a policy in the one layout. */
#include "policy/format.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/line_diff.h"
#include "cli/policy_common.h"
#include "common/io.h"

const struct args_option policy_format_rows[] = {
    {"write", 'w', NULL, "replace the file instead of printing", policy_on_write},
    {"check", 'c', NULL, "print what would change; exit code 1 if anything would", policy_on_check},
    {"help", 'h', NULL, "this text", policy_on_help},
    {0},
};

/* Whether text beside the same manifests compiles to what policy is. */
static bool
means_the_same(
    const struct pack *pack, const struct policy *policy, const char *text, size_t length)
{
	struct pack other = *pack;
	struct policy_problems problems;
	struct policy *loaded = NULL;
	bool same = false;

	other.files = calloc(pack->count, sizeof(*other.files));
	if (other.files == NULL)
		return false;
	memcpy(other.files, pack->files, pack->count * sizeof(*other.files));
	for (uint32_t i = 0; i < pack->count; i++)
		if (pack->files[i].data == pack_find(pack, "policy")->data) {
			other.files[i].data = (const unsigned char *)text;
			other.files[i].length = (uint32_t)length;
		}
	if (policy_load(&other, "formatted", &loaded, &problems) == ERR_OK)
		same = digest_equal(policy_digest(policy), policy_digest(loaded));
	policy_free(&loaded);
	free(other.files);
	return same;
}

/* Does with the new text what was asked for; old is the file as it was read. */
static int
finish(const struct policy_options *options, const struct policy_file *old, const char *text,
    size_t length)
{
	bool same = length == old->length && memcmp(text, old->text, length) == 0;
	struct fault fault;
	int r = 0;

	if (options->check) {
		if (!same)
			line_diff_print(old->name, old->text, old->length, text, length);
		return same ? CLI_OK : POLICY_EXIT_FOUND;
	}
	if (!options->write) {
		fwrite(text, 1, length, stdout);
		return CLI_OK;
	}
	if (!same)
		r = io_replace_file(old->name, text, length);
	if (r == 0)
		return CLI_OK;
	fault_set(&fault, ERR_INTERNAL, "cannot be replaced: %s", strerror(-r));
	return policy_common_fail(old->name, &fault);
}

static int
format(const struct policy_options *options, const struct policy *policy, const struct pack *pack,
    const struct policy_file *file)
{
	struct policy_problems problems;
	SCOPED_FREE char *text = NULL;
	struct fault fault;
	size_t length = 0;
	enum err r = policy_format(file, &text, &length, &problems);

	if (r == ERR_POLICY) {
		SCOPED_FREE char *said = policy_problems_text(&problems);

		fputs(said != NULL ? said : "out of memory\n", stderr);
	}
	if (r == ERR_OK && !means_the_same(pack, policy, text, length))
		r = ERR_INTERNAL;
	if (r == ERR_OK)
		return finish(options, file, text, length);
	fault_set(&fault, r, "it stays as it is: it could not be laid out anew");
	return policy_common_fail(file->name, &fault);
}

int
policy_format_act(const struct policy_options *options)
{
	struct policy_opened opened;
	int r = policy_common_open_file(options->files[0], &opened);

	if (r != CLI_OK)
		return r;
	r = format(options, opened.source.policy, &opened.pack, &opened.file);
	policy_common_close(&opened);
	return r;
}
