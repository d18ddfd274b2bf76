/* method.h - what can be asked, once: a row a method, with its parameters.
 *
 * Parameters are checked from the table before a handler runs: an unknown one, a missing one and
 * one of another type is a ProtocolError that names the field and what is allowed. */
#ifndef BROKER_METHOD_H
#define BROKER_METHOD_H

#include "common/fault.h"
#include "common/value.h"

struct broker_call;

enum { BROKER_PARAMS_MAX = 6 };

#define BROKER_TYPE_BIT(type) (1u << VALUE_##type)
#define BROKER_TYPE_ANY 0xffu

struct broker_param {
	const char *name; /* NULL ends the list */
	unsigned types;   /* mask of BROKER_TYPE_BIT */
	bool required;
};

struct broker_method {
	const char *name;
	void (*handler)(struct broker_call *call); /* takes call */
	struct broker_param params[BROKER_PARAMS_MAX];
};

/* The row of a method; NULL: there is none. */
const struct broker_method *broker_method_find(const char *name);
/* The method nearest to a name that does not exist, or NULL. */
const char *broker_method_nearest(const char *name);
/* Checks params, a VALUE_MAP, against the row. */
MUST_USE enum err broker_method_check(
    const struct broker_method *method, const struct value *params, struct fault *fault);

/* The handlers, one file a group. */
void broker_run_input(struct broker_call *call);
void broker_run_log(struct broker_call *call);
void broker_tool_list(struct broker_call *call);
void broker_tool_call(struct broker_call *call);
void broker_memory_get(struct broker_call *call);
void broker_memory_put(struct broker_call *call);
void broker_memory_delete(struct broker_call *call);
void broker_memory_list(struct broker_call *call);
void broker_decision_record(struct broker_call *call);

#endif
