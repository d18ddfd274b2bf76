#include "common/wire.h"

#include <assert.h>
#include <stddef.h>

enum { TEXTS_MAX = 12 };

/* Where a struct has terminated strings; size 0 ends the list. */
struct text_field {
	uint16_t offset, size;
};

struct row {
	const char *name;
	unsigned from, to;
	size_t body, extra;
	int fds;
	const struct text_field *texts;
};

#define SPAN(s, member) {offsetof(struct s, member), sizeof(((struct s *)0)->member)},
#define FAULT_SPAN(s, member, part)                                 \
	{offsetof(struct s, member) + offsetof(struct fault, part), \
	    sizeof(((struct fault *)0)->part)},

#define TEXTS_TEXT(s, name) SPAN(s, name)
#define TEXTS_U32(s, name)
#define TEXTS_I32(s, name)
#define TEXTS_U64(s, name)
#define TEXTS_DIGEST(s, name)
#define TEXTS_FAULT(s, name)         \
	FAULT_SPAN(s, name, message) \
	FAULT_SPAN(s, name, rule)    \
	FAULT_SPAN(s, name, field)   \
	FAULT_SPAN(s, name, allowed)

/* The field macro needs the struct's name, which WIRE_X(F) cannot pass: each table names it here.
 */
#define TEXTS_OF(name, tag, number, from, to, extra, fds) \
	static const struct text_field tag##_texts[] = {WIRE_##name(TEXTS_##tag){0, 0}};
#define TEXTS_control_run(k, n, s) TEXTS_##k(wire_control_run, n)
#define TEXTS_control_kill(k, n, s) TEXTS_##k(wire_control_kill, n)
#define TEXTS_control_ready(k, n, s) TEXTS_##k(wire_control_ready, n)
#define TEXTS_control_admitted(k, n, s) TEXTS_##k(wire_control_admitted, n)
#define TEXTS_control_started(k, n, s) TEXTS_##k(wire_control_started, n)
#define TEXTS_control_output(k, n, s) TEXTS_##k(wire_control_output, n)
#define TEXTS_control_ended(k, n, s) TEXTS_##k(wire_control_ended, n)
#define TEXTS_control_refused(k, n, s) TEXTS_##k(wire_control_refused, n)
#define TEXTS_control_reload(k, n, s) TEXTS_##k(wire_control_reload, n)
#define TEXTS_control_reloaded(k, n, s) TEXTS_##k(wire_control_reloaded, n)
#define TEXTS_audit_append(k, n, s) TEXTS_##k(wire_audit_append, n)
#define TEXTS_audit_ack(k, n, s) TEXTS_##k(wire_audit_ack, n)
#define TEXTS_audit_refused(k, n, s) TEXTS_##k(wire_audit_refused, n)
#define TEXTS_audit_open_run(k, n, s) TEXTS_##k(wire_audit_open_run, n)
#define TEXTS_audit_ready(k, n, s) TEXTS_##k(wire_audit_ready, n)
#define TEXTS_grant_run(k, n, s) TEXTS_##k(wire_grant_run, n)
#define TEXTS_grant_ready(k, n, s) TEXTS_##k(wire_grant_ready, n)
#define TEXTS_grant_refused(k, n, s) TEXTS_##k(wire_grant_refused, n)
#define TEXTS_grant_end(k, n, s) TEXTS_##k(wire_grant_end, n)
#define TEXTS_grant_closed(k, n, s) TEXTS_##k(wire_grant_closed, n)
#define TEXTS_grant_violation(k, n, s) TEXTS_##k(wire_grant_violation, n)
#define TEXTS_tool_exec(k, n, s) TEXTS_##k(wire_tool_exec, n)
#define TEXTS_tool_cancel(k, n, s) TEXTS_##k(wire_tool_cancel, n)
#define TEXTS_tool_done(k, n, s) TEXTS_##k(wire_tool_done, n)
WIRE_TABLE(TEXTS_OF)

#define ROW(name, tag, number, from, to, extra, fds) \
	[number] = {#name, from, to, sizeof(struct wire_##tag), extra, fds, tag##_texts},
static const struct row rows[] = {WIRE_TABLE(ROW)};

#define SIZE_CHECK(name, tag, number, from, to, extra, fds)                                    \
	static_assert(                                                                         \
	    sizeof(struct wire_head) + sizeof(struct wire_##tag) + (extra) <= WIRE_PACKET_MAX, \
	    "a packet of " #name " must fit");
WIRE_TABLE(SIZE_CHECK)

static const struct row *
find(unsigned type)
{
	return type < ARRAY_SIZE(rows) && rows[type].name != NULL ? &rows[type] : NULL;
}

const char *
wire_name(unsigned type)
{
	const struct row *row = find(type);

	return row != NULL ? row->name : "unknown";
}

bool
wire_shape(unsigned type, size_t *ret_body, size_t *ret_extra, int *ret_fds)
{
	const struct row *row = find(type);

	if (row == NULL)
		return false;
	*ret_body = row->body;
	*ret_extra = row->extra;
	*ret_fds = row->fds;
	return true;
}

static bool
texts_are_terminated(const struct row *row, const unsigned char *body)
{
	for (const struct text_field *t = row->texts; t->size != 0; t++)
		if (memchr(body + t->offset, 0, t->size) == NULL)
			return false;
	return true;
}

enum err
wire_check(const void *packet, size_t length, int fd_count, enum wire_role from, enum wire_role to,
    struct wire_message *ret, struct fault *fault)
{
	const struct wire_head *head = packet;
	const unsigned char *body = (const unsigned char *)packet + sizeof(*head);
	const struct row *row;

	if (length < sizeof(*head) || head->magic != WIRE_MAGIC || head->version != WIRE_VERSION)
		return fault_set(fault, ERR_PROTOCOL, "not a packet of version %d", WIRE_VERSION);
	row = find(head->type);
	if (row == NULL)
		return fault_set(fault, ERR_PROTOCOL, "unknown message type %u", head->type);
	if ((row->from & from) == 0 || (row->to & to) == 0)
		return fault_set(fault, ERR_PROTOCOL, "%s may not come from this peer", row->name);
	if (length - sizeof(*head) < row->body || length - sizeof(*head) - row->body > row->extra)
		return fault_set(fault, ERR_PROTOCOL, "%s has a wrong length", row->name);
	if (fd_count != row->fds)
		return fault_set(fault, ERR_PROTOCOL, "%s came with %d descriptors instead of %d",
		    row->name, fd_count, row->fds);
	if (!texts_are_terminated(row, body))
		return fault_set(fault, ERR_PROTOCOL, "%s holds a text without an end", row->name);
	ret->type = (enum wire_type)head->type;
	ret->serial = head->serial;
	ret->body = body;
	ret->extra = body + row->body;
	ret->extra_length = length - sizeof(*head) - row->body;
	return ERR_OK;
}
