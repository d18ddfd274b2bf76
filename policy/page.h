/* page.h - a document written once and shown as Markdown (CommonMark with tables) or as HTML.
 *
 * Invariant: texts of a policy reach the page as arguments only, and every argument is escaped for
 * where it stands: none can become markup, a link or a script. In a format "{}" stands for an
 * argument shown as code, "[]" for one shown as plain text; everything else is ours. */
#ifndef POLICY_PAGE_H
#define POLICY_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum page_style { PAGE_MARKDOWN = 0, PAGE_HTML };

struct page {
	FILE *out;
	enum page_style style;
	char *text;
	size_t length;
	const char *close; /* what ends the block that is open; "" or NULL: none is */
	unsigned depth;    /* of the list that is open */
	bool table;
	bool failed; /* memory was out for something on it: then there is no page */
};

/* False: out of memory. */
bool page_begin(struct page *page, enum page_style style, const char *title);
/* The document, terminated, heap memory of the caller's. NULL: out of memory. */
char *page_end(struct page *page);

/* Each begins a block that page_more continues. Arguments: const char * for each placeholder. */
void page_heading(struct page *page, unsigned level, const char *format, ...);
void page_paragraph(struct page *page, const char *format, ...);
/* An item of a list; depth 1 is the outermost. */
void page_item(struct page *page, unsigned depth, const char *format, ...);
void page_more(struct page *page, const char *format, ...);
/* Where it stands in the file. */
void page_line(struct page *page, uint32_t line);

/* A table of three columns: the first is code. */
void page_table(struct page *page, const char *first, const char *second, const char *third);
void page_row(struct page *page, const char *first, const char *second, const char *third);

#endif
