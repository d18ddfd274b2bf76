/* lint_parts.h - the rules of policy_lint, one file a part of the language. */
#ifndef POLICY_LINT_PARTS_H
#define POLICY_LINT_PARTS_H

#include "policy/analyse.h"
#include "policy/constraint.h"
#include "policy/lint.h"
#include "policy/yaml.h"

enum {
	/* Steps of all questions together: some seconds. */
	LINT_WORK_MAX = 10 * ANALYSE_WORK_MAX,
};

/* What becomes of a rule among its like. A rule that another one covers is out of the game: what is
 * reported may all be removed together. */
enum lint_fate {
	LINT_STANDS = 0,
	LINT_UNREACHABLE, /* nothing satisfies it */
	LINT_SHADOWED,    /* one other rule covers it */
	LINT_REDUNDANT,   /* the others together do */
};

struct lint_rule_state {
	enum lint_fate fate;
	uint32_t other;  /* of LINT_SHADOWED: the index of the rule that covers it */
	uint64_t events; /* of a trigger: bits of the events that others cover */
};

struct lint_doubt {
	const struct yaml_node *node;
	const char *what;
	struct lint_doubt *next;
};

/* A field of the payload that was asked about. */
struct lint_field {
	const char *path;
	struct lint_field *next;
};

struct linting {
	const struct policy *policy;
	const struct policy_file *file;
	const struct yaml_node *root;
	struct analysis analysis; /* of the question in hand */
	int64_t work;             /* steps that are left of all */
	struct lint_rule_state triggers[POLICY_TRIGGERS_MAX];
	struct lint_rule_state read[POLICY_PATTERNS_MAX], write[POLICY_PATTERNS_MAX];
	struct lint_doubt *doubts;
	struct lint_field *fields;
	struct policy_finding *items;
	uint32_t count, room;
	struct arena kept; /* the tree, and examples */
	bool out_of_memory;
};

/* A finding at node (NULL: the file); hint "" or what to do. It stays where it is until the next.
 */
struct policy_finding *lint_add(struct linting *l, enum policy_lint_rule rule,
    const struct yaml_node *node, const char *hint, const char *format, ...) PRINTF_LIKE(5, 6);
/* That a question about what stands at node was not decided: once a place. what is static. */
void lint_doubt(struct linting *l, const struct yaml_node *node, const char *what);
/* Makes request the example of finding, with copies of args and input (NULL: none). */
void lint_example(struct linting *l, struct policy_finding *finding,
    const struct policy_request *request, const struct value *args, const struct value *input);

/* A new question: memory of its own and its share of the work. */
struct analysis *lint_ask(struct linting *l);
/* Ends the question; answer as it is to be taken. */
enum analyse_answer lint_answer(struct linting *l, enum analyse_answer answer);

/* The key at the end of a path of keys from the root, NULL-terminated; NULL where there is none. */
const struct yaml_node *lint_node(const struct linting *l, ...);
/* Item index of a list; NULL where there is none. */
const struct yaml_node *lint_item(const struct yaml_node *list, uint32_t index);

/* One constraint and where it stands. */
struct lint_subject {
	const struct policy_constraint *constraint;
	const struct policy_schema *schema; /* what the value can be; NULL: anything */
	const struct yaml_node *key;        /* its map is key->value */
	const struct policy_tool_rule
	    *tool; /* whose argument it is about; NULL: a trigger's field */
	const struct policy_property
	    *property; /* of a tool's argument itself; NULL: of its items */
};
/* Every constraint that can matter: of `where`, of `allow` without a deny, and of lists' items. */
void lint_each_constraint(
    struct linting *l, void (*visit)(struct linting *l, const struct lint_subject *subject));
/* Where the operator of the test by index stands. */
const struct yaml_node *lint_operator_node(const struct lint_subject *subject, uint32_t test);
/* True where test asks for a field of the payload, itself or of items. */
bool lint_has_equal(const struct policy_test *test);

/* True for a variable that the payload fills. */
bool lint_is_field(const struct policy_piece *piece);
/* Its path, $.repo, in arena; NULL: no memory. */
char *lint_path(struct arena *arena, const struct policy_piece *piece);

/* Whether some trigger lets in a payload that lies in the box that make makes of subject, too.
 * tool: the call's example must be allowed, as well; NULL: no call. */
enum analyse_answer lint_for_triggers(struct linting *l,
    struct box (*make)(struct analysis *a, const void *subject), const void *subject,
    const char *tool);

/* What the rows about triggers and patterns report; done before they run. */
void lint_judge_triggers(struct linting *l);
void lint_judge_patterns(struct linting *l);

#define LINT_FUNCTION(name, text, level) void lint_##name(struct linting *l);
POLICY_LINTS(LINT_FUNCTION)

#endif
