/* denied.h - what a cell's profile denied: each call answered as the profile says, counted, and
 * reported once when it is new and once more at the end.
 *
 * Invariant: a cell never costs us more than its share. One call is taken per turn of the loop, and
 * a cell that goes on making denied calls faster than the bucket below fills is not listened to any
 * more: its kernel then answers ENOSYS without us, and the record says that the rest was not
 * counted. */
#ifndef SUPERVISOR_DENIED_H
#define SUPERVISOR_DENIED_H

#include <event2/event.h>

#include "common/clock.h"
#include "sandbox/profile.h"

enum {
	DENIED_CALLS_MAX = 32,   /* kinds of denied calls that one cell's record tells apart */
	DENIED_BURST = 1024,     /* calls that are answered at any speed, */
	DENIED_EACH_SECOND = 16, /* and how many more each second brings */
};

/* How much of what a cell was denied has been seen. X(enumerator, name in records) */
#define DENIED_SEEN_TABLE(X) \
	X(NONE, "none")      \
	X(PART, "part")      \
	X(ALL, "all")

#define DENIED_SEEN_ENUM(name, text) DENIED_SEEN_##name,
enum denied_seen { DENIED_SEEN_TABLE(DENIED_SEEN_ENUM) };

/* One kind of call: same call, same architecture, answered by the same rule. */
struct denied_call {
	struct seccomp_data data; /* of the first one; never followed where it points */
	struct profile_answer answer;
	int error;      /* errno value that it got */
	uint64_t count; /* so far */
};

struct denied_summary {
	enum denied_seen seen;
	uint64_t count;
};

struct denied;

/* Answers what comes from listener_fd, which is taken, until the end. profile must outlive it. seen
 * is called for each kind of call when it is new, and by denied_end once more where there were
 * others of its kind. NULL: out of memory. */
struct denied *denied_new(struct event_base *base, int listener_fd, const struct profile *profile,
    const struct clock *clock, void (*seen)(void *context, const struct denied_call *call),
    void *context);
/* The cell is gone: tells the rest, fills *ret, frees; NULLs the caller's pointer. NULL: nobody
 * listened. */
void denied_end(struct denied **denied, struct denied_summary *ret);
/* Frees without a word; NULLs the caller's pointer; accepts NULL. */
void denied_free(struct denied **denied);
/* The name of how much was seen, for records. */
const char *denied_seen_name(enum denied_seen seen);

#endif
