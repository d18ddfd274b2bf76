#include "cli/progress.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>

enum { LINE_MAX_BYTES = 512 };

static struct {
	bool quiet, terminal;
	struct {
		char text[LINE_MAX_BYTES];
		size_t length;
	} waiting[2];
} screen;

static const struct {
	const char *terminal, *plain;
} signs[] = {
    [PROGRESS_STEP] = {"\033[36m·\033[0m", "praxa:"},
    [PROGRESS_DONE] = {"\033[32m✓\033[0m", "praxa:"},
    [PROGRESS_FAILED] = {"\033[31m✗\033[0m", "praxa: error:"},
    [PROGRESS_NOTE] = {"\033[2m│\033[0m", "praxa:  "},
};

void
progress_init(bool quiet)
{
	/* Whoever reads our progress may go; the run that it tells of must not go with him. */
	signal(SIGPIPE, SIG_IGN);
	screen.quiet = quiet;
	screen.terminal = isatty(STDERR_FILENO) == 1 && getenv("NO_COLOR") == NULL;
}

void
progress_line(enum progress_kind kind, const char *format, ...)
{
	char raw[1024], text[1024];
	va_list args;

	if (screen.quiet && kind != PROGRESS_FAILED)
		return;
	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text_copy(text, sizeof(text), raw);
	fprintf(
	    stderr, "%s %s\n", screen.terminal ? signs[kind].terminal : signs[kind].plain, text);
}

static void
show_waiting(unsigned stream)
{
	char text[LINE_MAX_BYTES + 1];

	text_copy_bytes(
	    text, sizeof(text), screen.waiting[stream - 1].text, screen.waiting[stream - 1].length);
	screen.waiting[stream - 1].length = 0;
	if (!screen.quiet)
		fprintf(stderr, "%s %s %s\n",
		    screen.terminal ? signs[PROGRESS_NOTE].terminal : signs[PROGRESS_NOTE].plain,
		    stream == 1 ? "skill:" : "skill (stderr):", text);
}

void
progress_output(unsigned stream, const char *bytes, size_t length)
{
	if (stream < 1 || stream > 2)
		return;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] != '\n')
			screen.waiting[stream - 1].text[screen.waiting[stream - 1].length++] =
			    bytes[i];
		if (bytes[i] == '\n' || screen.waiting[stream - 1].length == LINE_MAX_BYTES)
			show_waiting(stream);
	}
	if (length == 0 && screen.waiting[stream - 1].length > 0)
		show_waiting(stream);
}

void
progress_restarted(const char *daemon, int status)
{
	progress_line(PROGRESS_NOTE, "%s was killed by signal %d and was started again", daemon,
	    WTERMSIG(status));
}

void
progress_fault(const char *what, const struct fault *fault)
{
	bool quiet = screen.quiet;

	progress_line(PROGRESS_FAILED, "%s: %s: %s", what, err_name(fault->code), fault->message);
	screen.quiet = false;
	if (fault->line > 0)
		progress_line(
		    PROGRESS_NOTE, "rule %s, line %u of the policy", fault->rule, fault->line);
	if (fault->field[0] != '\0')
		progress_line(PROGRESS_NOTE, "field %s%s%s", fault->field,
		    fault->allowed[0] != '\0' ? "; allowed: " : "", fault->allowed);
	screen.quiet = quiet;
}
