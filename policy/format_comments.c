/* Comments: libfyaml drops them, but what lies between the tokens of the tree is white space,
 * punctuation and comments, so that they can be found without reading YAML a second time. */
#include "policy/format_parts.h"

#include "common/utf8.h"

/* The ends of a token: a scalar, or the closing bracket of a list or map. */
struct token {
	uint32_t from, to;
};

struct collecting {
	struct token *tokens; /* in the file's order */
	uint32_t count;
};

static void
collect(struct collecting *c, const struct yaml_node *node)
{
	for (; node != NULL; node = node->next) {
		if (node->kind == YAML_SCALAR && node->to > node->from)
			c->tokens[c->count++] = (struct token){node->from, node->to};
		if (node->child != NULL)
			collect(c, node->child);
		if (node->flow)
			c->tokens[c->count++] = (struct token){node->to - 1, node->to};
		if (node->value != NULL)
			collect(c, node->value);
	}
}

static uint32_t
count_nodes(const struct yaml_node *node)
{
	uint32_t n = 0;

	for (; node != NULL; node = node->next)
		n += 1 + count_nodes(node->child) + count_nodes(node->value);
	return n;
}

uint32_t
format_width(const char *text, size_t length)
{
	uint32_t width = 0;

	for (size_t i = 0; i < length; width++) {
		size_t n = utf8_width((const unsigned char *)text + i, length - i);

		i += n > 0 ? n : 1;
	}
	return width;
}

/* Where the scan stands. */
struct scan {
	uint32_t line, line_from;
	uint32_t token;    /* the next one */
	uint32_t after;    /* as in struct format_comment */
	bool blank_so_far; /* of the line */
};

static void
next_line(struct scan *s, uint32_t from)
{
	s->line++;
	s->line_from = from;
	s->after = 0;
	s->blank_so_far = true;
}

/* The comment at from. */
static struct format_comment
read_comment(const struct policy_file *file, const struct scan *s, uint32_t from)
{
	const char *end = memchr(file->text + from, '\n', file->length - from);
	size_t to = end != NULL ? (size_t)(end - file->text) : file->length;

	while (file->text[to - 1] == ' ')
		to--;
	return (struct format_comment){.from = from,
	    .to = (uint32_t)to,
	    .line = s->line,
	    .column = format_width(file->text + s->line_from, from - s->line_from) + 1,
	    .after = s->after,
	    .own_line = s->blank_so_far};
}

/* Goes through the file; items NULL: only counts. */
static uint32_t
scan(const struct policy_file *file, const struct collecting *c, struct format_comment *items)
{
	struct scan s = {.line = 1, .blank_so_far = true};
	uint32_t count = 0;

	for (uint32_t i = 0; i < file->length;) {
		if (s.token < c->count && i == c->tokens[s.token].from) {
			i = s.after = c->tokens[s.token++].to;
			s.blank_so_far = false;
		} else if (file->text[i] == '#') {
			struct format_comment comment = read_comment(file, &s, i);

			if (items != NULL)
				items[count] = comment;
			count++;
			i = comment.to;
			s.blank_so_far = false;
		} else if (file->text[i++] == '\n') {
			next_line(&s, i);
		} else if (file->text[i - 1] != ' ') {
			s.blank_so_far = false;
		}
	}
	return count;
}

bool
format_comments_find(const struct policy_file *file, const struct yaml_node *root,
    struct arena *arena, struct format_comments *ret)
{
	struct collecting c = {.tokens = arena_array(arena, count_nodes(root), sizeof(*c.tokens))};
	struct format_comment *items;

	if (c.tokens == NULL)
		return false;
	collect(&c, root);
	items = arena_array(arena, scan(file, &c, NULL) + 1, sizeof(*items));
	if (items == NULL)
		return false;
	ret->count = scan(file, &c, items);
	ret->items = items;
	return true;
}
