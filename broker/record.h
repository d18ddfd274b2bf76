/* record.h - a run's records on their way to the log.
 *
 * Invariant: every record is counted in run->waiting until the log has answered, whoever has gone
 * in the meantime. */
#ifndef BROKER_RECORD_H
#define BROKER_RECORD_H

#include "common/event.h"
#include "common/fault.h"
#include "common/value.h"

struct broker_run;
struct broker_ticket;

/* What a record says beyond the run's own names. */
struct broker_record {
	enum event_kind kind;
	const char *tool;          /* a tool's or a method's name */
	const struct fault *error; /* NULL: none */
	uint64_t duration_ms, layers;
	const struct value *body; /* VALUE_MAP */
};

/* Called once, from the loop. event is the record's id when it is durable, else NULL and why is an
 * AuditUnavailableError. */
typedef void broker_recorded(void *context, const char *event, const struct fault *why);

/* Hands a record to the log. Never blocks. On success done (NULL: nobody waits) is called later
 * with context, and *ret_ticket (NULL: not wanted) is valid until then.
 * ERR_AUDIT_UNAVAILABLE: there is no record; ERR_LIMIT: the body does not fit into one. */
MUST_USE enum err broker_run_append(struct broker_run *run, const struct broker_record *record,
    broker_recorded *done, void *context, struct broker_ticket **ret_ticket, struct fault *fault);
/* The one who waited is gone: nobody is told. */
void broker_ticket_abandon(struct broker_ticket *ticket);
/* Frees the tickets that the log will not answer any more: it is gone for good. */
void broker_tickets_free(struct broker_run *run);

#endif
