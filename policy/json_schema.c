#include "policy/json_schema.h"

#include <stdio.h>

#include "common/value_build.h"
#include "policy/rule_read.h"

enum { MEMBERS_MAX = 12, HELP_MAX = 256, DEPTH_MAX = 12 };

/* Tables that several rows share, or that contain themselves: written once, under $defs. */
static const struct shared {
	const char *name, *at;
	const struct policy_key *rows;
} shared[] = {
    {"constraint", "#/$defs/constraint", policy_constraint_rows},
    {"schema", "#/$defs/schema", policy_schema_rows},
};

struct writing {
	struct value_build build; /* fails, too, where a table contains itself and is not shared */
	bool used[ARRAY_SIZE(shared)];
	unsigned depth;
};

static struct value write_row(struct writing *w, const struct policy_key *row);

/* Bounds under the names that JSON Schema gives to those of this type. */
static void
put_bounds(struct writing *w, struct value_map *object, const struct policy_key *row,
    const char *least, const char *most)
{
	if (row->min > 0)
		value_map_number(&w->build, object, least, row->min);
	if (row->max > 0)
		value_map_number(&w->build, object, most, row->max);
}

static void
write_text(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	if (row->words != NULL) {
		value_map_put(&w->build, object, "enum", value_list_texts(&w->build, row->words));
		return;
	}
	value_map_text(&w->build, object, "type", "string");
	value_map_number(&w->build, object, "minLength", 1);
	value_map_text(&w->build, object, "pattern", row->pattern);
}

static void
write_integer(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	value_map_text(&w->build, object, "type", "integer");
	if (row->min == 0 && row->max > 0)
		value_map_number(&w->build, object, "minimum", 0);
	put_bounds(w, object, row, "minimum", "maximum");
}

/* Money and fractions, whose bounds are millionths. */
static void
write_decimal(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	static const char *const names[] = {"minimum", "maximum"};
	const uint64_t bounds[] = {row->min, row->max};

	value_map_text(&w->build, object, "type", "number");
	for (unsigned i = 0; i < ARRAY_SIZE(bounds); i++)
		value_map_put(&w->build, object, names[i],
		    (struct value){.type = VALUE_REAL, .real = (double)bounds[i] / POLICY_MILLION});
}

static void
write_number(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	(void)row;
	value_map_text(&w->build, object, "type", "number");
}

static void
write_bytes(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	(void)row;
	value_map_text(&w->build, object, "type", "string");
	value_map_text(&w->build, object, "pattern", "^[0-9]+([KMG]i)?B$");
}

static void
write_duration(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	(void)row;
	value_map_text(&w->build, object, "type", "string");
	value_map_text(&w->build, object, "pattern", "^[0-9]+(ms|[smhd])$");
}

static void
write_true(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	(void)row;
	value_map_put(&w->build, object, "const", value_boolean(true));
}

static void
write_scalar(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	static const char *const types[] = {"string", "number", "boolean", NULL};

	(void)row;
	value_map_put(&w->build, object, "type", value_list_texts(&w->build, types));
}

/* A schema without keywords takes everything. */
static void
write_any(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	(void)w;
	(void)object;
	(void)row;
}

/* What a list holds: its row's item, or else what its type says. */
static struct value
write_item(struct writing *w, const struct policy_key *row)
{
	const struct policy_key plain = {
	    .type = row->type == POLICY_TYPE_SCALARS ? POLICY_TYPE_SCALAR : POLICY_TYPE_TEXT,
	    .pattern = row->pattern,
	    .words = row->words,
	};

	return write_row(w, row->item != NULL ? row->item : &plain);
}

static void
write_list(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	value_map_text(&w->build, object, "type", "array");
	put_bounds(w, object, row, "minItems", "maxItems");
	value_map_put(&w->build, object, "items", write_item(w, row));
}

static void
write_text_or_texts(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	struct policy_key list = *row;
	struct value_list choices = value_list_new(&w->build, 2);

	list.type = POLICY_TYPE_TEXTS;
	list.help = NULL;
	value_list_put(&w->build, &choices, write_item(w, row));
	value_list_put(&w->build, &choices, write_row(w, &list));
	value_map_put(&w->build, object, "anyOf", value_list_done(&choices));
}

/* A closed map: these keys and no others. */
static void
write_keys(struct writing *w, struct value_map *object, const struct policy_key *rows)
{
	const char *required[POLICY_ROWS_MAX + 1] = {NULL};
	struct value_map properties = value_map_new(&w->build, POLICY_ROWS_MAX);
	unsigned n = 0;

	for (; rows->name != NULL; rows++) {
		value_map_put(&w->build, &properties, rows->name, write_row(w, rows));
		if (rows->need == POLICY_REQUIRED && n < POLICY_ROWS_MAX)
			required[n++] = rows->name;
	}
	value_map_text(&w->build, object, "type", "object");
	value_map_put(&w->build, object, "properties", value_map_done(&properties));
	if (n > 0)
		value_map_put(&w->build, object, "required", value_list_texts(&w->build, required));
	value_map_put(&w->build, object, "additionalProperties", value_boolean(false));
}

static void
write_map(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	struct value_map names;

	put_bounds(w, object, row, "minProperties", "maxProperties");
	if (row->rows != NULL) {
		for (unsigned i = 0; i < ARRAY_SIZE(shared); i++)
			if (row->rows == shared[i].rows) {
				w->used[i] = true;
				value_map_text(&w->build, object, "$ref", shared[i].at);
				return;
			}
		write_keys(w, object, row->rows);
		return;
	}
	value_map_text(&w->build, object, "type", "object");
	names = value_map_new(&w->build, 1);
	value_map_text(&w->build, &names, "pattern", row->pattern);
	if (row->pattern != NULL)
		value_map_put(&w->build, object, "propertyNames", value_map_done(&names));
	value_map_put(&w->build, object, "additionalProperties", write_item(w, row));
}

static void
write_text_or_map(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	struct policy_key text = *row, map = *row;
	struct value_list choices = value_list_new(&w->build, 2);

	text.type = POLICY_TYPE_TEXT;
	text.rows = NULL;
	map.type = POLICY_TYPE_MAP;
	text.help = map.help = NULL;
	value_list_put(&w->build, &choices, write_row(w, &text));
	value_list_put(&w->build, &choices, write_row(w, &map));
	value_map_put(&w->build, object, "anyOf", value_list_done(&choices));
}

static void (*const writers[POLICY_TYPE_COUNT])(
    struct writing *w, struct value_map *object, const struct policy_key *row) = {
    [POLICY_TYPE_TEXT] = write_text,
    [POLICY_TYPE_INTEGER] = write_integer,
    [POLICY_TYPE_BYTES] = write_bytes,
    [POLICY_TYPE_DURATION] = write_duration,
    [POLICY_TYPE_MONEY] = write_decimal,
    [POLICY_TYPE_FRACTION] = write_decimal,
    [POLICY_TYPE_TRUE] = write_true,
    [POLICY_TYPE_SCALAR] = write_scalar,
    [POLICY_TYPE_NUMBER] = write_number,
    [POLICY_TYPE_TEXTS] = write_list,
    [POLICY_TYPE_TEXT_OR_TEXTS] = write_text_or_texts,
    [POLICY_TYPE_SCALARS] = write_list,
    [POLICY_TYPE_ANY] = write_any,
    [POLICY_TYPE_LIST] = write_list,
    [POLICY_TYPE_MAP] = write_map,
    [POLICY_TYPE_TEXT_OR_MAP] = write_text_or_map,
};

/* The row's help. The bounds of a size or a duration are for people only: a pattern cannot compare
 * them. */
static void
put_help(struct writing *w, struct value_map *object, const struct policy_key *row)
{
	bool bounded =
	    (row->type == POLICY_TYPE_BYTES || row->type == POLICY_TYPE_DURATION) && row->max > 0;
	char text[HELP_MAX], least[POLICY_AMOUNT_MAX], most[POLICY_AMOUNT_MAX];
	const char *copy;
	int n;

	if (row->help == NULL)
		return;
	n = snprintf(text, sizeof(text), "%s", row->help);
	if (bounded && n > 0 && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - (size_t)n, "; from %s to %s",
		    policy_quantity_text(least, row->type, row->min),
		    policy_quantity_text(most, row->type, row->max));
	copy = arena_copy(w->build.arena, text, strlen(text));
	w->build.failed = w->build.failed || copy == NULL;
	value_map_text(&w->build, object, "description", copy);
}

static struct value
write_row(struct writing *w, const struct policy_key *row)
{
	struct value_map object = value_map_new(&w->build, MEMBERS_MAX);

	w->build.failed = w->build.failed || ++w->depth > DEPTH_MAX || writers[row->type] == NULL;
	if (w->build.failed)
		return (struct value){0};
	put_help(w, &object, row);
	writers[row->type](w, &object, row);
	w->depth--;
	return value_map_done(&object);
}

/* The shared tables that something refers to: one may refer to another. */
static void
put_shared(struct writing *w, struct value_map *root)
{
	struct value_map definitions = value_map_new(&w->build, ARRAY_SIZE(shared));
	bool written[ARRAY_SIZE(shared)] = {false};
	bool more = true;

	while (more && !w->build.failed) {
		more = false;
		for (unsigned i = 0; i < ARRAY_SIZE(shared); i++) {
			struct value_map definition;

			if (!w->used[i] || written[i])
				continue;
			written[i] = more = true;
			definition = value_map_new(&w->build, MEMBERS_MAX);
			write_keys(w, &definition, shared[i].rows);
			value_map_put(
			    &w->build, &definitions, shared[i].name, value_map_done(&definition));
		}
	}
	value_map_put(&w->build, root, "$defs", value_map_done(&definitions));
}

struct value
policy_json_schema(enum policy_document document, struct arena *arena)
{
	static const char *const titles[POLICY_DOCUMENT_COUNT] = {
	    [POLICY_DOCUMENT_POLICY] = "Praxa policy",
	    [POLICY_DOCUMENT_TOOLS] = "Praxa tools manifest",
	};
	struct writing w = {.build = {.arena = arena}};
	struct value_map root = value_map_new(&w.build, MEMBERS_MAX);

	value_map_text(&w.build, &root, "$schema", "https://json-schema.org/draft/2020-12/schema");
	value_map_text(&w.build, &root, "title", titles[document]);
	write_keys(&w, &root, policy_document_rows(document));
	put_shared(&w, &root);
	return w.build.failed ? (struct value){0} : value_map_done(&root);
}
