#include "policy/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/fault.h"
#include "common/utf8.h"

enum {
	COLUMN_FAR = 100, /* beyond this a line is shown from the middle */
	COLUMN_LEAD = 40, /* that much of it in front of the place */
};

const char *
policy_file_line(const struct policy_file *file, uint32_t line, size_t *ret_length)
{
	const char *at = file->text, *end = file->text + file->length, *newline;

	for (uint32_t i = 1; i < line && at < end; i++) {
		newline = memchr(at, '\n', (size_t)(end - at));
		at = newline != NULL ? newline + 1 : end;
	}
	newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
	*ret_length = (size_t)((newline != NULL ? newline : end) - at);
	return at;
}

static void
copy_excerpt(struct policy_problem *problem, const struct policy_file *file)
{
	size_t left;
	const char *at = policy_file_line(file, problem->line, &left);
	uint32_t skip = problem->column > COLUMN_FAR ? problem->column - COLUMN_LEAD : 0;

	for (uint32_t i = 0; i < skip && left > 0; i++) {
		size_t width = utf8_width((const unsigned char *)at, left);

		width = width > 0 ? width : 1;
		at += width;
		left -= width;
	}
	problem->excerpt_from = skip + 1;
	text_copy_bytes(problem->excerpt, sizeof(problem->excerpt), at, left);
}

static bool
is_before(const struct policy_problem *a, const struct policy_problem *b)
{
	return strcmp(a->file, b->file) == 0 &&
	       (a->line < b->line || (a->line == b->line && a->column < b->column));
}

/* A place for one more, such that a file's problems stand in its order; NULL: there is none. */
static struct policy_problem *
insert(struct policy_problems *problems, const struct policy_problem *problem)
{
	uint32_t at = problems->count++;

	if (at >= POLICY_PROBLEMS_MAX)
		return NULL;
	while (at > 0 && is_before(problem, &problems->items[at - 1])) {
		problems->items[at] = problems->items[at - 1];
		at--;
	}
	problems->items[at] = *problem;
	return &problems->items[at];
}

void
policy_problem_add(struct policy_problems *problems, const struct policy_file *file,
    struct policy_place place, const char *suggestion, const char *format, ...)
{
	struct policy_problem problem = {
	    .line = place.line, .column = place.column, .underline = place.width};
	char raw[2 * POLICY_PROBLEM_TEXT_MAX];
	struct policy_problem *added;
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text_copy(problem.message, sizeof(problem.message), raw);
	text_copy(problem.suggestion, sizeof(problem.suggestion), suggestion);
	if (file != NULL)
		text_copy(problem.file, sizeof(problem.file), file->name);
	added = insert(problems, &problem);
	if (added != NULL && file != NULL && place.line > 0)
		copy_excerpt(added, file);
}

/* Appends to to[0..size) at *used; what does not fit is cut. */
static void PRINTF_LIKE(4, 5) append(char *to, size_t size, size_t *used, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(to + *used, size - *used, format, args);
	va_end(args);
	if (n > 0)
		*used = (size_t)n < size - *used ? *used + (size_t)n : size - 1;
}

static void
append_excerpt(char *to, size_t size, size_t *used, const struct policy_problem *problem)
{
	bool cut = problem->excerpt_from > 1;
	uint32_t indent = problem->column - problem->excerpt_from + (cut ? 3 : 0);

	append(to, size, used, "\n%6u | %s%s\n       | ", problem->line, cut ? "..." : "",
	    problem->excerpt);
	append(to, size, used, "%*s^", (int)indent, "");
	for (uint32_t i = 1; i < problem->underline; i++)
		append(to, size, used, "~");
}

void
policy_problem_text(char *to, size_t size, const struct policy_problem *problem)
{
	size_t used = 0;

	if (size == 0)
		return;
	to[0] = '\0';
	append(to, size, &used, "%s", problem->file);
	if (problem->line > 0)
		append(to, size, &used, ":%u:%u", problem->line, problem->column);
	append(to, size, &used, "%s%s", used > 0 ? ": " : "", problem->message);
	if (problem->line > 0)
		append_excerpt(to, size, &used, problem);
	if (problem->suggestion[0] != '\0')
		append(
		    to, size, &used, "%s%s", problem->line > 0 ? " " : "; ", problem->suggestion);
	append(to, size, &used, "\n");
}

char *
policy_problems_text(const struct policy_problems *problems)
{
	enum { EACH = 1024, MORE = 32 };
	uint32_t kept =
	    problems->count < POLICY_PROBLEMS_MAX ? problems->count : POLICY_PROBLEMS_MAX;
	char *text = malloc((size_t)kept * EACH + MORE);
	size_t used = 0;

	if (text == NULL)
		return NULL;
	text[0] = '\0';
	for (uint32_t i = 0; i < kept; i++) {
		policy_problem_text(text + used, EACH, &problems->items[i]);
		used += strlen(text + used);
	}
	if (problems->count > kept)
		snprintf(text + used, MORE, "... and %u more\n", problems->count - kept);
	return text;
}
