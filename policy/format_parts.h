/* format_parts.h - a file being laid out: what of it is written, and what is still to come. */
#ifndef POLICY_FORMAT_PARTS_H
#define POLICY_FORMAT_PARTS_H

#include "policy/yaml.h"

struct format_comment {
	uint32_t from, to; /* bytes of the file, the # included */
	uint32_t line, column;
	uint32_t after; /* where the last token in front of it on its line ends; 0: there is none */
	bool own_line;
};

/* The comments of a file, in its order. */
struct format_comments {
	const struct format_comment *items;
	uint32_t count;
};

/* Finds them: whatever begins with # outside the scalars of the tree. false: out of memory. */
MUST_USE bool format_comments_find(const struct policy_file *file, const struct yaml_node *root,
    struct arena *arena, struct format_comments *ret);
/* Characters of text[0..length), which is UTF-8. */
uint32_t format_width(const char *text, size_t length);

#endif
