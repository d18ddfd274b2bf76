#include "policy/format.h"

#include "policy/format_parts.h"
#include "policy/load.h"

enum {
	INDENT = 2,
	/* Above this no file could be loaded; the tree is as small as the file. */
	OUT_MAX = POLICY_FILE_BYTES_MAX,
};

struct formatting {
	const struct policy_file *file;
	struct format_comments comments;
	uint32_t next;          /* comment */
	const uint32_t *starts; /* of the file's lines */
	uint32_t line_count;
	uint32_t line; /* of the file, that was written last */
	bool fresh;    /* the block has nothing yet: no blank line before its first */
	char *out;
	size_t used;
	bool full;
};

static void
put(struct formatting *f, const char *text, size_t length)
{
	if (f->full || length > OUT_MAX - f->used) {
		f->full = true;
		return;
	}
	memcpy(f->out + f->used, text, length);
	f->used += length;
}

static void
put_text(struct formatting *f, const char *text)
{
	put(f, text, strlen(text));
}

static bool
is_blank(const struct formatting *f, uint32_t line)
{
	size_t i = f->starts[line - 1];

	while (i < f->file->length && f->file->text[i] == ' ')
		i++;
	return i == f->file->length || f->file->text[i] == '\n';
}

/* The line on which the byte at offset stands. */
static uint32_t
line_of(const struct formatting *f, uint32_t offset)
{
	uint32_t low = 0, high = f->line_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (f->starts[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low + 1;
}

/* Begins a line for what stands on line of the file. A blank line in front of it stays, one. */
static void
begin_line(struct formatting *f, uint32_t line, uint32_t indent)
{
	if (!f->fresh && line > 1 && line - 1 > f->line && is_blank(f, line - 1))
		put_text(f, "\n");
	for (uint32_t i = 0; i < indent; i++)
		put_text(f, " ");
	f->fresh = false;
	f->line = line > f->line ? line : f->line;
}

static void
put_comment(struct formatting *f)
{
	const struct format_comment *comment = &f->comments.items[f->next++];

	put(f, f->file->text + comment->from, comment->to - comment->from);
}

static const struct format_comment *
next_comment(const struct formatting *f)
{
	return f->next < f->comments.count ? &f->comments.items[f->next] : NULL;
}

/* Comments in front of the byte at before, each on a line of its own. */
static void
flush_comments(struct formatting *f, uint32_t before, uint32_t indent)
{
	const struct format_comment *comment;

	while ((comment = next_comment(f)) != NULL && comment->from < before) {
		begin_line(f, comment->line, indent);
		put_comment(f);
		put_text(f, "\n");
	}
}

/* Ends a line whose last token ends at end, with the comment that stands behind it. */
static void
finish_line(struct formatting *f, uint32_t end)
{
	const struct format_comment *comment = next_comment(f);
	uint32_t line = line_of(f, end - 1);

	if (comment != NULL && comment->after == end) {
		put_text(f, "  ");
		put_comment(f);
	}
	put_text(f, "\n");
	f->line = line > f->line ? line : f->line;
}

static uint32_t
source_width(const struct formatting *f, const struct yaml_node *node)
{
	return format_width(f->file->text + node->from, node->to - node->from);
}

static uint32_t
inline_width(const struct formatting *f, const struct yaml_node *node)
{
	uint32_t width = 2;

	if (node->kind == YAML_SCALAR)
		return source_width(f, node);
	for (const struct yaml_node *child = node->child; child != NULL; child = child->next) {
		width += 2 + inline_width(f, child);
		if (node->kind == YAML_MAP)
			width += 2 + inline_width(f, child->value);
	}
	/* "{ a, b }" has a space inside each bracket and ", " between: as many as ", " would. */
	return width;
}

static void
put_inline(struct formatting *f, const struct yaml_node *node)
{
	bool map = node->kind == YAML_MAP;

	if (node->kind == YAML_SCALAR) {
		put(f, f->file->text + node->from, node->to - node->from);
		return;
	}
	put_text(f, map ? "{" : "[");
	for (const struct yaml_node *child = node->child; child != NULL; child = child->next) {
		put_text(f, child == node->child ? " " : ", ");
		put_inline(f, child);
		if (map) {
			put_text(f, ": ");
			put_inline(f, child->value);
		}
	}
	put_text(f, node->child != NULL ? " " : "");
	put_text(f, map ? "}" : "]");
}

static bool
has_comment(const struct formatting *f, const struct yaml_node *node)
{
	for (uint32_t i = f->next; i < f->comments.count; i++) {
		if (f->comments.items[i].from >= node->to)
			return false;
		if (f->comments.items[i].from > node->from)
			return true;
	}
	return false;
}

/* Whether node stays on one line that has reached column. What is a block stays one. */
static bool
is_inline(const struct formatting *f, const struct yaml_node *node, uint32_t column)
{
	if (node->kind == YAML_SCALAR || (node->flow && node->child == NULL))
		return true;
	return node->flow && !has_comment(f, node) &&
	       column + inline_width(f, node) <= POLICY_FORMAT_COLUMNS;
}

/* Where the value of a key begins, when it stays on the key's line. */
static uint32_t
value_column(const struct formatting *f, const struct yaml_node *key, uint32_t indent)
{
	return indent + source_width(f, key) + 2;
}

/* The first token that ends up on the line that begins with node's first entry: comments in front
 * of it go above that line. */
static uint32_t
anchor(const struct formatting *f, const struct yaml_node *entry, bool map, uint32_t indent)
{
	const struct yaml_node *value = map ? entry->value : entry;
	uint32_t column = map ? value_column(f, entry, indent) : indent + INDENT;

	if (is_inline(f, value, column))
		return value->from;
	return map ? entry->from
		   : anchor(f, value->child, value->kind == YAML_MAP, indent + INDENT);
}

/* A block being written. */
struct block {
	const struct yaml_node *node;
	uint32_t indent;
	uint32_t column; /* of what holds it, in the file; 0: nothing does */
	uint32_t until;  /* the byte at which something else begins */
};

static void put_block(struct formatting *f, const struct block *block, bool on_line);

/* What stands behind "key:" or "- ". */
static void
put_value(
    struct formatting *f, const struct block *block, const struct yaml_node *entry, uint32_t until)
{
	bool map = block->node->kind == YAML_MAP;
	const struct yaml_node *value = map ? entry->value : entry;
	uint32_t column = map ? value_column(f, entry, block->indent) : block->indent + INDENT;
	const struct block inner = {.node = value,
	    .indent = block->indent + INDENT,
	    .column = block->node->flow ? 0 : block->node->place.column,
	    .until = value->flow ? value->to : until};

	if (is_inline(f, value, column)) {
		put_text(f, " ");
		put_inline(f, value);
		finish_line(f, value->to);
	} else if (map) {
		finish_line(f, entry->to);
		f->fresh = true;
		put_block(f, &inner, false);
	} else {
		put_text(f, " ");
		put_block(f, &inner, true);
	}
}

/* True for a comment behind the last entry that belongs to the block: within its brackets, behind
 * the bracket of its last entry, or indented as its entries are. */
static bool
is_of_tail(
    const struct formatting *f, const struct block *block, const struct format_comment *comment)
{
	const struct yaml_node *node = block->node;

	if (comment->from >= block->until)
		return false;
	if (node->flow || (!comment->own_line && comment->line == f->line))
		return true;
	return comment->own_line && comment->column >= node->place.column &&
	       comment->column > block->column;
}

static void
finish_block(struct formatting *f, const struct block *block)
{
	const struct format_comment *comment;
	uint32_t line;

	while ((comment = next_comment(f)) != NULL && is_of_tail(f, block, comment))
		flush_comments(f, comment->from + 1, block->indent);
	line = block->node->flow ? line_of(f, block->node->to - 1) : 0;
	f->line = line > f->line ? line : f->line;
}

/* on_line: the first entry goes on with the line. */
static void
put_block(struct formatting *f, const struct block *block, bool on_line)
{
	bool map = block->node->kind == YAML_MAP;

	for (const struct yaml_node *entry = block->node->child; entry != NULL;
	     entry = entry->next) {
		if (!on_line) {
			flush_comments(f, anchor(f, entry, map, block->indent), block->indent);
			begin_line(f, entry->place.line, block->indent);
		}
		on_line = false;
		if (map) {
			put(f, f->file->text + entry->from, entry->to - entry->from);
			put_text(f, ":");
		} else {
			put_text(f, "-");
		}
		put_value(f, block, entry, entry->next != NULL ? entry->next->from : block->until);
	}
	finish_block(f, block);
}

static void
put_file(struct formatting *f, const struct yaml_node *root)
{
	const struct block block = {.node = root, .until = (uint32_t)f->file->length};

	f->fresh = true;
	if (is_inline(f, root, 0)) {
		flush_comments(f, root->from, 0);
		begin_line(f, root->place.line, 0);
		put_inline(f, root);
		finish_line(f, root->to);
	} else {
		put_block(f, &block, false);
	}
	flush_comments(f, UINT32_MAX, 0);
}

static bool
find_lines(struct formatting *f, struct arena *arena)
{
	uint32_t *starts, n = 1;

	for (size_t i = 0; i < f->file->length; i++)
		n += f->file->text[i] == '\n';
	starts = arena_array(arena, n, sizeof(*starts));
	if (starts == NULL)
		return false;
	n = 1;
	for (uint32_t i = 0; i < f->file->length; i++)
		if (f->file->text[i] == '\n')
			starts[n++] = i + 1;
	f->starts = starts;
	f->line_count = n;
	return true;
}

static bool
is_same_tree(const struct yaml_node *a, const struct yaml_node *b)
{
	for (; a != NULL && b != NULL; a = a->next, b = b->next)
		if (a->kind != b->kind || a->plain != b->plain || a->length != b->length ||
		    a->count != b->count ||
		    (a->kind == YAML_SCALAR && memcmp(a->text, b->text, a->length) != 0) ||
		    !is_same_tree(a->child, b->child) || !is_same_tree(a->value, b->value))
			return false;
	return a == NULL && b == NULL;
}

static bool
are_same_comments(const struct formatting *f, const struct policy_file *other,
    const struct format_comments *comments)
{
	if (f->comments.count != comments->count)
		return false;
	for (uint32_t i = 0; i < comments->count; i++) {
		const struct format_comment *a = &f->comments.items[i], *b = &comments->items[i];

		if (a->to - a->from != b->to - b->from ||
		    memcmp(f->file->text + a->from, other->text + b->from, a->to - a->from) != 0)
			return false;
	}
	return true;
}

/* Reads what was written as if it were another file: nothing may be lost or mean another thing. */
static enum err
check(const struct formatting *f, const struct yaml_node *root, struct policy_problems *problems)
{
	const struct policy_file file = {.name = f->file->name, .text = f->out, .length = f->used};
	struct format_comments comments = {.count = 0};
	struct policy_problems ignored = {.count = 0};
	struct yaml_node *again = NULL;
	struct arena arena;
	enum err r;

	arena_init(&arena, 2 * POLICY_TREE_BYTES_MAX);
	r = policy_yaml_parse(&file, &arena, &again, &ignored);
	if (r == ERR_OK && !format_comments_find(&file, again, &arena, &comments))
		r = ERR_INTERNAL;
	if (r == ERR_POLICY || (r == ERR_OK && (!is_same_tree(root, again) ||
						   !are_same_comments(f, &file, &comments)))) {
		policy_problem_add(problems, f->file, root->place, "",
		    "this file cannot be laid out anew without changing what it says");
		r = ERR_POLICY;
	}
	arena_clear(&arena);
	return r;
}

/* The first key or value that is not there at all; NULL: none. None loads, and where such a thing
 * stands is anybody's guess. */
static const struct yaml_node *
find_empty(const struct yaml_node *node)
{
	const struct yaml_node *found = NULL;

	for (; node != NULL && found == NULL; node = node->next) {
		if (node->kind == YAML_SCALAR && node->from == node->to)
			return node;
		found = find_empty(node->child);
		if (found == NULL)
			found = find_empty(node->value);
	}
	return found;
}

static enum err
lay_out(struct formatting *f, struct arena *arena, struct policy_problems *problems)
{
	struct yaml_node *root = NULL;
	enum err r = policy_yaml_parse(f->file, arena, &root, problems);
	const struct yaml_node *empty = r == ERR_OK ? find_empty(root) : NULL;

	if (empty != NULL) {
		policy_problem_add(problems, f->file, empty->place, "",
		    "an empty key or value; write it out or leave it out");
		return ERR_POLICY;
	}
	if (r != ERR_OK)
		return r;
	f->out = malloc(OUT_MAX + 1);
	if (f->out == NULL || !find_lines(f, arena) ||
	    !format_comments_find(f->file, root, arena, &f->comments))
		return ERR_INTERNAL;
	put_file(f, root);
	f->out[f->used] = '\0';
	if (!f->full)
		return check(f, root, problems);
	policy_problem_add(problems, f->file, (struct policy_place){0}, "",
	    "laid out anew the file would have more than %d bytes", OUT_MAX);
	return ERR_POLICY;
}

enum err
policy_format(const struct policy_file *file, char **ret_text, size_t *ret_length,
    struct policy_problems *problems)
{
	struct formatting f = {.file = file};
	struct arena arena;
	enum err r;

	*problems = (struct policy_problems){.count = 0};
	arena_init(&arena, 2 * POLICY_TREE_BYTES_MAX);
	r = lay_out(&f, &arena, problems);
	arena_clear(&arena);
	if (r == ERR_OK) {
		*ret_text = TAKE(f.out);
		*ret_length = f.used;
	}
	free(f.out);
	return r;
}
