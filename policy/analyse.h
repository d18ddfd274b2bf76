/* analyse.h - what the analyses of a policy share: bounded work, memory, and an answer that is
 * never a guess.
 *
 * Invariant: ANALYSE_NONE is a proof (every step over-approximates what exists), ANALYSE_FOUND
 * comes with an example, and everything else is ANALYSE_UNKNOWN. */
#ifndef POLICY_ANALYSE_H
#define POLICY_ANALYSE_H

#include "policy/model.h"

/* Zeroed: nobody knows. */
enum analyse_answer { ANALYSE_UNKNOWN = 0, ANALYSE_NONE, ANALYSE_FOUND };

enum {
	ANALYSE_WORK_MAX = 20 * 1000 * 1000,    /* steps of one question: below a second */
	ANALYSE_BYTES_MAX = 64 * 1024 * 1024,   /* of answers */
	ANALYSE_SCRATCH_MAX = 64 * 1024 * 1024, /* of one search */
	ANALYSE_TEXT_MAX = 1 << 20,             /* characters of an example */
};

/* A path of the payload that an example gives a value to. */
struct analyse_binding {
	const char *path;
	struct value value;
};

enum { ANALYSE_BINDINGS_MAX = 16 };

struct analysis {
	struct arena arena;   /* answers, and what leads to them */
	struct arena scratch; /* one search of a text */
	int64_t work;         /* steps that are left of this question */
	bool out_of_memory;
	/* Fields of the payload that items of lists must equal: side effects of the example. */
	struct analyse_binding bindings[ANALYSE_BINDINGS_MAX];
	uint32_t binding_count;
};

void analyse_init(struct analysis *a);
void analyse_done(struct analysis *a);
/* Zeroed memory that lives as long as the answers; NULL latches out_of_memory. */
void *analyse_alloc(struct analysis *a, size_t count, size_t size);

/* A letter is a character's code point, or a variable: something that no pattern spells. */
enum {
	LETTER_VARIABLE = 0x110000, /* the first of them */
	LETTER_STAR = 0x200000,     /* as a token: any run without '/' */
	LETTER_STARS,               /* as a token: any run */
};

struct analyse_word {
	const uint32_t *letters; /* or tokens */
	uint32_t length;
};

/* The texts that every pattern matches, every negated one does not, and no word is. */
struct analyse_language {
	const struct analyse_word *patterns; /* tokens */
	const bool *negated;                 /* [pattern_count] */
	uint32_t pattern_count;
	struct analyse_word *words; /* excluded; sorted by the search */
	uint32_t word_count;
	bool is_key; /* segments are neither empty nor "." or ".." */
	/* Lengths that are right. NULL: any. From length_cap on the answer is always the same. */
	bool (*length_is_right)(const void *context, uint64_t length);
	const void *context;
	uint64_t length_cap;
};

/* A shortest text of the language, in a->arena. */
enum analyse_answer analyse_language_find(
    struct analysis *a, const struct analyse_language *language, struct analyse_word *ret);
/* The letters of text, which is UTF-8. */
struct analyse_word analyse_letters(struct analysis *a, const char *text, size_t length);
/* The tokens of a pattern (policy/glob.h). */
struct analyse_word analyse_tokens(struct analysis *a, const char *pattern);
/* Letters as UTF-8; no variables among them. */
struct value analyse_spell(struct analysis *a, const struct analyse_word *word);

/* One condition on a value. */
enum atom_kind {
	ATOM_TEST = 0, /* a test that needs only the value */
	ATOM_EACH,     /* an array whose items are all in the set */
	ATOM_MEMBERS,  /* an object whose members fit the schema */
	ATOM_EQUAL,    /* equal to a field of the payload */
};

struct atom_set;

struct atom {
	enum atom_kind kind;
	const struct policy_test *test; /* what it came from; NULL: a schema */
	const struct atom_set *each;
	const struct policy_schema *members;
	const char *path;
};

/* All of them must hold. */
struct atom_set {
	const struct atom *items;
	uint32_t count;
};

struct literal {
	const struct atom *atom;
	bool negated;
};

/* What a constraint and a schema (NULL: none) ask of a value that is there. */
struct atom_set analyse_atoms(struct analysis *a, const struct policy_constraint *constraint,
    const struct policy_schema *schema);
/* True where both say the same: as they are written, not as they mean. */
bool analyse_atom_same(const struct atom *a, const struct atom *b);
bool analyse_schema_same(const struct policy_schema *a, const struct policy_schema *b);

#define ANALYSE_KIND(type) (1U << (type))
enum { ANALYSE_KINDS_ALL = (1 << (VALUE_MAP + 1)) - 1 };

/* A value for which every literal holds. Literals of ATOM_EQUAL are taken to hold. kinds: the types
 * it may have; excluded: what it may not equal. */
enum analyse_answer analyse_value_find(struct analysis *a, const struct literal *literals,
    uint32_t count, unsigned kinds, const struct value *excluded, uint32_t excluded_count,
    struct value *ret);

/* One argument, or one field of the payload, in a box. */
struct box_slot {
	const char *name; /* argument, or path */
	bool payload;
	bool may_miss, may_have;
	struct atom_set atoms;
};

/* Requests as a product: every slot for itself, but for ATOM_EQUAL. */
struct box {
	const struct box_slot *slots; /* sorted by name */
	uint32_t count;
	bool closed; /* slots that it does not name must be missing: arguments */
};

/* The workspace that examples are asked for: any is like any other. */
#define ANALYSE_WORKSPACE "ws_acme"

/* A memory key, and the payload that its variables are filled from. */
struct key_example {
	const char *name;
	struct value input;
};
typedef bool (*key_check)(const void *context, const struct key_example *example);

/* A key that pattern matches and none of others does. */
enum analyse_answer analyse_key_find(struct analysis *a, const struct policy_pattern *pattern,
    const struct policy_pattern *const *others, uint32_t count, key_check check,
    const void *context, struct key_example *ret);

struct box box_of_where(struct analysis *a, const struct policy_trigger_rule *rule);
/* Calls whose arguments satisfy args, whatever else they pass. */
struct box box_of_args(struct analysis *a, const struct policy_constraints *args);
struct box box_of_tool(struct analysis *a, const struct policy_tool_rule *rule);
/* The requests that lie in both. */
struct box box_meet(struct analysis *a, const struct box *x, const struct box *y);

/* The values of a request's arguments and of its payload: maps. */
struct box_example {
	struct value args, input;
};

/* Whether an example is one: asked about each before it counts. */
typedef bool (*box_check)(const void *context, const struct box_example *example);

/* A request in box and in none of others. */
enum analyse_answer analyse_box_subtract(struct analysis *a, const struct box *box,
    const struct box *others, uint32_t count, box_check check, const void *context,
    struct box_example *ret);

#endif
