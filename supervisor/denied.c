#include "supervisor/denied.h"

#include <errno.h>

#include "sandbox/listener.h"

static const uint64_t second_ns = UINT64_C(1000000000);

struct denied {
	int fd; /* -1: not listened to any more */
	struct event *readable;
	const struct profile *profile;
	const struct clock *clock;
	void (*seen)(void *context, const struct denied_call *call);
	void *context;
	struct denied_summary summary;
	struct denied_call calls[DENIED_CALLS_MAX];
	unsigned call_count;
	/* The bucket, in ns of refill: one call takes as much as its refill lasts. */
	uint64_t credit_ns, filled_ns;
};

static void
stop_listening(struct denied *denied)
{
	if (denied->readable != NULL)
		event_free(denied->readable);
	denied->readable = NULL;
	scope_close(&denied->fd);
	denied->fd = -1;
}

/* Takes one call's worth from the bucket; false: it is empty. */
static bool
take_credit(struct denied *denied)
{
	const uint64_t call_ns = second_ns / DENIED_EACH_SECOND, full_ns = DENIED_BURST * call_ns;
	uint64_t now = clock_monotonic_ns(denied->clock);

	denied->credit_ns += now - denied->filled_ns;
	denied->filled_ns = now;
	if (denied->credit_ns > full_ns)
		denied->credit_ns = full_ns;
	if (denied->credit_ns < call_ns)
		return false;
	denied->credit_ns -= call_ns;
	return true;
}

static bool
is_same_kind(const struct denied_call *a, const struct denied_call *b)
{
	return a->data.nr == b->data.nr && a->data.arch == b->data.arch &&
	       a->answer.rule == b->answer.rule;
}

/* Counts it with its kind; a new kind is told at once, so that a crash of ours loses no more than a
 * number. Kinds beyond the table are in the sum only. */
static void
note(struct denied *denied, const struct denied_call *call)
{
	denied->summary.count++;
	for (unsigned i = 0; i < denied->call_count; i++)
		if (is_same_kind(&denied->calls[i], call)) {
			denied->calls[i].count++;
			return;
		}
	if (denied->call_count == DENIED_CALLS_MAX)
		return;
	denied->calls[denied->call_count++] = *call;
	denied->seen(denied->context, call);
}

static void
on_readable(int fd, short what, void *context)
{
	struct denied *denied = context;
	struct listener_call waiting;
	struct denied_call call = {.error = ENOSYS, .count = 1};
	int r = listener_read(fd, &waiting);

	(void)what;
	if (r < 0)
		stop_listening(denied);
	if (r <= 0)
		return;
	call.data = waiting.data;
	profile_ask(denied->profile, &call.data, &call.answer);
	if ((call.answer.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		call.error = (int)(call.answer.action & SECCOMP_RET_DATA);
	listener_answer(fd, waiting.id, call.error);
	note(denied, &call);
	if (!take_credit(denied)) {
		denied->summary.seen = DENIED_SEEN_PART;
		stop_listening(denied);
	}
}

struct denied *
denied_new(struct event_base *base, int listener_fd, const struct profile *profile,
    const struct clock *clock, void (*seen)(void *context, const struct denied_call *call),
    void *context)
{
	struct denied *denied = malloc(sizeof(*denied));

	if (denied == NULL) {
		close(listener_fd);
		return NULL;
	}
	*denied = (struct denied){
	    .fd = listener_fd,
	    .profile = profile,
	    .clock = clock,
	    .seen = seen,
	    .context = context,
	    .summary = {.seen = DENIED_SEEN_ALL},
	    .credit_ns = DENIED_BURST * (second_ns / DENIED_EACH_SECOND),
	    .filled_ns = clock_monotonic_ns(clock),
	};
	denied->readable = event_new(base, listener_fd, EV_READ | EV_PERSIST, on_readable, denied);
	if (denied->readable == NULL || event_add(denied->readable, NULL) < 0)
		denied_free(&denied);
	return denied;
}

void
denied_end(struct denied **denied, struct denied_summary *ret)
{
	const struct denied *ended = *denied;

	*ret = (struct denied_summary){.seen = DENIED_SEEN_NONE};
	if (ended == NULL)
		return;
	for (unsigned i = 0; i < ended->call_count; i++)
		if (ended->calls[i].count > 1)
			ended->seen(ended->context, &ended->calls[i]);
	*ret = ended->summary;
	denied_free(denied);
}

void
denied_free(struct denied **denied)
{
	if (*denied == NULL)
		return;
	stop_listening(*denied);
	free(*denied);
	*denied = NULL;
}

#define SEEN_NAME(name, text) [DENIED_SEEN_##name] = (text),

const char *
denied_seen_name(enum denied_seen seen)
{
	static const char *const names[] = {DENIED_SEEN_TABLE(SEEN_NAME)};

	return (size_t)seen < ARRAY_SIZE(names) ? names[seen] : "unknown";
}
