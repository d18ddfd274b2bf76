#include "cli/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/prctl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "common/json.h"
#include "common/text.h"

enum {
	KINDS_OF_ONE_CALL_MAX = 24, /* more different arguments than that are not a list */
	/* CLONE_NEW*: a fork is harmless without any of them. */
	NAMESPACES = 0x7e020000,
};

static const uint64_t whole_int = 0xffffffff; /* what the kernel takes of an int */

/* The arguments of a call that decide what it can do. */
struct judged {
	int number;
	struct {
		unsigned index;
		uint64_t mask;
	} args[2];
	unsigned count;
	bool zero_or_any; /* a pointer or a process: only 0 is a value to name */
};

static const struct judged judged[] = {
    {SYS_ioctl, {{1, whole_int}}, 1, false},
    {SYS_fcntl, {{1, whole_int}}, 1, false},
    {SYS_mmap, {{3, MAP_HUGETLB}}, 1, false},
    {SYS_prctl, {{0, whole_int}}, 1, false},
    {SYS_clone, {{0, NAMESPACES}}, 1, false},
    {SYS_personality, {{0, whole_int}}, 1, false},
    {SYS_socket, {{0, whole_int}, {1, 15}}, 2, false},
    {SYS_socketpair, {{0, whole_int}, {1, 15}}, 2, false},
    {SYS_getsockopt, {{1, whole_int}, {2, whole_int}}, 2, false},
    {SYS_setsockopt, {{1, whole_int}, {2, whole_int}}, 2, false},
    {SYS_sendto, {{4, UINT64_MAX}, {3, MSG_OOB}}, 2, true},
    {SYS_recvfrom, {{3, MSG_OOB}}, 1, true},
    {SYS_prlimit64, {{0, whole_int}}, 1, true},
};

static const struct judged *
judge(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(judged); i++)
		if (judged[i].number == number)
			return &judged[i];
	return NULL;
}

/* What is left of a call when only what matters is kept. */
static struct trace_call
reduce(const struct seccomp_data *data)
{
	struct trace_call call = {.data = {.nr = data->nr, .arch = data->arch}, .count = 1};
	const struct judged *row = judge(data->nr);

	for (unsigned i = 0; row != NULL && i < row->count; i++) {
		uint64_t value = data->args[row->args[i].index] & row->args[i].mask;

		call.data.args[row->args[i].index] = value;
		call.any_args |= row->zero_or_any && value != 0;
	}
	if (call.any_args)
		memset(call.data.args, 0, sizeof(call.data.args));
	return call;
}

/* All kinds of one call become one, with any arguments. */
static void
give_up_args(struct trace *trace, int number)
{
	struct trace_call *first = NULL;
	unsigned kept = 0;

	for (unsigned i = 0; i < trace->count; i++) {
		struct trace_call *call = &trace->calls[i];

		if (call->data.nr == number && first != NULL) {
			first->count += call->count;
			continue;
		}
		trace->calls[kept] = *call;
		if (call->data.nr == number) {
			first = &trace->calls[kept];
			first->any_args = true;
			memset(first->data.args, 0, sizeof(first->data.args));
		}
		kept++;
	}
	trace->count = kept;
}

void
trace_note(struct trace *trace, const struct seccomp_data *data)
{
	struct trace_call call = reduce(data);
	unsigned kinds = 0;

	for (unsigned i = 0; i < trace->count; i++) {
		struct trace_call *known = &trace->calls[i];

		if (known->data.nr != call.data.nr)
			continue;
		kinds++;
		if (known->any_args || (!call.any_args && memcmp(known->data.args, call.data.args,
							      sizeof(call.data.args)) == 0)) {
			known->count++;
			return;
		}
	}
	if (trace->count == TRACE_CALLS_MAX) {
		trace->lost++;
		return;
	}
	trace->calls[trace->count++] = call;
	if (call.any_args || kinds >= KINDS_OF_ONE_CALL_MAX)
		give_up_args(trace, call.data.nr);
}

void
trace_begin(struct trace *trace, uint32_t arch)
{
	const struct seccomp_data always[] = {
	    {.nr = SYS_execve, .arch = arch},
	    {.nr = SYS_write, .arch = arch},
	    {.nr = SYS_prctl, .arch = arch, .args = {PR_GET_SECCOMP}},
	    {.nr = SYS_exit_group, .arch = arch},
	    {.nr = SYS_rt_sigreturn, .arch = arch},
	    {.nr = SYS_restart_syscall, .arch = arch},
	};

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		trace_note(trace, &always[i]);
}

bool
trace_refuses(const struct seccomp_data *data)
{
	return data->nr == SYS_clone3 || data->nr == SYS_io_uring_setup;
}

static bool
allows(const struct profile *profile, const struct trace_call *call, struct profile_answer *ret)
{
	profile_ask(profile, &call->data, ret);
	return ret->action == SECCOMP_RET_ALLOW;
}

/* The reason that the first known profile gives which allows the call; NULL: none does. */
static const char *
known_reason(const struct trace *trace, const struct trace_call *call)
{
	struct profile_answer answer;

	for (unsigned i = 0; i < trace->known_count; i++)
		if (allows(trace->known[i], call, &answer))
			return answer.reason;
	return NULL;
}

bool
trace_is_new(const struct trace *trace, const struct trace_call *call)
{
	return known_reason(trace, call) == NULL;
}

unsigned
trace_missing(const struct trace *trace, const struct profile *profile)
{
	struct profile_answer answer;
	unsigned missing = 0;

	for (unsigned i = 0; i < trace->count; i++)
		missing += !allows(profile, &trace->calls[i], &answer);
	return missing;
}

static bool
has_name(const struct trace_call *call)
{
	char name[64];

	profile_call_name(call->data.arch, call->data.nr, name, sizeof(name));
	return strcmp(name, "unknown") != 0 && strcmp(name, "foreign") != 0;
}

unsigned
trace_nameless(const struct trace *trace)
{
	unsigned count = 0;

	for (unsigned i = 0; i < trace->count; i++)
		count += !has_name(&trace->calls[i]);
	return count;
}

/* As JSON has it; false: out of memory. */
static bool
put_string(FILE *out, const char *text)
{
	const struct value value = value_string(text);
	SCOPED_FREE char *json = json_write(&value, JSON_STYLE_COMPACT, NULL);

	if (json != NULL)
		fputs(json, out);
	return json != NULL;
}

static void
put_name(FILE *out, const struct trace_call *call, bool first)
{
	char name[64];

	profile_call_name(call->data.arch, call->data.nr, name, sizeof(name));
	fprintf(out, "%s\"%s\"", first ? "" : ", ", name);
}

static void
put_args(FILE *out, const struct trace_call *call, const struct judged *row)
{
	fprintf(out, "      \"args\": [");
	for (unsigned i = 0; i < row->count; i++) {
		uint64_t mask = row->args[i].mask, value = call->data.args[row->args[i].index];

		fprintf(out, "%s{\"index\": %u, \"value\": %" PRIu64, i > 0 ? ", " : "",
		    row->args[i].index, mask == UINT64_MAX ? value : mask);
		if (mask == UINT64_MAX)
			fprintf(out, ", \"op\": \"SCMP_CMP_EQ\"}");
		else
			fprintf(out, ", \"valueTwo\": %" PRIu64 ", \"op\": \"SCMP_CMP_MASKED_EQ\"}",
			    value);
	}
	fprintf(out, "],\n");
}

static const struct judged *
judged_as(const struct trace_call *call)
{
	return call->any_args ? NULL : judge(call->data.nr);
}

/* The rule of the first call and, where it has no arguments, of every other with the same reason;
 * marks what it wrote. */
static bool
put_rule(FILE *out, const struct trace *trace, const char *const *reasons, unsigned first,
    bool written[TRACE_CALLS_MAX])
{
	const struct judged *row = judged_as(&trace->calls[first]);

	fprintf(out, "    {\n      \"names\": [");
	for (unsigned i = first; i < trace->count; i++) {
		bool joins = !written[i] && judged_as(&trace->calls[i]) == NULL && row == NULL &&
			     strcmp(reasons[i], reasons[first]) == 0;

		if (i != first && !joins)
			continue;
		put_name(out, &trace->calls[i], i == first);
		written[i] = true;
	}
	fprintf(out, "],\n      \"action\": \"SCMP_ACT_ALLOW\",\n");
	if (row != NULL)
		put_args(out, &trace->calls[first], row);
	fprintf(out, "      \"reason\": ");
	if (!put_string(out, reasons[first]))
		return false;
	fprintf(out, "\n    }");
	return true;
}

static bool
put_profile(FILE *out, const struct trace *trace, const char *command)
{
	static const char unknown[] = "REVIEW: no profile of Praxa allows this";
	const char *reasons[TRACE_CALLS_MAX];
	bool written[TRACE_CALLS_MAX] = {false};
	bool first = true;

	for (unsigned i = 0; i < trace->count; i++) {
		reasons[i] = known_reason(trace, &trace->calls[i]);
		if (reasons[i] == NULL)
			reasons[i] = unknown;
		written[i] = !has_name(&trace->calls[i]);
	}
	fprintf(out, "{\n  \"reason\": ");
	if (!put_string(out, command))
		return false;
	fprintf(out,
	    ",\n  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n"
	    "  \"defaultErrnoRet\": %d,\n  \"syscalls\": [\n",
	    ENOSYS);
	for (unsigned i = 0; i < trace->count; i++) {
		if (written[i])
			continue;
		fputs(first ? "" : ",\n", out);
		first = false;
		if (!put_rule(out, trace, reasons, i, written))
			return false;
	}
	fprintf(out, "\n  ]\n}\n");
	return true;
}

char *
trace_profile(const struct trace *trace, const char *command)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	bool made = out != NULL && put_profile(out, trace, command);

	if (out != NULL && (fclose(out) != 0 || !made)) {
		free(text);
		return NULL;
	}
	return text;
}
