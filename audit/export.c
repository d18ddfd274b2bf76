#include "audit/export.h"

#include "audit/body.h"
#include "common/layer.h"
#include "common/text.h"
#include "common/utf8.h"
#include "common/value_build.h"

/* A record under construction. */
struct builder {
	struct value_build build;
	struct value_map map;
};

static void
add(struct builder *b, const char *key, struct value value)
{
	value_map_put(&b->build, &b->map, key, value);
}

/* A copy of text in the arena, so that the value outlives the record. */
static struct value
copy(struct builder *b, const char *text)
{
	const char *held = arena_copy(b->build.arena, text, strlen(text));

	if (held == NULL)
		b->build.failed = true;
	return held != NULL ? value_string(held) : (struct value){.type = VALUE_NULL};
}

static struct value
number(uint64_t value)
{
	/* Only a hostile log holds more; JSON readers keep 2^53 at best. */
	return value_integer(value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

/* Text, or null for none. */
static struct value
text_or_null(struct builder *b, const char *text)
{
	return text[0] != '\0' ? copy(b, text) : (struct value){.type = VALUE_NULL};
}

static struct value
digest_value(struct builder *b, const struct digest *digest)
{
	static const struct digest none;
	char text[DIGEST_TEXT_MAX];

	if (digest_equal(digest, &none))
		return (struct value){.type = VALUE_NULL};
	digest_text(text, digest);
	return copy(b, text);
}

static struct value
time_value(struct builder *b, uint64_t realtime_ms)
{
	char text[TEXT_TIME_MAX];

	text_time(text, realtime_ms);
	return copy(b, text);
}

static struct value
boot_value(struct builder *b, const struct record_boot *boot)
{
	char text[2 * BOOT_ID_BYTES + 1];

	text_hex(text, boot->bytes, BOOT_ID_BYTES);
	return copy(b, text);
}

static struct value
layers_value(struct builder *b, uint64_t mask)
{
	struct value_list list = value_list_new(&b->build, 64);

	for (unsigned bit = 0; bit < 64; bit++)
		if ((mask >> bit & 1) != 0)
			value_list_put(&b->build, &list,
			    value_string(
				layer_info(bit) != NULL ? layer_info(bit)->name : "unknown"));
	return value_list_done(&list);
}

static struct value
body_value(struct builder *b, const struct record_body *body)
{
	struct fault fault;
	struct value value;
	enum err r = body_decode(body->bytes, body->length, b->build.arena, &value, &fault);

	if (r == ERR_OK)
		return value;
	if (r != ERR_PROTOCOL)
		b->build.failed = true;
	return (struct value){.type = VALUE_BYTES,
	    .length = (uint32_t)body->length,
	    .string = (const char *)body->bytes};
}

/* The audit event, version 1: its members and their order are a contract. */
static void
build_decision(struct builder *b, const struct audit_record *r)
{
	static const char *const from_body[] = {
	    "trigger", "input", "reasoning", "alternatives", "confidence", "output", "tools_used"};
	const struct value body = body_value(b, &r->body);

	add(b, "auditEventId", copy(b, r->id));
	add(b, "skillId", text_or_null(b, r->skill));
	add(b, "runId", text_or_null(b, r->run));
	add(b, "workspaceId", copy(b, r->workspace));
	for (unsigned i = 0; i < ARRAY_SIZE(from_body); i++) {
		const struct value *member = value_get(&body, from_body[i]);

		add(b, from_body[i], member != NULL ? *member : (struct value){.type = VALUE_NULL});
	}
	add(b, "duration_ms", number(r->duration_ms));
	add(b, "occurred_at", time_value(b, r->realtime_ms));
}

static void
build_other(struct builder *b, const struct audit_scan_record *record)
{
	const struct audit_record *r = &record->record;

	add(b, "index", number(r->index));
	add(b, "auditEventId", copy(b, r->id));
	add(b, "kind", value_string(event_name(r->kind)));
	add(b, "workspaceId", copy(b, r->workspace));
	add(b, "skillId", text_or_null(b, r->skill));
	add(b, "runId", text_or_null(b, r->run));
	add(b, "tool", text_or_null(b, r->tool));
	add(b, "error", text_or_null(b, r->error != ERR_OK ? err_name(r->error) : ""));
	add(b, "rule", text_or_null(b, r->rule));
	add(b, "line", number(r->line));
	add(b, "policy", digest_value(b, &r->policy));
	add(b, "bundle", digest_value(b, &r->bundle));
	add(b, "layers", layers_value(b, r->layers));
	add(b, "duration_ms", number(r->duration_ms));
	add(b, "occurred_at", time_value(b, r->realtime_ms));
	add(b, "mono_ns", number(r->mono_ns));
	add(b, "boot_id", boot_value(b, &r->boot_id));
	add(b, "leaf_hash", digest_value(b, &record->leaf_hash));
	add(b, "prev_leaf", digest_value(b, &r->prev_leaf));
	add(b, "run_seq", number(r->run_seq));
	add(b, "prev_in_run", digest_value(b, &r->prev_in_run));
	add(b, "body", body_value(b, &r->body));
}

enum err
export_value(const struct audit_scan_record *record, struct arena *arena, struct value *ret,
    struct fault *fault)
{
	struct builder b = {.build.arena = arena};

	b.map = value_map_new(&b.build, EXPORT_MEMBERS_MAX);
	if (!b.build.failed && record->record.kind == EVENT_DECISION)
		build_decision(&b, &record->record);
	else if (!b.build.failed)
		build_other(&b, record);
	if (b.build.failed)
		return fault_set(fault, ERR_LIMIT, "the record needs more memory than is allowed");
	*ret = value_map_done(&b.map);
	return ERR_OK;
}

/* RFC 8259 section 7: beyond U+FFFF as two surrogates. */
static void
put_escape(FILE *out, uint32_t c)
{
	if (c < 0x10000)
		fprintf(out, "\\u%04x", c);
	else
		fprintf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
		    0xdc00 + ((c - 0x10000) & 0x3ff));
}

enum err
export_json(FILE *out, const struct value *value, enum json_style style, struct fault *fault)
{
	size_t length = 0;
	SCOPED_FREE char *text = json_write(value, style, &length);
	const unsigned char *t = (const unsigned char *)text;

	if (text == NULL)
		return fault_set(fault, ERR_INTERNAL, "the record cannot be written as JSON");
	/* Outside strings JSON is ASCII, so an escape can only land inside one. */
	for (size_t i = 0; i < length;) {
		size_t width = utf8_width(t + i, length - i);

		if (width == 0)
			width = 1;
		if (width > 1 && utf8_is_invisible(t + i, width))
			put_escape(out, utf8_code_point(t + i, width));
		else
			fwrite(t + i, 1, width, out);
		i += width;
	}
	fputc('\n', out);
	return ERR_OK;
}

void
export_line(FILE *out, const struct audit_record *record, bool colours)
{
	char time[TEXT_TIME_MAX], tool[WIRE_TOOL_MAX], rule[FAULT_RULE_MAX];
	bool denied = record->error != ERR_OK;
	const char *colour = !colours ? "" : denied ? "\033[31m" : "\033[32m";
	const char *plain = colours ? "\033[0m" : "";

	text_time(time, record->realtime_ms);
	text_copy(tool, sizeof(tool), record->tool[0] != '\0' ? record->tool : "-");
	text_copy(rule, sizeof(rule), record->rule);
	fprintf(out, "%s  %-13s  %-20s  %s%-22s%s", time, event_name(record->kind), tool, colour,
	    denied ? err_name(record->error) : "ok", plain);
	if (rule[0] != '\0')
		fprintf(out, "  %s:%llu", rule, (unsigned long long)record->line);
	if (record->run[0] != '\0')
		fprintf(out, "  %s", record->run);
	fputc('\n', out);
}
