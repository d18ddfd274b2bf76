#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>

static struct {
	const char *name;
	enum log_level level;
	bool terminal;
} settings = {"praxa", LOG_LEVEL_INFO, true};

void
log_init(const char *name, enum log_level level)
{
	settings.name = name;
	settings.level = level;
	settings.terminal = isatty(STDERR_FILENO) == 1;
}

void
log_line(enum log_level level, const char *format, ...)
{
	char raw[1024], text[1024], line[1200];
	va_list args;
	int n;

	if (level > settings.level)
		return;
	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text_copy(text, sizeof(text), raw);
	n = settings.terminal
		? snprintf(line, sizeof(line), "%s: %s\n", settings.name, text)
		: snprintf(line, sizeof(line), "<%d>%s: %s\n", (int)level, settings.name, text);
	/* One write a line; there is nobody to tell when stderr itself is gone. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

void
log_fault(enum log_level level, const char *what, const struct fault *fault)
{
	if (fault->line > 0)
		log_line(level, "%s: %s: %s (rule %s, line %u)", what, err_name(fault->code),
		    fault->message, fault->rule, fault->line);
	else
		log_line(level, "%s: %s: %s", what, err_name(fault->code), fault->message);
}
