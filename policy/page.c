#include "policy/page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char html_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";

/* Readable on paper: no colour carries a meaning, nothing is cut, and no rule is torn from its
 * heading. */
static const char html_style[] =
    "</title>\n<style>\n"
    "body { font: 16px/1.5 Georgia, serif; max-width: 46em; margin: 2em auto; padding: 0 1em; "
    "color: #111; background: #fff }\n"
    "h1, h2, h3 { font-family: Helvetica, Arial, sans-serif; line-height: 1.25; "
    "break-after: avoid }\n"
    "h2 { border-top: 1px solid #999; padding-top: .6em; margin-top: 1.6em }\n"
    "code { font: 0.88em/1.4 monospace; background: #f2f2f2; padding: 0 .2em; "
    "overflow-wrap: anywhere }\n"
    ".line { color: #555; font-size: .85em; white-space: nowrap }\n"
    "table { border-collapse: collapse; width: 100% }\n"
    "th, td { border: 1px solid #999; padding: .25em .6em; text-align: left; "
    "vertical-align: top }\n"
    "tr, li { break-inside: avoid }\n"
    "@media print { body { max-width: none; margin: 0; font-size: 11pt } "
    "code { background: none } }\n"
    "</style>\n</head>\n<body>\n";

static void
html_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			putc(*text, out);
		}
}

/* CommonMark 2.4: a backslash in front of any ASCII punctuation makes it a character. These are the
 * ones that begin something inside of a line: with GitHub's extensions, links, mentions, emoji and
 * formulas, too. No text of ours lets one begin a line. */
static void
markdown_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("!#$&*+.:<=>@[\\]^_`{|}~", *text) != NULL)
			putc('\\', out);
		putc(*text, out);
	}
}

/* CommonMark 6.1: a fence longer than any run of backticks inside; blanks at both ends are taken
 * off again. In a table a bar ends the cell even inside of code, unless it is escaped. */
static void
markdown_code(FILE *out, const char *text, bool table)
{
	size_t longest = 0, run = 0;

	for (const char *at = text; *at != '\0'; at++) {
		run = *at == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		putc('`', out);
	if (longest > 0 || text[0] == ' ' || text[0] == '\0')
		putc(' ', out);
	for (; *text != '\0'; text++) {
		if (table && *text == '|')
			putc('\\', out);
		putc(*text, out);
	}
	if (longest > 0 || text[-1] == ' ')
		putc(' ', out);
	for (size_t i = 0; i <= longest; i++)
		putc('`', out);
}

static void
put_code(struct page *page, const char *text)
{
	if (page->style == PAGE_MARKDOWN) {
		markdown_code(page->out, text[0] != '\0' ? text : "\"\"", page->table);
		return;
	}
	fputs("<code>", page->out);
	html_text(page->out, text);
	fputs("</code>", page->out);
}

static void
put_text(struct page *page, const char *text)
{
	if (page->style == PAGE_MARKDOWN)
		markdown_text(page->out, text);
	else
		html_text(page->out, text);
}

/* What is ours may hold an apostrophe or a quotation mark, and no markup. */
static void
put_own(struct page *page, char c)
{
	const char one[2] = {c, '\0'};

	if (page->style == PAGE_HTML)
		html_text(page->out, one);
	else
		fputs(one, page->out);
}

static void
put_format(struct page *page, const char *format, va_list args)
{
	for (; *format != '\0'; format++) {
		if (format[0] == '{' && format[1] == '}')
			put_code(page, va_arg(args, const char *));
		else if (format[0] == '[' && format[1] == ']')
			put_text(page, va_arg(args, const char *));
		else {
			put_own(page, *format);
			continue;
		}
		format++;
	}
}

/* Ends the block that is open. */
static void
close_block(struct page *page)
{
	if (page->close != NULL)
		fputs(page->close, page->out);
	page->close = NULL;
}

/* Ends lists that are deeper than depth, and the table. */
static void
close_to(struct page *page, unsigned depth)
{
	bool html = page->style == PAGE_HTML;

	close_block(page);
	if (page->table)
		fputs(html ? "</tbody></table>\n" : "\n", page->out);
	page->table = false;
	if (page->depth > 0 && depth == 0 && !html)
		putc('\n', page->out);
	for (; page->depth > depth; page->depth--)
		if (html)
			fputs("</li></ul>\n", page->out);
}

bool
page_begin(struct page *page, enum page_style style, const char *title)
{
	*page = (struct page){.style = style};
	page->out = open_memstream(&page->text, &page->length);
	if (page->out == NULL)
		return false;
	if (style == PAGE_HTML) {
		fputs(html_head, page->out);
		html_text(page->out, title);
		fputs(html_style, page->out);
	}
	return true;
}

char *
page_end(struct page *page)
{
	bool sound;

	close_to(page, 0);
	if (page->style == PAGE_HTML)
		fputs("</body>\n</html>\n", page->out);
	sound = !page->failed && ferror(page->out) == 0;
	sound = fclose(page->out) == 0 && sound;
	page->out = NULL;
	if (sound)
		return page->text;
	free(page->text);
	return NULL;
}

void
page_heading(struct page *page, unsigned level, const char *format, ...)
{
	static const char *const ends[] = {"</h1>\n", "</h2>\n", "</h3>\n"};
	va_list args;

	close_to(page, 0);
	if (page->style == PAGE_HTML)
		fprintf(page->out, "<h%u>", level);
	else
		fprintf(page->out, "%.*s ", (int)level, "###");
	va_start(args, format);
	put_format(page, format, args);
	va_end(args);
	page->close = page->style == PAGE_HTML ? ends[level - 1] : "\n\n";
}

void
page_paragraph(struct page *page, const char *format, ...)
{
	va_list args;

	close_to(page, 0);
	if (page->style == PAGE_HTML)
		fputs("<p>", page->out);
	va_start(args, format);
	put_format(page, format, args);
	va_end(args);
	page->close = page->style == PAGE_HTML ? "</p>\n" : "\n\n";
}

void
page_item(struct page *page, unsigned depth, const char *format, ...)
{
	bool html = page->style == PAGE_HTML;
	va_list args;

	close_to(page, depth);
	if (html && page->depth == depth)
		fputs("</li>\n", page->out);
	for (; page->depth < depth; page->depth++)
		if (html)
			fputs("<ul>\n", page->out);
	if (html)
		fputs("<li>", page->out);
	else
		fprintf(page->out, "%*s- ", (int)(2 * (depth - 1)), "");
	va_start(args, format);
	put_format(page, format, args);
	va_end(args);
	page->close = html ? "" : "\n";
}

void
page_more(struct page *page, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_format(page, format, args);
	va_end(args);
}

void
page_line(struct page *page, uint32_t line)
{
	if (line == 0)
		return;
	fprintf(page->out,
	    page->style == PAGE_HTML ? " <span class=\"line\">(line %u)</span>" : " (line %u)",
	    line);
}

void
page_table(struct page *page, const char *first, const char *second, const char *third)
{
	close_to(page, 0);
	fprintf(page->out,
	    page->style == PAGE_HTML
		? "<table><thead><tr><th>%s</th><th>%s</th><th>%s</th></tr></thead><tbody>\n"
		: "| %s | %s | %s |\n|---|---|---|\n",
	    first, second, third);
	page->table = true;
}

void
page_row(struct page *page, const char *first, const char *second, const char *third)
{
	bool html = page->style == PAGE_HTML;
	const char *between = html ? "</td><td>" : " | ";

	fputs(html ? "<tr><td>" : "| ", page->out);
	put_code(page, first);
	fputs(between, page->out);
	put_text(page, second);
	fputs(between, page->out);
	put_text(page, third);
	fputs(html ? "</td></tr>\n" : " |\n", page->out);
}
