#include "broker/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "broker/call.h"
#include "broker/supervisor.h"
#include "common/io.h"
#include "common/json.h"

enum { READ_BYTES = 16 * 1024 };

struct stream {
	struct broker_exec *exec;
	int fd; /* -1: at its end */
	struct event *readable;
	struct buffer data;
	bool only_tail; /* of stderr the end is what helps */
};

struct broker_exec {
	struct broker_call *call;
	const struct policy_tool *tool;
	void (*done)(struct broker_call *call, const struct broker_exec_end *end);
	uint32_t number;
	uint64_t limit, seen; /* bytes of both streams */
	bool over;            /* it wrote more than its limit and was cancelled */
	struct stream out, err;
};

static struct broker *
broker_of(const struct broker_exec *exec)
{
	return exec->call->run->broker;
}

static void
stream_end(struct stream *stream)
{
	if (stream->readable != NULL)
		event_free(stream->readable);
	stream->readable = NULL;
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}

static void
destroy(struct broker_exec *exec)
{
	stream_end(&exec->out);
	stream_end(&exec->err);
	buffer_done(&exec->out.data);
	buffer_done(&exec->err.data);
	free(exec);
}

static void
send_cancel(const struct broker_exec *exec)
{
	struct wire_tool_cancel cancel = {.call = exec->number};

	memcpy(cancel.run, exec->call->run->grant.run, sizeof(cancel.run));
	broker_supervisor_tell(broker_of(exec), WIRE_TYPE_TOOL_CANCEL, 0, &cancel);
}

/* Keeps bytes that came. */
static void
keep(struct stream *stream, const unsigned char *data, size_t length)
{
	struct broker_exec *exec = stream->exec;

	exec->seen += length;
	if (exec->over)
		return;
	if (exec->seen > exec->limit || !buffer_add(&stream->data, data, length)) {
		exec->over = true;
		send_cancel(exec);
		return;
	}
	if (stream->only_tail && stream->data.length > BROKER_STDERR_TAIL)
		buffer_drop(&stream->data, stream->data.length - BROKER_STDERR_TAIL);
}

/* Reads once. False: there is nothing now, or no more. */
static bool
read_some(struct stream *stream)
{
	unsigned char data[READ_BYTES];
	ssize_t n;

	if (stream->fd < 0)
		return false;
	n = read(stream->fd, data, sizeof(data));
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		stream_end(stream);
		return false;
	}
	keep(stream, data, (size_t)n);
	return true;
}

static void
on_readable(int fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)read_some(context);
}

/* Our end is non-blocking, the tool's is not: each end of a pipe has flags of its own. */
static enum err
stream_open(struct broker_exec *exec, struct stream *stream, int *ret_write, struct fault *fault)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fault_set(fault, ERR_INTERNAL, "pipe: %s", strerror(errno));
	stream->exec = exec;
	stream->fd = ends[0];
	*ret_write = ends[1];
	stream->readable =
	    event_new(broker_of(exec)->base, ends[0], EV_READ | EV_PERSIST, on_readable, stream);
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 || stream->readable == NULL ||
	    event_add(stream->readable, NULL) < 0)
		return fault_set(fault, ERR_INTERNAL, "a tool's pipe cannot be watched");
	return ERR_OK;
}

static enum err
seal_arguments(const struct value *arguments, int *ret_fd, struct fault *fault)
{
	size_t length = 0;
	SCOPED_FREE char *text = json_write(arguments, JSON_STYLE_COMPACT, &length);
	int r;

	if (text == NULL)
		return fault_set(fault, ERR_INTERNAL, "the arguments cannot be written as JSON");
	r = io_sealed_new("praxa-tool-arguments", text, length, ret_fd);
	if (r < 0)
		return fault_set(fault, ERR_INTERNAL, "sealed memory: %s", strerror(-r));
	return ERR_OK;
}

static enum err
ask(struct broker_exec *exec, const struct value *arguments, struct fault *fault)
{
	struct broker *broker = broker_of(exec);
	struct wire_tool_exec request = {.call = exec->number};
	SCOPED_FD input = -1;
	SCOPED_FD output = -1;
	SCOPED_FD error = -1;
	enum err r = seal_arguments(arguments, &input, fault);

	if (r == ERR_OK)
		r = stream_open(exec, &exec->out, &output, fault);
	if (r == ERR_OK)
		r = stream_open(exec, &exec->err, &error, fault);
	if (r != ERR_OK)
		return r;
	if (broker->supervisor == NULL)
		return fault_set(fault, ERR_INTERNAL, "the supervisor is gone");
	memcpy(request.run, exec->call->run->grant.run, sizeof(request.run));
	text_copy(request.tool, sizeof(request.tool), exec->tool->name);
	return peer_send(broker->supervisor, WIRE_TYPE_TOOL_EXEC, 0, &request, NULL, 0,
	    (const int[]){input, output, error}, 3, fault);
}

enum err
broker_exec_begin(struct broker_call *call, const struct policy_tool *tool,
    const struct value *arguments,
    void (*done)(struct broker_call *call, const struct broker_exec_end *end),
    struct broker_exec **ret, struct fault *fault)
{
	struct broker_exec *exec = calloc(1, sizeof(*exec));
	uint64_t limit = tool->cell.limits.output_bytes;
	enum err r;

	if (exec == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	exec->call = call;
	exec->tool = tool;
	exec->done = done;
	exec->number = ++call->run->broker->exec_serial;
	exec->limit = limit < BROKER_TOOL_OUTPUT_MAX ? limit : BROKER_TOOL_OUTPUT_MAX;
	exec->out.fd = exec->err.fd = -1;
	exec->out.data.limit = exec->limit;
	exec->err.data.limit = BROKER_STDERR_TAIL + READ_BYTES;
	exec->err.only_tail = true;
	r = ask(exec, arguments, fault);
	if (r != ERR_OK) {
		destroy(exec);
		return r == ERR_INTERNAL
			   ? r
			   : fault_set(fault, ERR_INTERNAL, "the supervisor cannot be reached");
	}
	*ret = exec;
	return ERR_OK;
}

void
broker_exec_cancel(struct broker_exec **exec)
{
	struct broker_exec *gone = *exec;

	*exec = NULL;
	if (gone == NULL)
		return;
	if (!gone->over)
		send_cancel(gone);
	destroy(gone);
}

/* How the tool ended, in words about tools: end_info's are about runs. */
static void
describe_end(const struct wire_tool_done *done, char *to, size_t size)
{
	if (done->reason == END_EXITED)
		snprintf(to, size, "exited with %d", WEXITSTATUS(done->status));
	else if (done->reason == END_CRASHED)
		snprintf(to, size, "was ended by signal %d", WTERMSIG(done->status));
	else if (done->reason == END_WALL_TIME)
		snprintf(to, size, "took longer than its limits.wall");
	else
		snprintf(to, size, "was ended: %s", end_info(done->reason)->name);
}

/* Why the tool counts as failed; ERR_OK: it does not. */
static enum err
judge(const struct broker_exec *exec, const struct wire_tool_done *done, struct fault *fault)
{
	const char *name = exec->tool->name;
	char tail[BROKER_STDERR_TAIL + 1], how[64];

	text_copy_bytes(tail, sizeof(tail), exec->err.data.data, exec->err.data.length);
	if (exec->over) {
		fault_set(fault, ERR_LIMIT, "%s wrote more than %llu bytes", name,
		    (unsigned long long)exec->limit);
		return fault_at(fault, "limits.output", exec->tool->line);
	}
	if (done->fault.code != ERR_OK) {
		*fault = done->fault;
		return fault->code;
	}
	if (done->reason == END_EXITED && done->status == 0)
		return ERR_OK;
	describe_end(done, how, sizeof(how));
	return fault_set(fault, ERR_TOOL_FAILED, "%s %s%s%s", name, how,
	    tail[0] != '\0' ? "; stderr: " : "", tail);
}

static struct broker_exec *
find(struct broker *broker, const struct wire_tool_done *done)
{
	struct broker_run *run = broker_run_find(broker, done->run);

	for (struct broker_call *call = run != NULL ? run->calls : NULL; call != NULL;
	     call = call->next)
		if (call->exec != NULL && call->exec->number == done->call)
			return call->exec;
	return NULL;
}

void
broker_exec_done(struct broker *broker, const struct wire_tool_done *done)
{
	struct broker_exec *exec = find(broker, done);
	struct fault fault = {0};
	struct broker_exec_end end;

	if (exec == NULL)
		return;
	/* The cell is gone: what it wrote is in the pipes, and no more will come. Whoever still
	 * holds a write end is not waited for. */
	while (read_some(&exec->out) || read_some(&exec->err))
		;
	end = (struct broker_exec_end){
	    .fault = judge(exec, done, &fault) != ERR_OK ? &fault : NULL,
	    .output = exec->out.data.data,
	    .output_length = exec->out.data.length,
	    .layers = done->layers,
	    .usage =
		{
		    .cpu_us = done->cpu_us,
		    .peak_kib = done->peak_kib,
		    .counted = done->counted != 0,
		    .memory_peak_kib = done->memory_peak_kib,
		    .processes_peak = done->processes_peak,
		    .oom_kills = done->oom_kills,
		},
	};
	exec->call->exec = NULL;
	exec->done(exec->call, &end);
	destroy(exec);
}
