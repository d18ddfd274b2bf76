#include "broker/record.h"

#include "broker/run.h"
#include "common/codec.h"

struct broker_ticket {
	struct broker_ticket *next; /* of the run's */
	struct broker_run *run;
	broker_recorded *done; /* NULL: abandoned */
	void *context;
};

static void
on_answer(void *context, const struct recorder_answer *answer)
{
	(void)answer;
	broker_run_recorded(context);
}

static void
unlink_ticket(struct broker_ticket *ticket)
{
	for (struct broker_ticket **at = &ticket->run->tickets; *at != NULL; at = &(*at)->next)
		if (*at == ticket) {
			*at = ticket->next;
			return;
		}
}

/* Whatever the log's reason, for the Skill it is one error: no record, no action. */
static void
on_awaited(void *context, const struct recorder_answer *answer)
{
	SCOPED_FREE struct broker_ticket *ticket = context;
	struct fault why = {0};

	unlink_ticket(ticket);
	broker_run_recorded(ticket->run);
	if (answer->code != ERR_OK)
		fault_set(&why, ERR_AUDIT_UNAVAILABLE, "%s", answer->fault.message);
	if (ticket->done != NULL)
		ticket->done(ticket->context, answer->code == ERR_OK ? answer->event : NULL, &why);
}

static void
fill(struct wire_audit_append *append, const struct broker_run *run,
    const struct broker_record *record)
{
	*append = (struct wire_audit_append){.kind = record->kind,
	    .duration_ms = record->duration_ms,
	    .layers = record->layers,
	    .policy = *policy_digest(run->policy->policy),
	    .bundle = run->grant.bundle};
	memcpy(append->workspace, run->grant.workspace, sizeof(append->workspace));
	memcpy(append->skill, run->grant.skill, sizeof(append->skill));
	memcpy(append->run, run->grant.run, sizeof(append->run));
	text_copy(append->tool, sizeof(append->tool), record->tool);
	if (record->error != NULL) {
		append->error = record->error->code;
		append->line = record->error->line;
		memcpy(append->rule, record->error->rule, sizeof(append->rule));
	}
}

static enum err
unavailable(struct fault *fault, const char *why)
{
	return fault_set(fault, ERR_AUDIT_UNAVAILABLE, "%s", why);
}

enum err
broker_run_append(struct broker_run *run, const struct broker_record *record, broker_recorded *done,
    void *context, struct broker_ticket **ret_ticket, struct fault *fault)
{
	struct buffer *body = &run->broker->body;
	SCOPED_FREE struct broker_ticket *ticket = NULL;
	struct wire_audit_append append;
	struct fault why;

	body->length = 0;
	if (!codec_encode(body, record->body))
		return fault_set(fault, ERR_LIMIT,
		    "the record would be larger than %d bytes; say less, or in parts",
		    WIRE_EXTRA_MAX);
	if (done != NULL) {
		ticket = malloc(sizeof(*ticket));
		if (ticket == NULL)
			return unavailable(fault, "out of memory for a record");
		*ticket = (struct broker_ticket){run->tickets, run, done, context};
	}
	fill(&append, run, record);
	if (recorder_append(run->broker->recorder, &append, body->data, body->length,
		done != NULL ? on_awaited : on_answer, done != NULL ? (void *)ticket : run,
		&why) != ERR_OK)
		return unavailable(fault, why.message);
	run->records++;
	run->waiting++;
	if (ret_ticket != NULL)
		*ret_ticket = ticket;
	if (ticket != NULL)
		run->tickets = TAKE(ticket);
	return ERR_OK;
}

void
broker_ticket_abandon(struct broker_ticket *ticket)
{
	ticket->done = NULL;
}

void
broker_tickets_free(struct broker_run *run)
{
	while (run->tickets != NULL) {
		struct broker_ticket *ticket = run->tickets;

		run->tickets = ticket->next;
		free(ticket);
	}
}
