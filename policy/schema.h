/* schema.h - what a tool's arguments may be: the subset of JSON Schema that a manifest may use.
 *
 * Objects are closed: a property that the schema does not name is refused. An integer is a whole
 * number written as one; 1.0 is a number. Lengths count characters, as JSON Schema does. */
#ifndef POLICY_SCHEMA_H
#define POLICY_SCHEMA_H

#include "common/value.h"

enum {
	SCHEMA_DEPTH_MAX = 8,
	SCHEMA_PATH_MAX = 128,
};

/* X(enumerator, name in JSON Schema) */
#define POLICY_SCHEMA_TYPES(X) \
	X(STRING, string)      \
	X(INTEGER, integer)    \
	X(NUMBER, number)      \
	X(BOOLEAN, boolean)    \
	X(ARRAY, array)        \
	X(OBJECT, object)
#define POLICY_SCHEMA_ENUM(name, text) SCHEMA_##name,
/* 0 fits no value. */
enum policy_schema_type {
	SCHEMA_NONE = 0,
	POLICY_SCHEMA_TYPES(POLICY_SCHEMA_ENUM) SCHEMA_TYPE_COUNT
};

struct policy_property;

struct policy_schema {
	enum policy_schema_type type;
	const char *text;                /* what it accepts, for people */
	uint64_t min_length, max_length; /* characters of a string; max 0: any */
	bool has_minimum, has_maximum;
	struct value minimum, maximum; /* of a number */
	const struct value *values;    /* enum; count 0: any */
	uint32_t value_count;
	const struct policy_schema *items;        /* of an array; NULL: any */
	uint64_t max_items;                       /* 0: any */
	const struct policy_property *properties; /* of an object, sorted by name */
	uint32_t property_count;
};

struct policy_property {
	const char *name;
	bool required;
	struct policy_schema schema;
};

/* Where a value does not fit. Zeroed: nowhere. */
struct policy_misfit {
	char path[SCHEMA_PATH_MAX]; /* files[2].name */
	const char *allowed;        /* what the schema accepts there */
};

/* True when value fits schema; else *ret says where not. Pure, no allocation. */
bool policy_schema_fits(
    const struct policy_schema *schema, const struct value *value, struct policy_misfit *ret);
/* The property by a name of length bytes; NULL: there is none, or schema is no object. */
const struct policy_property *policy_schema_property(
    const struct policy_schema *schema, const char *name, size_t length);
/* True when value has type. */
bool policy_schema_is_type(enum policy_schema_type type, const struct value *value);
/* The names of all types, NULL-terminated. */
extern const char *const policy_schema_type_words[];
/* The name of a type; NULL outside the table. */
const char *policy_schema_type_name(enum policy_schema_type type);
/* Orders a name of length bytes and a terminated one by byte value: below, at or above 0. */
int policy_name_compare(const char *name, size_t length, const char *other);
/* Compares two numbers exactly: below, at or above 0. Both are VALUE_INT or VALUE_REAL. */
int policy_number_compare(const struct value *a, const struct value *b);
/* Characters of a string, items of an array; 0 for anything else. */
uint64_t policy_value_length(const struct value *value);

#endif
