/* Memory patterns, such as ws/{workspace}/code-review/{repo}/x*. A variable is a whole segment in
 * front of the first wildcard, so that two different sets of values never spell the same key, and a
 * value is never read as part of a pattern. */
#include <stdio.h>

#include "common/text.h"
#include "policy/constraint.h"
#include "policy/rule_read.h"

enum { WORDS_MAX = 256, PATTERN_MAX = GLOB_LENGTH_MAX };

static const char own[] = "ws/{workspace}/";

static void
add_piece(struct policy_pattern *pattern, const char *text, size_t length, bool variable)
{
	if (length == 0)
		return;
	pattern->pieces[pattern->piece_count++] =
	    (struct policy_piece){.text = text, .length = (uint32_t)length, .variable = variable};
}

/* A variable's name between { and }, at most POLICY_NAME_MAX of [a-z0-9_]. */
static bool
check_variable(
    struct policy_reader *reader, const struct yaml_node *node, const char *name, size_t length)
{
	static const char *const known[] = {"workspace", NULL};
	char word[POLICY_NAME_MAX + 1];

	if (length == 0 || length > POLICY_NAME_MAX || (name[0] >= '0' && name[0] <= '9') ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") <
		length) {
		policy_read_problem(reader, node, NULL,
		    "{%.*s} is no variable; expected {workspace} or a top-level field of the "
		    "trigger's payload",
		    length < POLICY_NAME_MAX ? (int)length : POLICY_NAME_MAX, name);
		return false;
	}
	memcpy(word, name, length);
	word[length] = '\0';
	if (strcmp(word, known[0]) != 0 && text_nearest(word, known) != NULL) {
		policy_read_problem(
		    reader, node, "did you mean {workspace}?", "unknown variable {%s}", word);
		return false;
	}
	return true;
}

/* One segment that holds a brace: all of it must be {name}. */
static bool
read_variable(struct policy_reader *reader, const struct yaml_node *node, const char *segment,
    size_t length, struct policy_pattern *pattern)
{
	if (length < 2 || segment[0] != '{' || segment[length - 1] != '}') {
		policy_read_problem(reader, node, NULL,
		    "a variable stands alone between two slashes; \"%.*s\" mixes it with text",
		    (int)length, segment);
		return false;
	}
	if (!check_variable(reader, node, segment + 1, length - 2))
		return false;
	add_piece(pattern, policy_read_format(reader, "%.*s", (int)(length - 2), segment + 1),
	    length - 2, true);
	return true;
}

/* From the first wildcard to the end. segment is where its segment begins. */
static void
read_rest(struct policy_reader *reader, const struct yaml_node *node, const char *segment,
    const char *rest, struct policy_pattern *pattern)
{
	const char *fault = NULL;

	if (strpbrk(segment, "{}") != NULL) {
		policy_read_problem(reader, node, NULL,
		    "a variable beside or behind a wildcard; expected variables first, each a "
		    "segment of its own");
		return;
	}
	pattern->has_glob = true;
	if (policy_glob_compile(rest, strlen(rest), reader->arena, &pattern->glob, &fault))
		return;
	if (fault != NULL)
		policy_read_problem(reader, node, NULL, "%s", fault);
	reader->out_of_memory = reader->out_of_memory || fault == NULL;
}

/* Cuts the text into pieces and a glob. Literal pieces hold their slashes. */
static void
cut(struct policy_reader *reader, const struct yaml_node *node, struct policy_pattern *pattern)
{
	const char *text = node->text;
	size_t literal = 0, at = 0;

	while (text[at] != '\0') {
		size_t length = strcspn(text + at, "/");
		const char *star = memchr(text + at, '*', length);
		bool braces = strcspn(text + at, "{}") < length;

		if (star != NULL) {
			add_piece(pattern, pattern->text + literal, (size_t)(star - text) - literal,
			    false);
			read_rest(reader, node, text + at, star, pattern);
			return;
		}
		if (braces && pattern->piece_count + 3 > POLICY_PIECES_MAX) {
			policy_read_problem(reader, node, NULL, "more than 15 variables");
			return;
		}
		if (braces) {
			add_piece(pattern, pattern->text + literal, at - literal, false);
			if (!read_variable(reader, node, text + at, length, pattern))
				return;
			literal = at + length;
		}
		at += length + (text[at + length] == '/');
	}
	add_piece(pattern, pattern->text + literal, at - literal, false);
}

static void
read_pattern(
    struct policy_reader *reader, const struct yaml_node *node, struct policy_pattern *pattern)
{
	pattern->line = node->place.line;
	pattern->text = policy_read_copy(reader, node->text);
	if (reader->out_of_memory)
		return;
	if (node->length > PATTERN_MAX)
		policy_read_problem(reader, node, NULL, "a pattern of more than 255 bytes");
	else if (strncmp(node->text, own, sizeof(own) - 1) != 0)
		policy_read_problem(reader, node, NULL,
		    "\"%s\" can never match; a pattern begins with %s", node->text, own);
	else if (!policy_key_is_valid(node->text, node->length))
		policy_read_problem(reader, node, NULL,
		    "\"%s\" can never match; no segment of a key is empty, \".\" or \"..\"",
		    node->text);
	else
		cut(reader, node, pattern);
}

void
policy_read_patterns(
    struct policy_reader *reader, const struct yaml_node *key, struct policy_patterns *ret)
{
	struct policy_pattern *patterns =
	    policy_read_alloc(reader, key->value->count, sizeof(*patterns));
	char words[WORDS_MAX] = "";
	size_t used = 0;
	uint32_t n = 0;

	if (patterns == NULL)
		return;
	for (const struct yaml_node *item = key->value->child; item != NULL; item = item->next) {
		int length = snprintf(
		    words + used, sizeof(words) - used, "%s%s", n > 0 ? ", " : "", item->text);

		if (length > 0 && (size_t)length < sizeof(words) - used)
			used += (size_t)length;
		else
			words[used] = '\0';
		read_pattern(reader, item, &patterns[n++]);
	}
	*ret = (struct policy_patterns){
	    .section = {.rule = policy_read_format(reader, "memory.%s", key->text),
		.line = key->place.line,
		.allowed = policy_read_copy(reader, words)},
	    .items = patterns,
	    .count = n,
	};
}
