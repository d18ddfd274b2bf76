/* policy.h - a policy file, compiled: what a Skill may be started by, call, read and write, and the
 * cell it runs in.
 *
 * A policy is immutable once loaded. Invariant: what no rule allows is denied; a deny beats every
 * allow; the order of the file decides nothing. The language: docs/policy.md. */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "common/digest.h"
#include "common/fault.h"
#include "common/layer.h"
#include "common/pack.h"
#include "common/value.h"
#include "policy/feature.h"
#include "policy/problem.h"
#include "policy/quota.h"

struct policy;

enum {
	POLICY_FILE_BYTES_MAX = 256 * 1024, /* one YAML file */
	POLICY_ARGV_MAX = 32,
	POLICY_RESOURCES_MAX = 8,
};

/* Layers that a cell must have where its policy does not say: all but the cgroup, whose limits hold
 * by rlimits, too, though less exactly; not every host delegates one. */
#define POLICY_REQUIRED_DEFAULT (LAYER_ALL & ~LAYER_BIT(CGROUP))

/* Seccomp profiles that a policy may name: seccomp-profiles/<name>.json. */
#define POLICY_PROFILES(X) X(base) X(python) X(node) X(shell)

#define POLICY_KIB UINT64_C(1024)
#define POLICY_MIB (1024 * POLICY_KIB)
#define POLICY_GIB (1024 * POLICY_MIB)
#define POLICY_SECOND UINT64_C(1000000000)
#define POLICY_DAY (86400 * POLICY_SECOND)

/* A second's reading that no disk can do: no limit needs to be set. */
#define POLICY_IO_FREE (1024 * POLICY_GIB)

/* X(field, key, type, default, least, most, help)
 * The least is what an interpreter starts with; the most is what one run may take from a host. */
#define POLICY_LIMITS(X)                                                                      \
	X(memory_bytes, memory, BYTES, 512 * POLICY_MIB, 16 * POLICY_MIB, 1024 * POLICY_GIB,  \
	    "memory of the run")                                                              \
	X(processes, processes, INTEGER, 32, 1, 32768, "processes and threads at a time")     \
	X(open_files, open_files, INTEGER, 128, 8, 65536, "descriptors of one process")       \
	X(file_bytes, file, BYTES, 16 * POLICY_MIB, 1, 1024 * POLICY_GIB, "size of one file") \
	X(tmp_bytes, tmp, BYTES, 64 * POLICY_MIB, 4 * POLICY_KIB, 64 * POLICY_GIB,            \
	    "size of the scratch space")                                                      \
	X(tmp_files, tmp_files, INTEGER, 4096, 16, 1048576, "files in the scratch space")     \
	X(cpu_ns, cpu, DURATION, 30 * POLICY_SECOND, POLICY_SECOND, 86400 * POLICY_SECOND,    \
	    "CPU time of one process")                                                        \
	X(cpu_percent, cpu_rate, INTEGER, 100, 1, 102400,                                     \
	    "processor time per time, in percent of one processor")                           \
	X(io_read_bytes, io_read, BYTES, POLICY_IO_FREE, 64 * POLICY_KIB, POLICY_IO_FREE,     \
	    "bytes that are read from a disk in a second")                                    \
	X(output_bytes, output, BYTES, POLICY_MIB, 1, POLICY_GIB, "stdout and stderr together")

/* What a run or an exec tool's call may take from start to kill, where the file does not say. */
#define POLICY_WALL_DEFAULT_NS (60 * POLICY_SECOND)

/* What holds in a cell with and without a cgroup. 0 never means "unlimited": the loader fills in a
 * default for what the file leaves out, and every number here is in force. */
struct policy_limits {
	uint64_t memory_bytes;  /* address space (RLIMIT_AS) and, with a cgroup, memory.max */
	uint64_t processes;     /* tasks in the cell, praxa-init not counted */
	uint64_t open_files;    /* RLIMIT_NOFILE */
	uint64_t file_bytes;    /* RLIMIT_FSIZE */
	uint64_t tmp_bytes;     /* size of the scratch space */
	uint64_t tmp_files;     /* inodes of the scratch space */
	uint64_t cpu_ns;        /* CPU time (RLIMIT_CPU, rounded up to seconds) */
	uint64_t cpu_percent;   /* cpu.max, of one processor; holds with a cgroup only */
	uint64_t io_read_bytes; /* io.max, a second and disk; holds with a cgroup only */
	uint64_t wall_ns;       /* from start to kill */
	uint64_t output_bytes;  /* stdout and stderr together */
};

/* How a program is confined: a Skill's, or an exec tool's. Strings are terminated and belong to the
 * policy. */
struct policy_cell {
	const char *profile; /* name of a seccomp profile */
	const char *argv[POLICY_ARGV_MAX + 1];
	struct policy_limits limits;
	uint64_t required; /* mask of LAYER_BIT: missing one is a ConfinementError */
};

/* A directory of the host that an operator gives a name to, and where a tool sees it, read-only. */
struct policy_resource {
	const char *name;
	const char *at;
};

/* One exec tool of a manifest. */
struct policy_tool {
	const char *name;     /* git.read.diff */
	const char *manifest; /* file name as the policy wrote it */
	uint32_t line;        /* in the manifest */
	const char *summary;
	struct policy_cell cell; /* program in a cell of its own; sees its bundle at /tool */
	const char *bundle_path; /* relative to the manifest's directory */
	struct digest bundle;
	struct policy_resource resources[POLICY_RESOURCES_MAX];
	uint32_t resource_count;
};

/* A tools manifest that the policy names. */
struct policy_manifest {
	const char *file;
	uint32_t line;        /* in the policy */
	bool pinned;          /* the policy says what its bytes are; they are */
	struct digest digest; /* of them: SHA-256 */
};

/* What stands at the head of the file. */
struct policy_skill {
	const char *name;
	const char *team;        /* who owns it: whom to ask */
	const char *bundle_path; /* relative to the policy's directory; seen at /skill */
	struct digest bundle;
	struct policy_cell cell;
	uint64_t reviewers;  /* distinct people who must sign the file; 0: not said */
	uint64_t revision;   /* counts up with every change that is signed; 0: not said */
	bool ends_on_reload; /* live runs end where a reload leaves them less; else they go on */
	struct policy_quota budget[POLICY_BUDGET_COUNT];
	uint64_t retention_ns; /* how long payloads are kept; 0: the log's own rule */
	uint32_t bundle_line, wall_line, sandbox_line, reviewers_line, revision_line,
	    on_reload_line;
};

enum policy_action {
	POLICY_ACTION_NONE = 0, /* denied */
	POLICY_TRIGGER,
	POLICY_TOOL,
	POLICY_MEMORY_READ,
	POLICY_MEMORY_WRITE,
	POLICY_SUBAGENT, /* dispatching one, and what it is granted */
	POLICY_MODEL,
	POLICY_ACTION_COUNT
};

/* What is asked. Everything is borrowed for the call. */
struct policy_request {
	enum policy_action action;
	const char *workspace; /* ws_…: fills {workspace}, and stands so in keys */
	/* The trigger's source, the tool, the memory key, the sub-agent, or the model. */
	const char *name;
	const char *event;         /* of a trigger; NULL otherwise */
	const struct value *args;  /* of a tool; NULL otherwise */
	const struct value *input; /* the verified payload that woke the Skill; fills {field}s */
	/* Of a sub-agent: how deep it would stand, 1 being the child of a run that a trigger woke;
	 * and a tool that it is to have, NULL asking for the dispatch alone. */
	uint32_t depth;
	const char *tool;
	const char *provider, *region; /* of a model; region NULL: the provider has none */
	/* Of a tool: how sure the Skill says it is, from 0 to 1. NULL, or no number: not at all. It
	 * may only ever ask for more. */
	const struct value *confidence;
	const struct policy_usage *usage; /* what was used before it; NULL: nothing */
};

/* POLICY_ASK: a person must approve it first; until then it is not allowed. */
enum policy_verdict { POLICY_DENY = 0, POLICY_ALLOW, POLICY_ASK };

/* X(name, verdict, text): a reason owns its verdict */
#define POLICY_REASONS(X)                                                    \
	X(NO_RULE, DENY, "no rule allows it")                                \
	X(DENY_RULE, DENY, "a rule denies it")                               \
	X(ARGUMENT, DENY, "an argument is outside what the rule allows")     \
	X(UNKNOWN_ARGUMENT, DENY, "an argument that the rule does not name") \
	X(SCHEMA, DENY, "the arguments do not fit the tool's schema")        \
	X(BAD_REQUEST, DENY, "the request is malformed")                     \
	X(OTHER_WORKSPACE, DENY, "the key belongs to another workspace")     \
	X(RATE, DENY, "the tool's limit is reached")                         \
	X(DEPTH, DENY, "the sub-agent would stand too deep")                 \
	X(FAN_OUT, DENY, "the run may dispatch no more of it")               \
	X(GRANT, DENY, "the tool is not granted to the sub-agent")           \
	X(BUDGET, DENY, "the budget is used up")                             \
	X(APPROVAL, ASK, "a person must approve it first")                   \
	X(ALLOW_RULE, ALLOW, "a rule allows it")
#define POLICY_REASON_ENUM(name, verdict, text) POLICY_REASON_##name,
enum policy_reason { POLICY_REASONS(POLICY_REASON_ENUM) POLICY_REASON_COUNT };

/* The answer. Zeroed: denied, no rule. rule and allowed belong to the policy or are static. */
struct policy_decision {
	enum policy_verdict verdict;
	enum policy_reason reason;
	enum err code;       /* ERR_OK when allowed, else the typed error */
	const char *rule;    /* as people write it: tools.git.read.diff.allow.commit; where none
			      * decided, the part of the file that would have to: tools; or "" */
	uint32_t line;       /* of that rule or part; 0: none */
	const char *allowed; /* what would be accepted, as text; of a deny: its why; "" */
	/* The argument at fault, or the variable without a value: copied, printable, because the
	 * request is borrowed and hostile. "" */
	char field[FAULT_FIELD_MAX];
	/* Of POLICY_ASK: which approvals, by bit in the order of the file. All of them are needed;
	 * rule and line are the first's. */
	uint64_t approvals;
};

/* Compiles a source pack (policy/source.h). On ERR_POLICY problems says why, with positions, and
 * *ret is untouched. shown is the path that messages name. Allocates; no I/O, no clock. */
MUST_USE enum err policy_load(const struct pack *source, const char *shown, struct policy **ret,
    struct policy_problems *problems);
/* NULLs the caller's pointer; accepts NULL. */
void policy_free(struct policy **policy);

const struct policy_skill *policy_skill(const struct policy *policy);
/* Digest of the compiled form (policy/canonical.h): it names in records what was in force, whatever
 * the file looks like. */
const struct digest *policy_digest(const struct policy *policy);
/* Digest of the source pack: it names the bytes of the file and its manifests, in grants and in
 * run.admitted. */
const struct digest *policy_source_digest(const struct policy *policy);
/* The manifests, in the order of the file, by index; NULL past the end. */
const struct policy_manifest *policy_manifest(const struct policy *policy, uint32_t index);
/* The tool by name whether or not a rule allows it; NULL: no manifest has it. */
const struct policy_tool *policy_tool(const struct policy *policy, const char *name);
/* The limits of a tool's calls, POLICY_RATE_COUNT of them; NULL: no manifest has it. */
const struct policy_quota *policy_tool_limits(const struct policy *policy, const char *name);
/* The tools for which an allow rule stands and no unconditional deny, by index; NULL past the end.
 */
const struct policy_tool *policy_tool_allowed(const struct policy *policy, uint32_t index);

/* Decides. Pure and total: no I/O, no clock, no allocation; the same inputs give the same decision.
 * A tool's arguments are checked against its schema first, then against the rule. A key that starts
 * with ws/ and another workspace's name is ERR_WORKSPACE_SCOPE. Cannot fail: what is not proven
 * allowed is denied. Trust: request comes off the wire. */
struct policy_decision policy_decide(
    const struct policy *policy, const struct policy_request *request);
/* Words for a denial: code, message, rule, line, field, allowed. Returns decision->code. */
enum err policy_fault(const struct policy_request *request, const struct policy_decision *decision,
    struct fault *fault);
/* Audit wording of a reason: static, never NULL. */
const char *policy_reason_text(enum policy_reason reason);

#endif
