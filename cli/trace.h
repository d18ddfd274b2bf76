/* trace.h - which system calls a program made, and the smallest profile that lets it make them.
 * Pure: `praxa sandbox trace` watches, this adds up and proposes.
 *
 * Invariant: every call that was noted is allowed by the proposed profile; where a call is only
 * harmless with some arguments, those that were seen are allowed and no others. */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include "sandbox/profile.h"

enum { TRACE_CALLS_MAX = 1024, TRACE_PROFILES_MAX = 16 };

/* One call, with the arguments that matter for it; the others are 0. */
struct trace_call {
	struct seccomp_data data;
	uint64_t count;
	bool any_args; /* too many different arguments: it is allowed with any */
};

struct trace {
	struct trace_call calls[TRACE_CALLS_MAX];
	unsigned count;
	uint64_t lost;                                   /* calls beyond that many kinds */
	const struct profile *known[TRACE_PROFILES_MAX]; /* whose reasons are used; borrowed */
	unsigned known_count;
};

/* Notes what every program in a cell does: its own execve, and what process 2 does before. */
void trace_begin(struct trace *trace, uint32_t arch);
void trace_note(struct trace *trace, const struct seccomp_data *data);
/* Calls that stay refused in a trace, so that the program shows what it does without them: their
 * flags are out of a filter's sight, or they go past it. */
bool trace_refuses(const struct seccomp_data *data);
/* The profile as JSON text: heap memory of the caller's. NULL: out of memory. command is its reason
 * as a whole. */
char *trace_profile(const struct trace *trace, const char *command);
/* How many of the kinds of call that were noted profile does not allow. */
unsigned trace_missing(const struct trace *trace, const struct profile *profile);
/* How many of them have no name, so that no profile can allow them. */
unsigned trace_nameless(const struct trace *trace);
/* Whether no known profile allows this call, so that somebody should look at it. */
bool trace_is_new(const struct trace *trace, const struct trace_call *call);

#endif
