/* yaml.h - the strict subset of YAML that policies are written in, as a tree with positions.
 *
 * Invariant: a text that loads means the same to every YAML reader, old or new, and to the person
 * who reads it. So there are no anchors, aliases, merge keys, tags, directives, second documents,
 * block texts, invisible characters or repeated keys; tabs and carriage returns neither. */
#ifndef POLICY_YAML_H
#define POLICY_YAML_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/fault.h"
#include "policy/problem.h"

enum {
	YAML_DEPTH_MAX = 16,    /* the language nests half as deep */
	YAML_NODES_MAX = 65536, /* more than a reviewer reads; bounds the tree's memory */
};

enum yaml_kind { YAML_SCALAR = 0, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	bool plain;       /* a scalar without quotes */
	bool flow;        /* a list or map in brackets */
	const char *text; /* of a scalar, terminated, no control characters */
	uint32_t length;  /* bytes of text */
	uint32_t count;   /* items of a list, keys of a map */
	struct policy_place place;
	uint32_t from, to;       /* bytes of the file that a scalar with its quotes, or a list or
				  * map in brackets, covers; of another list or map: from only */
	struct yaml_node *child; /* the first item, or the first key */
	struct yaml_node *next;  /* the next item, or the next key */
	struct yaml_node *value; /* of a key */
	uint64_t number;         /* set by the reader where the language wants a number */
};

/* What a YAML reader makes of a scalar without quotes. */
enum yaml_scalar {
	YAML_TEXT = 0,
	YAML_NULL,
	YAML_BOOLEAN,   /* true, false */
	YAML_INTEGER,   /* canonical, within int64_t */
	YAML_NUMBER,    /* canonical decimal fraction */
	YAML_AMBIGUOUS, /* readers disagree: yes, 010, 1e3, 12:30, 2024-01-01 */
};

/* Parses file into a tree in arena. ERR_POLICY: problems says why. ERR_INTERNAL: out of memory.
 * Allocates; no I/O. Trust: the text may come from anyone. */
MUST_USE enum err policy_yaml_parse(const struct policy_file *file, struct arena *arena,
    struct yaml_node **ret_root, struct policy_problems *problems);
/* True when the bytes of file may be YAML of ours at all: size, UTF-8, no control or invisible
 * characters. */
MUST_USE bool policy_yaml_text_check(
    const struct policy_file *file, struct policy_problems *problems);
/* Reports keys of a map that occur twice; false when there are any or memory is out. */
MUST_USE bool policy_yaml_keys_check(
    const struct yaml_node *map, const struct policy_file *file, struct policy_problems *problems);
/* The key of a map by its name; NULL: there is none, or map is no map. */
const struct yaml_node *policy_yaml_find(const struct yaml_node *map, const char *name);
/* Classifies a scalar; one in quotes is YAML_TEXT. */
enum yaml_scalar policy_yaml_scalar(const struct yaml_node *node);
/* "a list", "a map", or "text", for messages. */
const char *policy_yaml_kind_name(const struct yaml_node *node);

#endif
