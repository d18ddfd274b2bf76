#include "common/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/utf8.h"

#define ERR_ROW(name, wire, number, http, jsonrpc, exit_code, retry, text) \
	[number] = {wire, http, jsonrpc, exit_code, retry, text},
static const struct err_info rows[] = {ERR_TABLE(ERR_ROW)};

const struct err_info *
err_info(enum err code)
{
	if ((unsigned)code >= ARRAY_SIZE(rows) || rows[code].name == NULL)
		return &rows[ERR_INTERNAL];
	return &rows[code];
}

const char *
err_name(enum err code)
{
	return err_info(code)->name;
}

enum err
err_from_exit(int exit_code)
{
	for (unsigned i = ERR_INTERNAL; i < ARRAY_SIZE(rows); i++)
		if (rows[i].name != NULL && rows[i].exit_code == exit_code)
			return (enum err)i;
	return ERR_INTERNAL;
}

enum err
err_from_name(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].name != NULL && strcmp(rows[i].name, name) == 0)
			return (enum err)i;
	return ERR_INTERNAL;
}

void
text_copy_bytes(char *to, size_t size, const void *from, size_t length)
{
	const unsigned char *in = from;
	size_t out = 0;

	for (size_t i = 0; i < length && in[i] != 0;) {
		size_t width = utf8_width(in + i, length - i);
		bool printable = width > 1 ? !utf8_is_invisible(in + i, width)
					   : width == 1 && in[i] >= 0x20 && in[i] != 0x7f;

		if (out + (printable ? width : 1) >= size)
			break;
		if (printable) {
			memcpy(to + out, in + i, width);
			out += width;
		} else {
			to[out++] = '?';
		}
		i += width > 0 ? width : 1;
	}
	to[out] = '\0';
}

void
text_copy(char *to, size_t size, const char *from)
{
	text_copy_bytes(to, size, from, strlen(from));
}

enum err
fault_set(struct fault *fault, enum err code, const char *format, ...)
{
	char raw[FAULT_MESSAGE_MAX];
	va_list args;

	if (fault == NULL)
		return code;
	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	*fault = (struct fault){.code = code};
	text_copy(fault->message, sizeof(fault->message), raw);
	return code;
}

enum err
fault_at(struct fault *fault, const char *rule, uint32_t line)
{
	if (fault == NULL)
		return ERR_INTERNAL;
	if (rule != NULL)
		text_copy(fault->rule, sizeof(fault->rule), rule);
	fault->line = line;
	return fault->code;
}

enum err
fault_field(struct fault *fault, const char *field, const char *allowed)
{
	if (fault == NULL)
		return ERR_INTERNAL;
	if (field != NULL)
		text_copy(fault->field, sizeof(fault->field), field);
	if (allowed != NULL)
		text_copy(fault->allowed, sizeof(fault->allowed), allowed);
	return fault->code;
}
