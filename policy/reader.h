/* reader.h - config files as tables: one row a key, one small handler a row.
 *
 * The same rows say what a key accepts to the loader, to error messages and to the JSON Schema for
 * editors. Invariant: a key that no row names, a value of another type and a missing
 * required key are problems; a handler only ever sees a value of its row's type. */
#ifndef POLICY_READER_H
#define POLICY_READER_H

#include "common/value.h"
#include "policy/amount.h"
#include "policy/yaml.h"

struct policy_reader {
	const struct policy_file *file;
	struct arena *arena; /* the policy's: what outlives the tree is copied here */
	struct policy_problems *problems;
	bool out_of_memory; /* latched by policy_read_alloc and _copy */
};

/* X(enumerator, what messages call it) */
#define POLICY_TYPES(X)                                       \
	X(TEXT, "text")                                       \
	X(INTEGER, "a whole number")                          \
	X(BYTES, "a size with its unit, such as 64MiB")       \
	X(DURATION, "a duration with its unit, such as 30s")  \
	X(MONEY, "an amount of US dollars such as 0.50")      \
	X(FRACTION, "a number from 0 to 1 such as 0.80")      \
	X(TRUE, "true")                                       \
	X(SCALAR, "text, a number, true or false")            \
	X(NUMBER, "a number")                                 \
	X(TEXTS, "a list of texts")                           \
	X(TEXT_OR_TEXTS, "text or a list of texts")           \
	X(SCALARS, "a list of texts, numbers, true or false") \
	X(ANY, "a value")                                     \
	X(LIST, "a list")                                     \
	X(MAP, "a map")                                       \
	X(TEXT_OR_MAP, "text or a map")
#define POLICY_TYPE_ENUM(name, text) POLICY_TYPE_##name,
enum policy_type { POLICY_TYPES(POLICY_TYPE_ENUM) POLICY_TYPE_COUNT };

enum policy_need { POLICY_OPTIONAL = 0, POLICY_REQUIRED };

struct policy_key {
	const char *name; /* NULL ends a table */
	enum policy_need need;
	enum policy_type type;
	/* key->value has type, and key->value->number is set for INTEGER, BYTES (bytes), DURATION
	 * (ns), MONEY and FRACTION (millionths). into is what the table fills. NULL: the row's
	 * check says it all. */
	void (*read)(struct policy_reader *reader, const struct yaml_node *key, void *into);
	const char *help;  /* one line: what it does */
	uint64_t min, max; /* of a number, or the items of a list; 0, 0: any. Of a map: how many
			    * keys, checked by read, which says what they are */
	/* A map's keys. Where within is set the reader reads the map by them into what within makes
	 * of into, and calls read afterwards; where it is not, read itself does. */
	const struct policy_key *rows;
	void *(*within)(void *into);
	const char *what; /* how messages call that map; NULL: name */
	/* A row without a name for each item of a list, or for each value of a map whose names are
	 * the file's own. */
	const struct policy_key *item;
	/* What read accepts beyond the type, for editors: a regular expression for a text or for
	 * the names of such a map, or the only words. */
	const char *pattern;
	const char *const *words; /* NULL-terminated */
};

/* A number of this type in its largest unit that is exact: 16MiB, 90d, 40. Returns to. */
const char *policy_quantity_text(
    char to[POLICY_AMOUNT_MAX], enum policy_type type, uint64_t number);

/* For rows that fill the same thing as the table around them. */
void *policy_within_same(void *into);

/* The two kinds of file. */
enum policy_document { POLICY_DOCUMENT_POLICY = 0, POLICY_DOCUMENT_TOOLS, POLICY_DOCUMENT_COUNT };
/* The table of the whole file; from there every other is reached. */
const struct policy_key *policy_document_rows(enum policy_document document);

enum { POLICY_ROWS_MAX = 32 };

/* Reads a map by its table. what names it in messages: "the policy". */
void policy_read_map(struct policy_reader *reader, const struct yaml_node *map, const char *what,
    const struct policy_key *rows, void *into);
/* Checks that a value has a row's type and bounds; sets its number. name is the key's. */
MUST_USE bool policy_read_value(struct policy_reader *reader, struct yaml_node *value,
    const char *name, const struct policy_key *row);
/* Checks that a scalar, or a key, is text that every YAML reader takes for text. */
MUST_USE bool policy_read_text(struct policy_reader *reader, const struct yaml_node *node);
/* True when map is a map; a problem otherwise. */
MUST_USE bool policy_read_is_map(
    struct policy_reader *reader, const struct yaml_node *map, const char *name);

/* The items of a TEXT_OR_TEXTS value: itself, or what the list holds. */
const struct yaml_node *policy_read_first(const struct yaml_node *value);
/* How many. */
uint32_t policy_read_count(const struct yaml_node *value);

/* The value of a scalar that passed as POLICY_TYPE_SCALAR or _NUMBER; text is copied. */
struct value policy_read_scalar(struct policy_reader *reader, const struct yaml_node *node);

/* Adds a problem at node; suggestion NULL: none. */
void policy_read_problem(struct policy_reader *reader, const struct yaml_node *node,
    const char *suggestion, const char *format, ...) PRINTF_LIKE(4, 5);
/* Adds a problem with "did you mean" for word among candidates (NULL-terminated). */
void policy_read_unknown(struct policy_reader *reader, const struct yaml_node *node,
    const char *const *candidates, const char *format, ...) PRINTF_LIKE(4, 5);

/* Zeroed memory of the policy's; NULL latches out_of_memory. */
void *policy_read_alloc(struct policy_reader *reader, size_t count, size_t size);
const char *policy_read_copy(struct policy_reader *reader, const char *text);
/* Copies what format makes, at most 511 bytes. */
const char *policy_read_format(struct policy_reader *reader, const char *format, ...)
    PRINTF_LIKE(2, 3);

#endif
