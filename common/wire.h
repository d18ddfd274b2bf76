/* wire.h - every message between our processes, once: number, who may send it to whom, layout,
 * bytes that may follow, descriptors that must come with it.
 *
 * Channels are SOCK_SEQPACKET unix sockets: one message, one packet, host byte order (both ends are
 * one build on one host; the version says so). Invariant: wire_check passes a packet only when its
 * type is in the table, its sender may send it, its length agrees and its texts are terminated;
 * what fails ends the peer. Nobody else parses packets. */
#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

#include "common/digest.h"
#include "common/event.h"
#include "common/fault.h"
#include "common/id.h"
#include "common/wire_role.h"

enum {
	WIRE_MAGIC = 0x50525841, /* "PRXA" */
	WIRE_VERSION = 2,
	WIRE_FDS_MAX = 4,
	WIRE_EXTRA_MAX = 60 * 1024, /* fits the kernel's default socket buffer several times */
	WIRE_SOURCE_MAX = 32,
	WIRE_EVENT_MAX = 64,
	WIRE_TOOL_MAX = 136,
};

/* Layouts: F(kind, name, size). TEXT is a terminated string, DIGEST and FAULT are structs. */
#define WIRE_CONTROL_RUN(F) F(TEXT, skill, ID_NAME_MAX) F(TEXT, event, WIRE_EVENT_MAX)
#define WIRE_CONTROL_KILL(F) F(TEXT, run, ID_MAX)
#define WIRE_CONTROL_READY(F) F(TEXT, workspace, ID_NAME_MAX) F(U32, skills, 0)
#define WIRE_CONTROL_ADMITTED(F) \
	F(TEXT, run, ID_MAX) F(TEXT, skill, ID_NAME_MAX) F(DIGEST, policy, 0) F(DIGEST, bundle, 0)
#define WIRE_CONTROL_STARTED(F) \
	F(TEXT, run, ID_MAX) F(U64, layers, 0) F(U64, setup_ns, 0) F(U32, landlock_abi, 0)
#define WIRE_CONTROL_OUTPUT(F) F(TEXT, run, ID_MAX) F(U32, stream, 0) /* 1 stdout, 2 stderr */
#define WIRE_CONTROL_ENDED(F)                  \
	F(TEXT, run, ID_MAX)                   \
	F(U32, reason, 0)                      \
	F(I32, status, 0) /* wait(2) status */ \
	F(U64, duration_ms, 0)                 \
	F(U64, cpu_us, 0)                      \
	F(U64, peak_kib, 0)                    \
	F(U64, layers, 0)                      \
	F(U64, syscalls_denied, 0)             \
	F(U32, calls, 0) F(U32, denied, 0) F(TEXT, decision, ID_MAX) F(FAULT, fault, 0)
#define WIRE_CONTROL_REFUSED(F) F(FAULT, fault, 0)
#define WIRE_CONTROL_RELOAD(F) F(TEXT, workspace, ID_NAME_MAX)
#define WIRE_CONTROL_RELOADED(F) \
	F(U32, policies, 0)      \
	F(U32, taken, 0) F(U32, refused, 0) F(U32, ended_runs, 0) F(FAULT, fault, 0)

#define WIRE_AUDIT_APPEND(F)            \
	F(U32, kind, 0)                 \
	F(U32, error, 0)                \
	F(U32, line, 0)                 \
	F(U64, duration_ms, 0)          \
	F(U64, layers, 0)               \
	F(TEXT, workspace, ID_NAME_MAX) \
	F(TEXT, skill, ID_NAME_MAX)     \
	F(TEXT, run, ID_MAX)            \
	F(TEXT, tool, WIRE_TOOL_MAX)    \
	F(TEXT, rule, FAULT_RULE_MAX) F(DIGEST, policy, 0) F(DIGEST, bundle, 0)
#define WIRE_AUDIT_ACK(F) F(TEXT, event, ID_MAX) F(U64, index, 0) F(U64, realtime_ms, 0)
#define WIRE_AUDIT_REFUSED(F) F(FAULT, fault, 0)
#define WIRE_AUDIT_OPEN_RUN(F) \
	F(TEXT, workspace, ID_NAME_MAX) F(TEXT, skill, ID_NAME_MAX) F(TEXT, run, ID_MAX)
#define WIRE_AUDIT_READY(F) F(U64, size, 0) F(U32, backend, 0)

/* policy_source: of the pack that comes along; deadline_ns: CLOCK_BOOTTIME. */
#define WIRE_GRANT_RUN(F)                \
	F(TEXT, workspace, ID_NAME_MAX)  \
	F(TEXT, skill, ID_NAME_MAX)      \
	F(TEXT, run, ID_MAX)             \
	F(TEXT, source, WIRE_SOURCE_MAX) \
	F(TEXT, event, WIRE_EVENT_MAX)   \
	F(DIGEST, policy_source, 0) F(DIGEST, bundle, 0) F(U64, deadline_ns, 0)
#define WIRE_GRANT_READY(F) F(TEXT, run, ID_MAX)
#define WIRE_GRANT_REFUSED(F) F(TEXT, run, ID_MAX) F(FAULT, fault, 0)
#define WIRE_GRANT_END(F) F(TEXT, run, ID_MAX) F(U32, reason, 0)
#define WIRE_GRANT_CLOSED(F) \
	F(TEXT, run, ID_MAX) F(U32, calls, 0) F(U32, denied, 0) F(TEXT, decision, ID_MAX)
#define WIRE_GRANT_VIOLATION(F) F(TEXT, run, ID_MAX) F(FAULT, fault, 0)
#define WIRE_TOOL_EXEC(F) F(TEXT, run, ID_MAX) F(U32, call, 0) F(TEXT, tool, WIRE_TOOL_MAX)
#define WIRE_TOOL_CANCEL(F) F(TEXT, run, ID_MAX) F(U32, call, 0)
/* What a cell has used: peak_kib is the largest resident set of a process; counted is 1 where a
 * cgroup has counted the whole cell, and only then the three before it are more than 0. */
#define WIRE_USAGE(F)       \
	F(U64, cpu_us, 0)   \
	F(U64, peak_kib, 0) \
	F(U64, memory_peak_kib, 0) F(U64, processes_peak, 0) F(U64, oom_kills, 0) F(U32, counted, 0)
#define WIRE_TOOL_DONE(F)    \
	F(TEXT, run, ID_MAX) \
	F(U32, call, 0)      \
	F(U32, reason, 0)    \
	F(I32, status, 0) F(U64, layers, 0) F(U64, duration_ms, 0) WIRE_USAGE(F) F(FAULT, fault, 0)

/* X(NAME, struct tag, number, senders, receivers, extra bytes at most, descriptors) */
#define WIRE_TABLE(X)                                                                         \
	X(CONTROL_RUN, control_run, 1, WIRE_CLI, WIRE_SUPERVISOR, 0, 1)                       \
	X(CONTROL_KILL, control_kill, 2, WIRE_CLI, WIRE_SUPERVISOR, 0, 0)                     \
	X(CONTROL_READY, control_ready, 3, WIRE_SUPERVISOR, WIRE_CLI, 0, 0)                   \
	X(CONTROL_ADMITTED, control_admitted, 4, WIRE_SUPERVISOR, WIRE_CLI, 0, 0)             \
	X(CONTROL_STARTED, control_started, 5, WIRE_SUPERVISOR, WIRE_CLI, 0, 0)               \
	X(CONTROL_OUTPUT, control_output, 6, WIRE_SUPERVISOR, WIRE_CLI, 16 * 1024, 0)         \
	X(CONTROL_ENDED, control_ended, 7, WIRE_SUPERVISOR, WIRE_CLI, 0, 0)                   \
	X(CONTROL_REFUSED, control_refused, 8, WIRE_SUPERVISOR, WIRE_CLI, 0, 0)               \
	X(CONTROL_RELOAD, control_reload, 9, WIRE_CLI, WIRE_SUPERVISOR, 0, 0)                 \
	X(CONTROL_RELOADED, control_reloaded, 10, WIRE_SUPERVISOR, WIRE_CLI, 16 * 1024, 0)    \
	X(AUDIT_APPEND, audit_append, 20, WIRE_SUPERVISOR | WIRE_BROKER, WIRE_AUDITD,         \
	    WIRE_EXTRA_MAX, 0)                                                                \
	X(AUDIT_ACK, audit_ack, 21, WIRE_AUDITD, WIRE_SUPERVISOR | WIRE_BROKER, 0, 0)         \
	X(AUDIT_REFUSED, audit_refused, 22, WIRE_AUDITD, WIRE_SUPERVISOR | WIRE_BROKER, 0, 0) \
	X(AUDIT_OPEN_RUN, audit_open_run, 23, WIRE_AUDITD, WIRE_SUPERVISOR, 0, 0)             \
	X(AUDIT_READY, audit_ready, 24, WIRE_AUDITD, WIRE_SUPERVISOR | WIRE_BROKER, 0, 0)     \
	X(GRANT_RUN, grant_run, 40, WIRE_SUPERVISOR, WIRE_BROKER, 0, 3)                       \
	X(GRANT_READY, grant_ready, 41, WIRE_BROKER, WIRE_SUPERVISOR, 0, 0)                   \
	X(GRANT_REFUSED, grant_refused, 42, WIRE_BROKER, WIRE_SUPERVISOR, 0, 0)               \
	X(GRANT_END, grant_end, 43, WIRE_SUPERVISOR, WIRE_BROKER, 0, 0)                       \
	X(GRANT_CLOSED, grant_closed, 44, WIRE_BROKER, WIRE_SUPERVISOR, 0, 0)                 \
	X(GRANT_VIOLATION, grant_violation, 45, WIRE_BROKER, WIRE_SUPERVISOR, 0, 0)           \
	X(TOOL_EXEC, tool_exec, 50, WIRE_BROKER, WIRE_SUPERVISOR, 0, 3)                       \
	X(TOOL_CANCEL, tool_cancel, 51, WIRE_BROKER, WIRE_SUPERVISOR, 0, 0)                   \
	X(TOOL_DONE, tool_done, 52, WIRE_SUPERVISOR, WIRE_BROKER, 0, 0)

/* Descriptors that come with a message, in order.
 * CONTROL_RUN: sealed JSON input. GRANT_RUN: the run's door (stream socket), the sealed policy
 * pack, the sealed JSON input. TOOL_EXEC: sealed JSON arguments (the tool's stdin), write ends of
 * the pipes that become its stdout and stderr. */

#define WIRE_FIELD_TEXT(name, size) char name[size];
#define WIRE_FIELD_U32(name, size) uint32_t name;
#define WIRE_FIELD_I32(name, size) int32_t name;
#define WIRE_FIELD_U64(name, size) uint64_t name;
#define WIRE_FIELD_DIGEST(name, size) struct digest name;
#define WIRE_FIELD_FAULT(name, size) struct fault name;
#define WIRE_FIELD(kind, name, size) WIRE_FIELD_##kind(name, size)
#define WIRE_STRUCT(name, tag, number, from, to, extra, fds) \
	struct wire_##tag {                                  \
		WIRE_##name(WIRE_FIELD)                      \
	};
WIRE_TABLE(WIRE_STRUCT)

#define WIRE_ENUM(name, tag, number, from, to, extra, fds) WIRE_TYPE_##name = number,
enum wire_type { WIRE_TABLE(WIRE_ENUM) };

struct wire_head {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	uint64_t serial; /* a reply repeats the serial of its request; 0 otherwise */
};

enum { WIRE_PACKET_MAX = 66 * 1024 };

/* A packet that passed: body has the type's struct, extra what followed it. Both borrow. */
struct wire_message {
	enum wire_type type;
	uint64_t serial;
	const void *body;
	const unsigned char *extra;
	size_t extra_length;
	int fds[WIRE_FDS_MAX]; /* the receiver's; taken ones are set to -1, the rest are closed */
	int fd_count;
};

/* The name of a type for logs; "unknown" outside the table. */
const char *wire_name(unsigned type);
/* Size of the struct of a type, most extra bytes and descriptors; false: no such type. */
MUST_USE bool wire_shape(unsigned type, size_t *ret_body, size_t *ret_extra, int *ret_fds);
/* Checks packet[0..length) with fd_count descriptors, sent by from to to. *ret borrows packet and
 * leaves ret->fds alone. Trust: packet may be hostile. packet must be aligned for uint64_t. */
MUST_USE enum err wire_check(const void *packet, size_t length, int fd_count, enum wire_role from,
    enum wire_role to, struct wire_message *ret, struct fault *fault);

#endif
