/* model.h - the compiled form of a policy: what policy_decide reads and the loader writes.
 *
 * Everything lies in the policy's arena and is immutable. Lists that are searched are sorted. */
#ifndef POLICY_MODEL_H
#define POLICY_MODEL_H

#include "common/arena.h"
#include "policy/fixture.h"
#include "policy/glob.h"
#include "policy/model_agent.h"
#include "policy/policy.h"
#include "policy/schema.h"

enum {
	POLICY_NAME_MAX = 64, /* a tool, an argument, a variable: fits FAULT_RULE_MAX twice */
	POLICY_MANIFESTS_MAX = 16,
	POLICY_TRIGGERS_MAX = 64,
	POLICY_PATTERNS_MAX = 64, /* memory patterns of one direction */
	POLICY_PIECES_MAX = 32,   /* of one memory pattern */
	POLICY_KEY_MAX = 512,     /* bytes of a memory key */
};

/* X(enumerator, key, type of its value, help) */
#define POLICY_OPERATORS(X)                                                        \
	X(EQ, eq, SCALAR, "exactly this value")                                    \
	X(IN, in, SCALARS, "one of these values")                                  \
	X(GLOB, glob, TEXT, "text; * stays inside one path segment, ** crosses")   \
	X(PREFIX, prefix, TEXT, "text that begins with this")                      \
	X(SUFFIX, suffix, TEXT, "text that ends with this")                        \
	X(RANGE, range, MAP, "a number from min to max, both included")            \
	X(LEN, len, MAP, "characters of text or items of a list, from min to max") \
	X(TYPE, type, TEXT, "string, integer, number, boolean, array or object")   \
	X(ABSENT, absent, TRUE, "must not be there")                               \
	X(EACH, each, MAP, "a list whose every item satisfies this constraint")    \
	X(EQUALS_TRIGGER, equals_trigger, TEXT, "equal to this field of the trigger's payload")
#define POLICY_OPERATOR_ENUM(name, key, type, help) POLICY_OPERATOR_##name,
enum policy_operator { POLICY_OPERATORS(POLICY_OPERATOR_ENUM) POLICY_OPERATOR_COUNT };

struct policy_bounds {
	bool has_min, has_max;
	struct value min, max; /* VALUE_INT or VALUE_REAL */
};

struct policy_constraint;

/* One operator with its operand. */
struct policy_test {
	enum policy_operator operator;
	uint32_t line;
	union {
		struct {
			const struct value *values;
			uint32_t count;
		} in; /* EQ has one */
		const struct glob *glob;
		struct value text; /* PREFIX, SUFFIX */
		struct policy_bounds bounds;
		enum policy_schema_type type;
		const struct policy_constraint *each;
		const char *path; /* EQUALS_TRIGGER */
	};
};

/* What one argument, or one field of a payload, may be: every test must pass. */
struct policy_constraint {
	const char *name;    /* argument, or path into the payload */
	const char *rule;    /* tools.git.read.diff.allow.commit */
	const char *allowed; /* for people */
	uint32_t line;
	bool optional; /* passes when the value is not there */
	bool absent;   /* passes only then */
	const struct policy_test *tests;
	uint32_t count;
};

struct policy_constraints {
	const struct policy_constraint *items; /* sorted by name */
	uint32_t count;
};

/* A tool that a manifest has, with the rule for it, if any. */
struct policy_tool_rule {
	struct policy_tool tool; /* first: policy_tool() hands it out */
	struct policy_schema schema;
	bool has_rule, allow, deny;
	const char *rule;       /* tools.git.read.diff */
	const char *allow_rule; /* tools.git.read.diff.allow */
	const char *names;      /* the arguments that allow names, for people */
	const char *why;        /* of a deny; "" */
	uint32_t line, allow_line, deny_line;
	struct policy_constraints arguments;
	struct policy_quota limits[POLICY_RATE_COUNT];
};

struct policy_trigger_rule {
	uint32_t line;
	const char *source;
	const char *const *events;
	uint32_t event_count;
	struct policy_constraints where;
};

/* One piece of a memory pattern: literal bytes, or the value of a variable. */
struct policy_piece {
	const char *text; /* the literal (length bytes), or the variable's name (terminated) */
	uint32_t length;
	bool variable;
};

/* Pieces that a key must begin with, then a glob over the rest. Variables stand in the pieces
 * only: a value from outside is compared, it is never part of a pattern. */
struct policy_pattern {
	const char *text;
	uint32_t line;
	struct policy_piece pieces[POLICY_PIECES_MAX];
	uint32_t piece_count;
	bool has_glob; /* false: the key ends where the pieces do */
	struct glob glob;
};

struct policy_patterns {
	struct policy_section section;
	const struct policy_pattern *items;
	uint32_t count;
};

/* Where a tool of this hash of its name stands; zeroed: nowhere. */
struct policy_tool_slot {
	uint32_t hash, number; /* number: index of the tool, from 1 */
};

/* The tools by name. An analysis that looks at a copy of a policy with other tools need not think
 * of it: of another list than `of` it is not used. */
struct policy_tool_index {
	const struct policy_tool_rule *of;
	const struct policy_tool_slot *slots; /* the next one where one is taken */
	uint32_t mask;                        /* twice as many as tools, a power of two, less 1 */
};

/* A decision names those that ask in a mask of 64 bits. */
enum { POLICY_APPROVALS_MAX = 64 };

/* Calls that a person must approve first. */
struct policy_approval {
	uint32_t line;
	const char *tool;               /* one that a rule allows */
	struct policy_constraints args; /* all of them hold in the calls that it is about */
	bool has_below;                 /* only calls that the Skill is less sure of than this, */
	struct value below;             /* a number above 0, at most 1 */
	const char *group, *person;     /* who approves; the other one is NULL */
	bool not_initiator;             /* and not who started the run */
	uint64_t expires_ns;
	const char *allowed; /* for people */
};

struct policy_approvals {
	const struct policy_approval *items; /* in the order of the file */
	uint32_t count;
};

struct policy {
	struct arena arena;
	struct digest digest; /* of the compiled form */
	struct digest source; /* of the source pack */
	struct policy_skill skill;
	uint32_t feature_lines[POLICY_FEATURE_COUNT]; /* 0: not used */
	struct policy_section trigger, tool;
	const struct policy_trigger_rule *triggers;
	uint32_t trigger_count;
	struct policy_manifest *manifests; /* in the order of the file */
	uint32_t manifest_count;
	struct policy_tool_rule *tools; /* sorted by name */
	uint32_t tool_count;
	struct policy_tool_index tool_index;
	const struct policy_tool_rule **allowed; /* sorted by name */
	uint32_t allowed_count;
	struct policy_patterns read, write;
	struct policy_subagents subagents;
	struct policy_models models;
	struct policy_approvals approvals;
	const struct policy_fixture *fixtures; /* no decision reads them */
	uint32_t fixture_count;
};

#endif
