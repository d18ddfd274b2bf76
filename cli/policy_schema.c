/* praxa policy schema: the language for editors. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/policy_common.h"
#include "common/json.h"
#include "policy/json_schema.h"

static int
print_schema(enum policy_document document)
{
	struct arena arena;
	struct value schema;
	char *text = NULL;

	arena_init(&arena, SIZE_MAX / 2);
	schema = policy_json_schema(document, &arena);
	if (schema.type == VALUE_MAP)
		text = json_write(&schema, JSON_STYLE_PRETTY, NULL);
	if (text != NULL)
		puts(text);
	else
		fprintf(stderr, "praxa policy schema: out of memory\n");
	arena_clear(&arena);
	free(text);
	return text != NULL ? CLI_OK : CLI_INTERNAL;
}

int
policy_schema_act(const struct policy_options *options)
{
	static const char *const names[POLICY_DOCUMENT_COUNT] = {
	    [POLICY_DOCUMENT_POLICY] = "policy",
	    [POLICY_DOCUMENT_TOOLS] = "tools",
	};
	const char *wanted = options->file_count > 0 ? options->files[0] : names[0];

	for (unsigned i = 0; i < POLICY_DOCUMENT_COUNT; i++)
		if (strcmp(names[i], wanted) == 0)
			return print_schema((enum policy_document)i);
	fprintf(stderr, "praxa policy schema: \"%s\"; expected policy or tools\n", wanted);
	return CLI_USAGE;
}
