/* event.h - what the log can say, and how a run can end. Shared by those who record, the one who
 * writes and those who read. Numbers never change and never return. */
#ifndef COMMON_EVENT_H
#define COMMON_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire_role.h"

/* X(enumerator, number, name in records, roles that may append it) */
#define EVENT_TABLE(X)                                             \
	X(LOG_OPENED, 1, "log.opened", WIRE_AUDITD)                \
	X(LOG_RECOVERED, 2, "log.recovered", WIRE_AUDITD)          \
	X(RUN_ADMITTED, 10, "run.admitted", WIRE_SUPERVISOR)       \
	X(RUN_REFUSED, 11, "run.refused", WIRE_SUPERVISOR)         \
	X(RUN_STARTED, 12, "run.started", WIRE_SUPERVISOR)         \
	X(RUN_ENDED, 13, "run.ended", WIRE_SUPERVISOR)             \
	X(CELL_DENIED, 14, "cell.denied", WIRE_SUPERVISOR)         \
	X(POLICY_ACCEPTED, 15, "policy.accepted", WIRE_SUPERVISOR) \
	X(POLICY_REFUSED, 16, "policy.refused", WIRE_SUPERVISOR)   \
	X(CALL_INTENT, 20, "call.intent", WIRE_BROKER)             \
	X(CALL_RESULT, 21, "call.result", WIRE_BROKER)             \
	X(CALL_DENIED, 22, "call.denied", WIRE_BROKER)             \
	X(CALL_READ, 23, "call.read", WIRE_BROKER)                 \
	X(DECISION, 30, "decision", WIRE_BROKER)                   \
	X(PEER_REFUSED, 40, "peer.refused", WIRE_SUPERVISOR | WIRE_BROKER | WIRE_AUDITD)

#define EVENT_ENUM(name, number, text, roles) EVENT_##name = number,
enum event_kind { EVENT_NONE = 0, EVENT_TABLE(EVENT_ENUM) };

/* The name of a kind in records; NULL: no such kind. */
const char *event_name(unsigned kind);
/* The kind by name; EVENT_NONE: no such name. */
enum event_kind event_from_name(const char *name);
/* The roles that may append this kind, as a mask; 0: no such kind. */
unsigned event_roles(unsigned kind);

/* X(enumerator, number, name in records, text) */
#define END_TABLE(X)                                                                           \
	X(EXITED, 1, "exited", "the Skill ended by itself")                                    \
	X(CRASHED, 2, "crashed", "the Skill was ended by a signal")                            \
	X(WALL_TIME, 3, "wall-time", "the run reached its wall time")                          \
	X(PROTOCOL, 4, "protocol", "the Skill broke the protocol")                             \
	X(OUTPUT_LIMIT, 5, "output-limit", "the Skill wrote more output than is allowed")      \
	X(CONFINEMENT, 6, "confinement", "the cell could not be built as the policy requires") \
	X(BROKER_LOST, 7, "broker-lost", "the broker ended during the run")                    \
	X(AUDIT_LOST, 8, "audit-lost", "the log could not be written")                         \
	X(SUPERVISOR_LOST, 9, "supervisor-lost", "the supervisor ended during the run")        \
	X(KILLED, 10, "killed", "an operator ended the run")                                   \
	X(SHUTDOWN, 11, "shutdown", "the service was stopped")                                 \
	X(REFUSED, 12, "refused", "the broker refused the run's grant")                        \
	X(MEMORY, 13, "memory-limit", "the run needed more memory than is allowed")            \
	X(POLICY_CHANGED, 14, "policy-changed",                                                \
	    "a new policy allows less than the run was started with")

#define END_ENUM(name, number, text, meaning) END_##name = number,
enum end_reason { END_NONE = 0, END_TABLE(END_ENUM) };

struct end_info {
	const char *name;
	const char *meaning;
};

/* The row of a reason; never NULL ("unknown" outside the table). */
const struct end_info *end_info(unsigned reason);

#endif
