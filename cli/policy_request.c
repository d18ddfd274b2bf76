#include "cli/policy_request.h"

#include <stdio.h>

#include "common/json.h"

enum { SHOWN_MAX = 4096 };

/* Options of `praxa policy explain`. */
static const char *const options[] = {
    [POLICY_ACTION_NONE] = "",
    [POLICY_TRIGGER] = "trigger",
    [POLICY_TOOL] = "tool",
    [POLICY_MEMORY_READ] = "memory-read",
    [POLICY_MEMORY_WRITE] = "memory-write",
};

/* text as one word of a POSIX shell (2.2.2 Single-Quotes), whatever it holds. */
static void
print_option(const char *option, const char *text)
{
	printf("--%s '", option);
	for (; *text != '\0'; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
	putchar('\'');
}

/* Whole or not at all: half a value would be another request. */
static void
print_value(const char *option, const struct value *value)
{
	SCOPED_FREE char *text = json_write(value, JSON_STYLE_COMPACT, NULL);

	putchar(' ');
	if (text == NULL || strlen(text) > SHOWN_MAX)
		printf("--%s ... (too long for a line; --json shows it)", option);
	else
		print_option(option, text);
}

void
policy_request_print(const struct policy_request *request)
{
	print_option(options[request->action], request->name);
	if (request->event != NULL)
		printf(" --event %s", request->event);
	if (request->args != NULL)
		print_value("args", request->args);
	if (request->input != NULL && request->input->length > 0)
		print_value("input", request->input);
	printf(" --workspace %s", request->workspace);
}

struct value_pair
policy_request_pair(const char *name, struct value value)
{
	return (struct value_pair){.key = value_string(name), .value = value};
}

uint32_t
policy_request_pairs(
    const struct policy_request *request, struct value_pair pairs[POLICY_REQUEST_PAIRS_MAX])
{
	uint32_t n = 0;

	pairs[n++] = policy_request_pair(options[request->action], value_string(request->name));
	pairs[n++] = policy_request_pair("workspace", value_string(request->workspace));
	if (request->event != NULL)
		pairs[n++] = policy_request_pair("event", value_string(request->event));
	if (request->args != NULL)
		pairs[n++] = policy_request_pair("args", *request->args);
	if (request->input != NULL)
		pairs[n++] = policy_request_pair("input", *request->input);
	return n;
}
