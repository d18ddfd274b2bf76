/* value.h - one data model for JSON, MessagePack and policy arguments.
 *
 * A value borrows its bytes from the arena or buffer it was built from. Invariant: a tree that a
 * decoder hands out is within VALUE_DEPTH_MAX, its strings are UTF-8, and no map has a key twice.
 */
#ifndef COMMON_VALUE_H
#define COMMON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VALUE_DEPTH_MAX = 32 };

enum value_type {
	VALUE_NULL = 0,
	VALUE_BOOL,
	VALUE_INT,  /* int64_t; an unsigned above INT64_MAX is refused by the decoders */
	VALUE_REAL, /* finite double */
	VALUE_STRING,
	VALUE_BYTES,
	VALUE_ARRAY,
	VALUE_MAP, /* keys are strings */
};

struct value_pair;

struct value {
	enum value_type type;
	uint32_t length; /* bytes of a string or bytes, items of an array, pairs of a map */
	union {
		bool boolean;
		int64_t integer;
		double real;
		const char *string; /* not NUL-terminated unless its decoder says so */
		const struct value *items;
		const struct value_pair *pairs;
	};
};

struct value_pair {
	struct value key; /* VALUE_STRING */
	struct value value;
};

/* The name of a type as the policy language spells it: null boolean integer number string bytes
 * array object. */
const char *value_type_name(enum value_type type);
/* The member of a map by name, or NULL: not a map, or no such member. */
const struct value *value_get(const struct value *map, const char *name);
/* The member of a map by a name of length bytes, or NULL. */
const struct value *value_get_n(const struct value *map, const char *name, size_t length);
/* Walks a path such as $.pull_request.number or $.labels[0]; NULL where it leads nowhere or is
 * malformed. A path is '$' followed by .name and [index] steps. */
const struct value *value_path(const struct value *root, const char *path);
/* True for a string equal to text. */
bool value_is_string(const struct value *value, const char *text);
/* Deep equality. 1 and 1.0 are equal, maps are equal in any order. */
bool value_equal(const struct value *a, const struct value *b);
/* A string value that borrows text. */
struct value value_string(const char *text);
struct value value_integer(int64_t number);
struct value value_boolean(bool boolean);
/* A member of a map; borrows name. */
struct value_pair value_member(const char *name, struct value value);

#endif
