/* call.h - one call on its way: from a scanned message to a reply.
 *
 * The steps of the law stand here and nowhere else: a denial is recorded before the Skill sees it,
 * an intent is acknowledged before its effect, a result is handed to the log before its reply. Each
 * function that ends a call takes it: the caller must not touch it afterwards. */
#ifndef BROKER_CALL_H
#define BROKER_CALL_H

#include "broker/exec.h"
#include "broker/ledger.h"
#include "broker/method.h"
#include "broker/rpc.h"
#include "broker/run.h"

typedef void broker_step(struct broker_call *call);

struct broker_call {
	struct broker_call *next;
	struct broker_run *run;
	const struct broker_method *method; /* NULL: there is no such method */
	struct broker_request request;
	struct arena arena; /* the request's params */
	size_t reserved;    /* of run->held */
	uint64_t started_ns;
	const char *subject;           /* the record's tool: a tool's name, or the method's */
	const struct value *arguments; /* what records show: a tool's, or all params */
	broker_step *step;             /* what follows the acknowledgement */
	struct broker_ticket *ticket;  /* waited for; NULL: none */
	bool intended;                 /* an intent was handed over: a result must follow */
	bool placed;                   /* it has one of the places of the run's live tools */
	bool taken;                    /* one call of each budget and limit that it falls under */
	struct broker_counter counters[BROKER_COUNTERS_MAX]; /* of those, the ones beyond the run */
	unsigned counter_count;
	struct broker_call *next_uncommitted; /* that waits for what it took to be durable */
	struct fault fault;                   /* what the Skill is told after the acknowledgement */
	char event[ID_MAX];                   /* of the acknowledged record */
	uint64_t layers;                      /* of the tool's cell */
	struct broker_usage usage;            /* the same cell's */
	struct broker_used *used;             /* the tool's place in the run's list */
	struct broker_exec *exec;             /* the tool that runs; NULL: none */
};

/* Begins a call from one scanned message. */
void broker_call_begin(
    struct broker_run *run, const unsigned char *data, size_t length, uint32_t items);

/* Records CALL_DENIED and, when that is durable, answers with fault. Takes call. */
void broker_call_deny(struct broker_call *call, const struct fault *fault);
/* Records CALL_READ without waiting and answers with result; fault not NULL: the read failed, and
 * answers with that. Takes call. */
void broker_call_read(
    struct broker_call *call, const struct value *result, const struct fault *fault);
/* Records CALL_INTENT and, when that is durable, goes on with step. Takes call until then. */
void broker_call_intend(struct broker_call *call, broker_step *step);
/* Records CALL_RESULT and answers with result, or with fault when that is not NULL. Takes call. */
void broker_call_finish(
    struct broker_call *call, const struct value *result, const struct fault *fault);
/* Appends record and, when that is durable, goes on with step. Takes call until then; when there is
 * no record the call is answered with the reason. */
void broker_call_record(
    struct broker_call *call, const struct broker_record *record, broker_step *step);
/* Answers without a record of its own. Takes call. */
void broker_call_answer(
    struct broker_call *call, const struct value *result, const struct fault *fault);
/* The run has ended: whatever the call waits for is cut. Takes call. */
void broker_call_drop(struct broker_call *call);

#endif
