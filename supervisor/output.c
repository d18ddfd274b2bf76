#include "supervisor/output.h"

#include <errno.h>
#include <fcntl.h>

#include "supervisor/control.h"

enum { CHUNK_BYTES = 16 * 1024, DRAIN_CHUNKS_MAX = 64 };

/* One read. False: nothing more now, or the end. */
static bool
forward(struct run *run, int index)
{
	char chunk[CHUNK_BYTES];
	ssize_t n = read(run->output_fds[index], chunk, sizeof(chunk));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		event_del(run->outputs[index]);
		return false;
	}
	run->output_bytes += (uint64_t)n;
	if (run->output_bytes > policy_skill(run->skill->source.policy)->cell.limits.output_bytes) {
		struct fault fault;

		event_del(run->outputs[index]);
		fault_set(&fault, ERR_LIMIT, "the Skill wrote more than sandbox.limits.output");
		fault_at(&fault, "sandbox.limits.output",
		    policy_skill(run->skill->source.policy)->sandbox_line);
		run_stop(run, END_OUTPUT_LIMIT, &fault);
		return false;
	}
	control_tell_output(run, (uint32_t)index + 1, chunk, (size_t)n);
	return true;
}

static void
on_resume(int fd, short what, void *context)
{
	struct run *run = context;

	(void)fd;
	(void)what;
	for (int i = 0; i < 2; i++)
		if (run->outputs[i] != NULL)
			event_add(run->outputs[i], NULL);
}

/* A client that does not read makes its Skill wait in write(2), not us grow. */
static void
on_output(int fd, short what, void *context)
{
	const struct timeval pause = {0, 10000};
	struct run *run = context;

	(void)what;
	if (!control_is_slow(run)) {
		(void)forward(run, fd == run->output_fds[0] ? 0 : 1);
		return;
	}
	event_del(run->outputs[0]);
	event_del(run->outputs[1]);
	event_add(run->resume, &pause);
}

static enum err
open_one(struct run *run, int index, int *ret_writer)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return ERR_INTERNAL;
	*ret_writer = ends[1];
	run->output_fds[index] = ends[0];
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		return ERR_INTERNAL;
	run->outputs[index] =
	    event_new(run->supervisor->base, ends[0], EV_READ | EV_PERSIST, on_output, run);
	if (run->outputs[index] == NULL || event_add(run->outputs[index], NULL) < 0)
		return ERR_INTERNAL;
	return ERR_OK;
}

enum err
output_open(struct run *run, int ret_writers[2], struct fault *fault)
{
	int writers[2] = {-1, -1};

	run->resume = event_new(run->supervisor->base, -1, 0, on_resume, run);
	if (run->resume == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	if (open_one(run, 0, &writers[0]) == ERR_OK && open_one(run, 1, &writers[1]) == ERR_OK) {
		ret_writers[0] = writers[0];
		ret_writers[1] = writers[1];
		return ERR_OK;
	}
	for (int i = 0; i < 2; i++)
		if (writers[i] >= 0)
			close(writers[i]);
	return fault_set(fault, ERR_INTERNAL, "pipe: %s", strerror(errno));
}

void
output_drain(struct run *run)
{
	/* Bounded: the writers are dead, so what is left fits two pipe buffers. */
	for (int index = 0; index < 2; index++)
		for (int i = 0; i < DRAIN_CHUNKS_MAX && run->output_fds[index] >= 0; i++)
			if (!forward(run, index))
				break;
}

void
output_done(struct run *run)
{
	if (run->resume != NULL)
		event_free(run->resume);
	run->resume = NULL;
	for (int i = 0; i < 2; i++) {
		if (run->outputs[i] != NULL)
			event_free(run->outputs[i]);
		if (run->output_fds[i] >= 0)
			close(run->output_fds[i]);
		run->outputs[i] = NULL;
		run->output_fds[i] = -1;
	}
}
