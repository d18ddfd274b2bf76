/* A fixture as people would write it, so that one which an analysis found can be pasted into the
 * file. What is written here reads back as the same fixture, or is not written at all. */
#include <stdio.h>

#include "common/utf8.h"
#include "policy/amount.h"
#include "policy/fixture.h"
#include "policy/yaml.h"

enum { TEXT_MAX = 32 * 1024 }; /* more is no line that anybody reviews */

static bool write_value(FILE *out, const struct value *value);

/* True for text that stands without quotes and is text to every YAML reader. */
static bool
is_plain(const char *text, size_t length)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-./";
	char word[128];
	const struct yaml_node node = {.plain = true, .text = word, .length = (uint32_t)length};

	if (length == 0 || length >= sizeof(word) || memchr(letters, text[0], 52) == NULL)
		return false;
	memcpy(word, text, length);
	word[length] = '\0';
	return strspn(word, letters) == length && policy_yaml_scalar(&node) == YAML_TEXT;
}

static bool
write_text(FILE *out, const char *text, size_t length)
{
	const unsigned char *t = (const unsigned char *)text;

	if (is_plain(text, length))
		return fwrite(text, 1, length, out) == length;
	fputc('"', out);
	for (size_t i = 0; i < length;) {
		size_t width = utf8_width(t + i, length - i);

		if (width == 0 || t[i] < 0x20 || t[i] == 0x7f ||
		    (width > 1 && utf8_is_invisible(t + i, width)))
			return false;
		if (t[i] == '"' || t[i] == '\\')
			fputc('\\', out);
		fwrite(t + i, 1, width, out);
		i += width;
	}
	return fputc('"', out) != EOF;
}

static bool
write_real(FILE *out, double number)
{
	char text[40];
	const struct yaml_node node = {.plain = true, .text = text};
	double back;

	snprintf(text, sizeof(text), "%.15g", number);
	if (strpbrk(text, ".en") == NULL)
		memcpy(text + strlen(text), ".0", 3);
	back = strtod(text, NULL);
	/* Bytes, because == on doubles says nothing about the sign of zero. */
	if (memcmp(&back, &number, sizeof(back)) != 0 || policy_yaml_scalar(&node) != YAML_NUMBER)
		return false;
	return fputs(text, out) != EOF;
}

static bool
write_items(FILE *out, const struct value *array)
{
	for (uint32_t i = 0; i < array->length; i++) {
		fputs(i == 0 ? "[ " : ", ", out);
		if (!write_value(out, &array->items[i]))
			return false;
	}
	return fputs(array->length == 0 ? "[]" : " ]", out) != EOF;
}

static bool
write_pairs(FILE *out, const struct value *map)
{
	for (uint32_t i = 0; i < map->length; i++) {
		const struct value *key = &map->pairs[i].key;

		fputs(i == 0 ? "{ " : ", ", out);
		if (key->length == 0 || !write_text(out, key->string, key->length))
			return false;
		fputs(": ", out);
		if (!write_value(out, &map->pairs[i].value))
			return false;
	}
	return fputs(map->length == 0 ? "{}" : " }", out) != EOF;
}

static bool
write_value(FILE *out, const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		return fputs("null", out) != EOF;
	case VALUE_BOOL:
		return fputs(value->boolean ? "true" : "false", out) != EOF;
	case VALUE_INT:
		return fprintf(out, "%lld", (long long)value->integer) > 0;
	case VALUE_REAL:
		return write_real(out, value->real);
	case VALUE_STRING:
		return write_text(out, value->string, value->length);
	case VALUE_ARRAY:
		return write_items(out, value);
	case VALUE_MAP:
		return write_pairs(out, value);
	case VALUE_BYTES:
		break;
	}
	return false;
}

static bool
write_key(FILE *out, const char *key, const char *text)
{
	fprintf(out, ", %s: ", key);
	return write_text(out, text, strlen(text));
}

/* A quantity under its key, the first of its map with the map's. */
static void
write_used(FILE *out, const char **window, const char *next, const char *key, enum policy_unit unit,
    uint64_t number)
{
	char amount[POLICY_AMOUNT_MAX];

	if (number == 0)
		return;
	if (*window == NULL)
		fputs(", used: { ", out);
	if (*window != NULL && strcmp(*window, next) == 0)
		fputs(", ", out);
	else
		fprintf(out, "%s%s: { ", *window != NULL ? " }, " : "", next);
	policy_amount_text(amount, unit, number);
	fprintf(out, "%s: %s", key, amount);
	*window = next;
}

#define UNIT_INTEGER POLICY_UNIT_COUNT
#define UNIT_MONEY POLICY_UNIT_MILLIONTHS

static bool
write_usage(FILE *out, const struct policy_usage *usage)
{
	const char *window = NULL;

#define USED_BUDGET(name, window_name, key, type, most, feature, unit, help) \
	write_used(                                                          \
	    out, &window, #window_name, #key, UNIT_##type, usage->budget[POLICY_BUDGET_##name]);
#define USED_RATE(name, key, feature, words) \
	write_used(out, &window, "tool", #key, POLICY_UNIT_COUNT, usage->tool[POLICY_RATE_##name]);
	POLICY_BUDGETS(USED_BUDGET)
	POLICY_RATES(USED_RATE)
	if (usage->dispatched > 0)
		fprintf(out, "%sdispatched: %llu", window != NULL ? " }, " : ", used: { ",
		    (unsigned long long)usage->dispatched);
	if (usage->dispatched > 0)
		return fputs(" }", out) != EOF;
	return window == NULL || fputs(" } }", out) != EOF;
}

/* What only some requests have. */
static bool
write_fields(FILE *out, const struct policy_request *request)
{
	const char *const texts[][2] = {{"event", request->event}, {"grant", request->tool},
	    {"provider", request->provider}, {"region", request->region}};

	if (request->depth > 1)
		fprintf(out, ", depth: %u", request->depth);
	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i][1] != NULL && !write_key(out, texts[i][0], texts[i][1]))
			return false;
	return true;
}

static bool
write_fixture(FILE *out, const struct policy_fixture *fixture)
{
	const struct policy_request *request = &fixture->request;

	fprintf(out, "{ %s: ", policy_fixture_key(request->action));
	if (!write_text(out, request->name, strlen(request->name)) || !write_fields(out, request))
		return false;
	if (request->args != NULL && request->args->length > 0 &&
	    (fputs(", args: ", out) == EOF || !write_value(out, request->args)))
		return false;
	if (request->input != NULL && request->input->length > 0 &&
	    (fputs(", input: ", out) == EOF || !write_value(out, request->input)))
		return false;
	if (!write_usage(out, &fixture->usage))
		return false;
	if (strcmp(request->workspace, POLICY_FIXTURE_WORKSPACE) != 0 &&
	    !write_key(out, "workspace", request->workspace))
		return false;
	if (!write_key(out, "expect", policy_fixture_expected(fixture->expected)) ||
	    (fixture->rule != NULL && !write_key(out, "rule", fixture->rule)) ||
	    (fixture->why[0] != '\0' && !write_key(out, "why", fixture->why)))
		return false;
	return fputs(" }", out) != EOF;
}

const char *
policy_fixture_key(enum policy_action action)
{
#define ASK_NAME(key, action, help) [POLICY_##action] = #key,
	static const char *const names[] = {
	    [POLICY_ACTION_NONE] = "", POLICY_FIXTURE_ASKS(ASK_NAME)};

	return (unsigned)action < ARRAY_SIZE(names) && names[action] != NULL ? names[action] : "";
}

const char *
policy_fixture_expected(enum err expected)
{
	return expected == ERR_OK ? "allow" : err_name(expected);
}

char *
policy_fixture_text(const struct policy_fixture *fixture)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	bool written;

	if (out == NULL)
		return NULL;
	written = write_fixture(out, fixture);
	written = fclose(out) == 0 && written && length <= TEXT_MAX;
	if (written)
		return text;
	free(text);
	return NULL;
}
