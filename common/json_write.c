#include <math.h>
#include <stdio.h>

#include "common/json.h"
#include "common/text.h"

/* Text that grows. A failure latches: later additions do nothing, and the end answers NULL. */
struct text {
	char *data;
	size_t length, space;
	bool failed;
	enum json_style style;
};

static void
add(struct text *text, const char *from, size_t length)
{
	if (text->failed)
		return;
	if (text->space - text->length <= length) {
		size_t space = (text->length + length + 1) * 2;
		char *data = realloc(text->data, space);

		if (data == NULL) {
			text->failed = true;
			return;
		}
		text->data = data;
		text->space = space;
	}
	memcpy(text->data + text->length, from, length);
	text->length += length;
	text->data[text->length] = '\0';
}

static void
add_text(struct text *text, const char *from)
{
	add(text, from, strlen(from));
}

static void
add_line(struct text *text, int depth)
{
	if (text->style != JSON_STYLE_PRETTY)
		return;
	add(text, "\n", 1);
	while (depth-- > 0)
		add(text, "  ", 2);
}

/* Two characters for those that RFC 8259 section 7 has a letter for; 0: none. */
static char
short_escape(unsigned char c)
{
	static const char letters[] = {['"'] = '"',
	    ['\\'] = '\\',
	    ['\b'] = 'b',
	    ['\f'] = 'f',
	    ['\n'] = 'n',
	    ['\r'] = 'r',
	    ['\t'] = 't'};

	return c < sizeof(letters) ? letters[c] : 0;
}

static void
add_string(struct text *text, const char *from, size_t length)
{
	size_t plain = 0; /* where the bytes begin that need no escape */

	add(text, "\"", 1);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)from[i];
		char letter = short_escape(c), escape[8];

		if (letter == 0 && c >= 0x20 && c != 0x7f)
			continue;
		add(text, from + plain, i - plain);
		if (letter != 0)
			snprintf(escape, sizeof(escape), "\\%c", letter);
		else
			snprintf(escape, sizeof(escape), "\\u%04x", c);
		add_text(text, escape);
		plain = i + 1;
	}
	if (length > plain)
		add(text, from + plain, length - plain);
	add(text, "\"", 1);
}

static void
add_integer(struct text *text, int64_t integer)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", (long long)integer);
	add_text(text, digits);
}

static void
add_real(struct text *text, double real)
{
	char digits[32];

	if (!isfinite(real)) {
		text->failed = true;
		return;
	}
	for (int precision = 1; precision <= 17; precision++) {
		double back;

		snprintf(digits, sizeof(digits), "%.*g", precision, real);
		back = strtod(digits, NULL);
		if (back >= real && back <= real)
			break;
	}
	add_text(text, digits);
	if (strpbrk(digits, ".e") == NULL)
		add(text, ".0", 2);
}

static void
add_bytes(struct text *text, const struct value *value)
{
	SCOPED_FREE char *base64 = text_base64(value->string, value->length);

	if (base64 == NULL)
		text->failed = true;
	else
		add_string(text, base64, strlen(base64));
}

static void add_value(struct text *text, const struct value *value, int depth);

static void
add_array(struct text *text, const struct value *value, int depth)
{
	add(text, "[", 1);
	for (uint32_t i = 0; i < value->length; i++) {
		if (i > 0)
			add(text, ",", 1);
		add_line(text, depth);
		add_value(text, &value->items[i], depth + 1);
	}
	if (value->length > 0)
		add_line(text, depth - 1);
	add(text, "]", 1);
}

static void
add_map(struct text *text, const struct value *value, int depth)
{
	add(text, "{", 1);
	for (uint32_t i = 0; i < value->length; i++) {
		const struct value_pair *pair = &value->pairs[i];

		if (i > 0)
			add(text, ",", 1);
		add_line(text, depth);
		add_string(text, pair->key.string, pair->key.length);
		add_text(text, text->style == JSON_STYLE_PRETTY ? ": " : ":");
		add_value(text, &pair->value, depth + 1);
	}
	if (value->length > 0)
		add_line(text, depth - 1);
	add(text, "}", 1);
}

static void
add_value(struct text *text, const struct value *value, int depth)
{
	if (depth > VALUE_DEPTH_MAX)
		text->failed = true;
	if (text->failed)
		return;
	switch (value->type) {
	case VALUE_NULL:
		add_text(text, "null");
		return;
	case VALUE_BOOL:
		add_text(text, value->boolean ? "true" : "false");
		return;
	case VALUE_INT:
		add_integer(text, value->integer);
		return;
	case VALUE_REAL:
		add_real(text, value->real);
		return;
	case VALUE_STRING:
		add_string(text, value->string, value->length);
		return;
	case VALUE_BYTES:
		add_bytes(text, value);
		return;
	case VALUE_ARRAY:
		add_array(text, value, depth);
		return;
	case VALUE_MAP:
		add_map(text, value, depth);
		return;
	}
	text->failed = true;
}

char *
json_write(const struct value *value, enum json_style style, size_t *ret_length)
{
	struct text text = {.style = style};

	add_value(&text, value, 1);
	if (text.failed) {
		free(text.data);
		return NULL;
	}
	if (ret_length != NULL)
		*ret_length = text.length;
	return text.data;
}
