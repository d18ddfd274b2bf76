/* praxa policy render: the page for reviewers, or the compiled form itself. */
#include "policy/render.h"

#include "cli/cli.h"
#include "cli/policy_common.h"
#include "policy/canonical.h"

ARGS_KEEP_FLAG(struct policy_options, html)

static enum err
on_markdown(void *context, const char *value, struct fault *fault)
{
	(void)value;
	(void)fault;
	((struct policy_options *)context)->html = false;
	return ERR_OK;
}

const struct args_option policy_render_rows[] = {
    {"markdown", 'm', NULL, "a page in Markdown: the default", on_markdown},
    {"html", 0, NULL, "a page in HTML, with nothing outside of it", on_html},
    {"json", 'j', NULL, "the compiled form, whose SHA-256 is the policy's digest", policy_on_json},
    {"output", 'o', "FILE", "write there instead of to stdout", policy_on_output},
    {"help", 'h', NULL, "this text", policy_on_help},
    {0},
};

/* The last part: the page shows no path of the machine that it was made on. */
static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

int
policy_render_act(const struct policy_options *options)
{
	SCOPED_FREE char *text = NULL;
	struct policy_source source;
	int r = policy_common_open(options->files[0], &source);

	if (r != CLI_OK)
		return r;
	text = options->json ? policy_canonical(source.policy)
			     : policy_render(source.policy, base_name(options->files[0]),
				   options->html ? PAGE_HTML : PAGE_MARKDOWN);
	policy_source_done(&source);
	return policy_common_write(options->output, text);
}
