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
    [POLICY_SUBAGENT] = "subagent",
    [POLICY_MODEL] = "model",
};

/* What --used may say, and where that stands. */
#define BUDGET(name, window, key, type, most, feature, unit, help) \
	{#window "." #key, offsetof(struct policy_usage, budget[POLICY_BUDGET_##name])},
#define RATE(name, key, feature, words) \
	{#key, offsetof(struct policy_usage, tool[POLICY_RATE_##name])},
static const struct {
	const char *name;
	size_t offset;
} counters[] = {
    POLICY_BUDGETS(BUDGET)
	POLICY_RATES(RATE){"dispatched", offsetof(struct policy_usage, dispatched)},
};

static uint64_t
counter(const struct policy_usage *usage, unsigned i)
{
	uint64_t number;

	memcpy(&number, (const char *)usage + counters[i].offset, sizeof(number));
	return number;
}

enum err
policy_request_used(const char *text, struct policy_usage *usage, struct fault *fault)
{
	const char *equals = strchr(text, '=');
	size_t length = equals != NULL ? (size_t)(equals - text) : strlen(text);
	uint64_t number;

	for (unsigned i = 0; i < ARRAY_SIZE(counters); i++) {
		if (equals == NULL || strlen(counters[i].name) != length ||
		    strncmp(counters[i].name, text, length) != 0)
			continue;
		number = strtoull(equals + 1, NULL, 10);
		if (equals[1] == '\0' || strspn(equals + 1, "0123456789") != strlen(equals + 1))
			break;
		memcpy((char *)usage + counters[i].offset, &number, sizeof(number));
		return ERR_OK;
	}
#define BUDGET_WORD(name, window, key, type, most, feature, unit, help) #window "." #key " "
#define RATE_WORD(name, key, feature, words) #key " "
	return fault_set(fault, ERR_PROTOCOL,
	    "--used takes KEY=NUMBER, KEY being one of: " POLICY_BUDGETS(BUDGET_WORD)
		POLICY_RATES(RATE_WORD) "dispatched");
}

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

static void
print_qualifiers(const struct policy_request *request)
{
	const char *const texts[][2] = {
	    {"grant", request->tool}, {"provider", request->provider}, {"region", request->region}};

	if (request->depth > 0)
		printf(" --depth %u", request->depth);
	if (request->confidence != NULL)
		print_value("confidence", request->confidence);
	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i][1] != NULL) {
			putchar(' ');
			print_option(texts[i][0], texts[i][1]);
		}
	for (unsigned i = 0; request->usage != NULL && i < ARRAY_SIZE(counters); i++)
		if (counter(request->usage, i) > 0)
			printf(" --used %s=%llu", counters[i].name,
			    (unsigned long long)counter(request->usage, i));
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
	print_qualifiers(request);
	printf(" --workspace %s", request->workspace);
}

uint32_t
policy_request_pairs(
    const struct policy_request *request, struct value_pair pairs[POLICY_REQUEST_PAIRS_MAX])
{
	uint32_t n = 0;

	pairs[n++] = value_member(options[request->action], value_string(request->name));
	pairs[n++] = value_member("workspace", value_string(request->workspace));
	if (request->event != NULL)
		pairs[n++] = value_member("event", value_string(request->event));
	if (request->args != NULL)
		pairs[n++] = value_member("args", *request->args);
	if (request->input != NULL)
		pairs[n++] = value_member("input", *request->input);
	if (request->depth > 0)
		pairs[n++] = value_member("depth", value_integer(request->depth));
	if (request->confidence != NULL)
		pairs[n++] = value_member("confidence", *request->confidence);
	if (request->tool != NULL)
		pairs[n++] = value_member("grant", value_string(request->tool));
	if (request->provider != NULL)
		pairs[n++] = value_member("provider", value_string(request->provider));
	if (request->region != NULL)
		pairs[n++] = value_member("region", value_string(request->region));
	if (request->usage != NULL && request->usage->dispatched > 0)
		pairs[n++] =
		    value_member("dispatched", (struct value){.type = VALUE_INT,
						   .integer = (int64_t)request->usage->dispatched});
	return n;
}
