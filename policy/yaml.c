#include "policy/yaml.h"

#include <libfyaml.h>

#include "common/utf8.h"

/* The tree under construction: the open lists and maps, outermost first. */
struct builder {
	const struct policy_file *file;
	struct arena *arena;
	struct policy_problems *problems;
	struct {
		struct yaml_node *node;
		struct yaml_node *last; /* its newest item or key */
		bool want_value;        /* last is a key that has none yet */
	} open[YAML_DEPTH_MAX];
	uint32_t depth, nodes, documents;
	struct yaml_node *root;
	bool out_of_memory;
	/* Where the last position was found: positions only grow, so that finding all of them
	 * reads the text once. */
	size_t offset;
	struct policy_place at;
};

static struct policy_place
place_of(struct builder *b, size_t from, size_t to)
{
	const unsigned char *text = (const unsigned char *)b->file->text;
	struct policy_place place;

	if (to > b->file->length)
		to = b->file->length;
	while (b->offset < from && b->offset < b->file->length) {
		b->at.column++;
		if (text[b->offset] == '\n') {
			b->at.line++;
			b->at.column = 1;
		}
		b->offset += utf8_width(text + b->offset, b->file->length - b->offset);
	}
	place = b->at;
	place.width = 1;
	for (size_t i = from; i < to && text[i] != '\n';) {
		i += utf8_width(text + i, b->file->length - i);
		place.width += i < to && text[i] != '\n';
	}
	return place;
}

/* Bytes of the file. */
struct span {
	size_t from, to;
};

static struct span
token_span(const struct builder *b, struct fy_token *token)
{
	const struct fy_mark *start = token != NULL ? fy_token_start_mark(token) : NULL;
	const struct fy_mark *end = token != NULL ? fy_token_end_mark(token) : NULL;
	enum fy_token_type type = fy_token_get_type(token);
	bool outside; /* libfyaml's marks leave quotes, & and * out */

	if (start == NULL || end == NULL)
		return (struct span){b->offset, b->offset};
	outside = type == FYTT_SCALAR && fy_token_scalar_style(token) != FYSS_PLAIN;
	if (start->input_pos > 0 && (outside || type == FYTT_ANCHOR || type == FYTT_ALIAS))
		return (struct span){start->input_pos - 1, end->input_pos + outside};
	return (struct span){start->input_pos, end->input_pos};
}

static struct policy_place
token_place(struct builder *b, struct fy_token *token)
{
	struct span span = token_span(b, token);

	return place_of(b, span.from, span.to);
}

/* Every refusal of the subset ends here. Returns false, for the caller to pass on. */
static bool
refuse(struct builder *b, struct policy_place place, const char *why)
{
	policy_problem_add(b->problems, b->file, place, "", "%s", why);
	return false;
}

static bool
key_is_sound(struct builder *b, const struct yaml_node *key)
{
	if (key->kind != YAML_SCALAR)
		return refuse(b, key->place, "a list or map as a key; expected a name");
	if (key->plain && strcmp(key->text, "<<") == 0)
		return refuse(b, key->place, "a merge key; write the keys out where they apply");
	return true;
}

/* Hangs node where the innermost open list or map waits for one. */
static bool
attach(struct builder *b, struct yaml_node *node)
{
	struct yaml_node *parent, *last;

	if (b->depth == 0) {
		b->root = node;
		return true;
	}
	parent = b->open[b->depth - 1].node;
	last = b->open[b->depth - 1].last;
	if (b->open[b->depth - 1].want_value) {
		b->open[b->depth - 1].want_value = false;
		last->value = node;
		return true;
	}
	if (parent->kind == YAML_MAP && !key_is_sound(b, node))
		return false;
	b->open[b->depth - 1].want_value = parent->kind == YAML_MAP;
	*(last != NULL ? &last->next : &parent->child) = node;
	b->open[b->depth - 1].last = node;
	parent->count++;
	return true;
}

static struct yaml_node *
new_node(struct builder *b, enum yaml_kind kind, struct fy_token *token)
{
	enum fy_token_type type = fy_token_get_type(token);
	struct policy_place place = token_place(b, token);
	struct span span = token_span(b, token);
	struct yaml_node *node;

	if (b->nodes++ == YAML_NODES_MAX) {
		refuse(b, place, "the file has more than 65536 values");
		return NULL;
	}
	node = arena_alloc(b->arena, sizeof(*node));
	if (node == NULL) {
		b->out_of_memory = true;
		return NULL;
	}
	node->kind = kind;
	node->place = place;
	node->from = (uint32_t)span.from;
	node->to = (uint32_t)span.to;
	node->flow = type == FYTT_FLOW_SEQUENCE_START || type == FYTT_FLOW_MAPPING_START;
	return node;
}

/* Refused before the node exists: an anchor or a tag changes what a reader sees elsewhere. */
static bool
properties_are_absent(struct builder *b, struct fy_token *anchor, struct fy_token *tag)
{
	if (anchor != NULL)
		return refuse(
		    b, token_place(b, anchor), "an anchor; write the value out where it is used");
	if (tag != NULL)
		return refuse(b, token_place(b, tag), "a tag; a value's type is the key's");
	return true;
}

/* '' in single quotes, \" and \\ in double ones become what they stand for. Every other escape is
 * refused: what is read must be what is seen. Answers the length, or -1. */
static ssize_t
unescape(char *text, size_t length, enum fy_scalar_style style)
{
	size_t to = 0;

	for (size_t i = 0; i < length; i++) {
		if (style == FYSS_SINGLE_QUOTED && text[i] == '\'')
			i++;
		if (style == FYSS_DOUBLE_QUOTED && text[i] == '\\' && text[++i] != '"' &&
		    text[i] != '\\')
			return -1;
		text[to++] = text[i];
	}
	text[to] = '\0';
	return (ssize_t)to;
}

/* What a text over several lines says to people. Returns its length. */
static size_t
join_lines(char *text, size_t length)
{
	size_t to = 0;

	for (size_t i = 0; i < length; i++) {
		bool blank = text[i] == ' ' || text[i] == '\n';

		if (!blank)
			text[to++] = text[i];
		else if (to > 0 && text[to - 1] != ' ')
			text[to++] = ' ';
	}
	to -= to > 0 && text[to - 1] == ' ';
	text[to] = '\0';
	return to;
}

/* The bytes between a scalar's marks, without its quotes. libfyaml would decode them, too, but
 * knows more escapes than we want, and leaks on many of them (its issue 233, in Debian's 0.7.12).
 */
static bool
read_scalar(struct builder *b, struct fy_token *token, struct yaml_node *node)
{
	const struct fy_mark *start = token != NULL ? fy_token_start_mark(token) : NULL;
	const struct fy_mark *end = token != NULL ? fy_token_end_mark(token) : NULL;
	enum fy_scalar_style style = fy_token_scalar_style(token);
	const char *raw = "";
	size_t n = 0;
	ssize_t length;
	char *text;

	if (!b->file->prose && (style == FYSS_LITERAL || style == FYSS_FOLDED))
		return refuse(b, node->place, "a block text; write it on one line");
	if (start != NULL && end != NULL && start->input_pos <= end->input_pos &&
	    end->input_pos <= b->file->length) {
		raw = b->file->text + start->input_pos;
		n = end->input_pos - start->input_pos;
	}
	if (!b->file->prose && memchr(raw, '\n', n) != NULL)
		return refuse(b, node->place, "a text over several lines; write it on one line");
	text = arena_copy(b->arena, raw, n);
	if (text == NULL) {
		b->out_of_memory = true;
		return false;
	}
	if (memchr(text, '\n', n) != NULL)
		n = join_lines(text, n);
	length = unescape(text, n, style);
	if (length < 0)
		return refuse(b, node->place,
		    "an escape; only \\\" and \\\\ are read, write the character itself");
	node->text = text;
	node->length = (uint32_t)length;
	node->plain = style == FYSS_PLAIN;
	return true;
}

static bool
take_scalar(struct builder *b, struct fy_event *event)
{
	struct yaml_node *node;

	if (!properties_are_absent(b, event->scalar.anchor, event->scalar.tag))
		return false;
	node = new_node(b, YAML_SCALAR, event->scalar.value);
	return node != NULL && read_scalar(b, event->scalar.value, node) && attach(b, node);
}

static bool
open_node(struct builder *b, enum yaml_kind kind, struct fy_token *token)
{
	struct yaml_node *node;

	if (b->depth == YAML_DEPTH_MAX)
		return refuse(b, token_place(b, token), "lists and maps are nested deeper than 16");
	node = new_node(b, kind, token);
	if (node == NULL || !attach(b, node))
		return false;
	node->place.width = 1;
	b->open[b->depth].node = node;
	b->open[b->depth].last = NULL;
	b->open[b->depth++].want_value = false;
	return true;
}

static bool
take_list(struct builder *b, struct fy_event *event)
{
	return properties_are_absent(b, event->sequence_start.anchor, event->sequence_start.tag) &&
	       open_node(b, YAML_LIST, event->sequence_start.sequence_start);
}

static bool
take_map(struct builder *b, struct fy_event *event)
{
	return properties_are_absent(b, event->mapping_start.anchor, event->mapping_start.tag) &&
	       open_node(b, YAML_MAP, event->mapping_start.mapping_start);
}

/* The innermost list or map ends; in brackets, with its bracket. */
static void
close_node(struct builder *b, struct fy_token *token)
{
	struct yaml_node *node = b->open[--b->depth].node;

	if (node->flow)
		node->to = (uint32_t)token_span(b, token).to;
}

static bool
take_end(struct builder *b, struct fy_event *event)
{
	close_node(b, event->sequence_end.sequence_end);
	return true;
}

static bool
take_map_end(struct builder *b, struct fy_event *event)
{
	uint32_t before = b->problems->count;
	bool unique = policy_yaml_keys_check(b->open[b->depth - 1].node, b->file, b->problems);

	close_node(b, event->mapping_end.mapping_end);
	/* A repeated key is no reason to stop: the tree is whole, and there may be more to say. */
	b->out_of_memory = !unique && b->problems->count == before;
	return !b->out_of_memory;
}

static bool
take_alias(struct builder *b, struct fy_event *event)
{
	return refuse(b, token_place(b, event->alias.anchor),
	    "an alias; write the value out where it is used");
}

static bool
take_document(struct builder *b, struct fy_event *event)
{
	struct policy_place place = token_place(b, event->document_start.document_start);
	struct fy_document_state *state = event->document_start.document_state;

	if (fy_document_state_version_explicit(state) || fy_document_state_tags_explicit(state))
		return refuse(b, place, "a directive above this line; a policy has none");
	if (b->documents++ > 0)
		return refuse(b, place, "a second document; one file holds one policy");
	return true;
}

static bool
take_nothing(struct builder *b, struct fy_event *event)
{
	(void)b;
	(void)event;
	return true;
}

static bool (*const takers[])(struct builder *b, struct fy_event *event) = {
    [FYET_NONE] = take_nothing,
    [FYET_STREAM_START] = take_nothing,
    [FYET_STREAM_END] = take_nothing,
    [FYET_DOCUMENT_START] = take_document,
    [FYET_DOCUMENT_END] = take_nothing,
    [FYET_MAPPING_START] = take_map,
    [FYET_MAPPING_END] = take_map_end,
    [FYET_SEQUENCE_START] = take_list,
    [FYET_SEQUENCE_END] = take_end,
    [FYET_SCALAR] = take_scalar,
    [FYET_ALIAS] = take_alias,
};

/* What libfyaml itself has to say: the first of its errors. */
static void
report_syntax(struct builder *b, struct fy_diag *diag)
{
	void *iterator = NULL;
	const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &iterator);
	struct policy_place place = {0};

	if (error != NULL && error->line > 0 && error->column > 0)
		place = (struct policy_place){(uint32_t)error->line, (uint32_t)error->column, 1};
	policy_problem_add(b->problems, b->file, place, "", "this is not YAML: %s",
	    error != NULL && error->msg != NULL ? error->msg : "it cannot be parsed");
}

/* True when the whole stream was taken. */
static bool
build(struct builder *b, struct fy_parser *parser, struct fy_diag *diag)
{
	struct fy_event *event;
	bool sound = true;

	while (sound && (event = fy_parser_parse(parser)) != NULL) {
		sound = (unsigned)event->type < ARRAY_SIZE(takers) && takers[event->type](b, event);
		fy_parser_event_free(parser, event);
	}
	if (sound && fy_parser_get_stream_error(parser)) {
		report_syntax(b, diag);
		return false;
	}
	return sound;
}

static void
discard(struct fy_diag *diag, void *user, const char *text, size_t length)
{
	(void)diag;
	(void)user;
	(void)text;
	(void)length;
}

static bool
parse(struct builder *b)
{
	struct fy_diag_cfg quiet;
	struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG};
	struct fy_parser *parser = NULL;
	bool sound = false;

	fy_diag_cfg_default(&quiet);
	quiet.fp = NULL;
	quiet.output_fn = discard; /* a library says nothing by itself */
	config.diag = fy_diag_create(&quiet);
	if (config.diag != NULL) {
		fy_diag_set_collect_errors(config.diag, true);
		parser = fy_parser_create(&config);
	}
	if (parser != NULL && fy_parser_set_string(parser, b->file->text, b->file->length) == 0)
		sound = build(b, parser, config.diag);
	else
		b->out_of_memory = true;
	fy_parser_destroy(parser);
	fy_diag_destroy(config.diag);
	return sound;
}

enum err
policy_yaml_parse(const struct policy_file *file, struct arena *arena, struct yaml_node **ret_root,
    struct policy_problems *problems)
{
	struct builder b = {.file = file, .arena = arena, .problems = problems, .at = {1, 1, 1}};
	uint32_t before = problems->count;
	bool sound;

	if (!policy_yaml_text_check(file, problems))
		return ERR_POLICY;
	if (file->length == 0) {
		policy_problem_add(problems, file, (struct policy_place){0}, "",
		    "the file is empty; expected a policy or a tools manifest");
		return ERR_POLICY;
	}
	sound = parse(&b);
	if (b.out_of_memory)
		return ERR_INTERNAL;
	if (sound && b.root == NULL)
		refuse(&b, (struct policy_place){1, 1, 1}, "the file holds nothing but comments");
	if (!sound || problems->count != before)
		return ERR_POLICY;
	*ret_root = b.root;
	return ERR_OK;
}
