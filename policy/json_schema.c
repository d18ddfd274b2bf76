#include "policy/json_schema.h"

#include <stdio.h>

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
	struct arena *arena;
	bool used[ARRAY_SIZE(shared)];
	unsigned depth;
	bool failed; /* latched: memory is out, or a table contains itself and is not shared */
};

/* A JSON object under construction; full ones fail the writing. */
struct object {
	struct value_pair *pairs;
	uint32_t count, room;
};

static struct value write_row(struct writing *w, const struct policy_key *row);

static struct object
object_new(struct writing *w, uint32_t room)
{
	struct object object = {.pairs = arena_array(w->arena, room, sizeof(*object.pairs))};

	object.room = object.pairs != NULL ? room : 0;
	w->failed = w->failed || object.pairs == NULL;
	return object;
}

static void
put(struct writing *w, struct object *object, const char *name, struct value value)
{
	if (object->count == object->room) {
		w->failed = true;
		return;
	}
	object->pairs[object->count++] =
	    (struct value_pair){.key = value_string(name), .value = value};
}

static void
put_text(struct writing *w, struct object *object, const char *name, const char *text)
{
	if (text != NULL)
		put(w, object, name, value_string(text));
}

static void
put_number(struct writing *w, struct object *object, const char *name, uint64_t number)
{
	put(w, object, name, (struct value){.type = VALUE_INT, .integer = (int64_t)number});
}

static struct value
object_value(const struct object *object)
{
	return (struct value){.type = VALUE_MAP, .length = object->count, .pairs = object->pairs};
}

static struct value
text_list(struct writing *w, const char *const *words)
{
	struct value *items;
	uint32_t count = 0;

	while (words[count] != NULL)
		count++;
	items = arena_array(w->arena, count, sizeof(*items));
	w->failed = w->failed || items == NULL;
	for (uint32_t i = 0; items != NULL && i < count; i++)
		items[i] = value_string(words[i]);
	return (struct value){
	    .type = VALUE_ARRAY, .length = items != NULL ? count : 0, .items = items};
}

/* Bounds under the names that JSON Schema gives to those of this type. */
static void
put_bounds(struct writing *w, struct object *object, const struct policy_key *row,
    const char *least, const char *most)
{
	if (row->min > 0)
		put_number(w, object, least, row->min);
	if (row->max > 0)
		put_number(w, object, most, row->max);
}

static void
write_text(struct writing *w, struct object *object, const struct policy_key *row)
{
	if (row->words != NULL) {
		put(w, object, "enum", text_list(w, row->words));
		return;
	}
	put_text(w, object, "type", "string");
	put_number(w, object, "minLength", 1);
	put_text(w, object, "pattern", row->pattern);
}

static void
write_integer(struct writing *w, struct object *object, const struct policy_key *row)
{
	put_text(w, object, "type", "integer");
	if (row->min == 0 && row->max > 0)
		put_number(w, object, "minimum", 0);
	put_bounds(w, object, row, "minimum", "maximum");
}

static void
write_number(struct writing *w, struct object *object, const struct policy_key *row)
{
	(void)row;
	put_text(w, object, "type", "number");
}

static void
write_bytes(struct writing *w, struct object *object, const struct policy_key *row)
{
	(void)row;
	put_text(w, object, "type", "string");
	put_text(w, object, "pattern", "^[0-9]+([KMG]i)?B$");
}

static void
write_duration(struct writing *w, struct object *object, const struct policy_key *row)
{
	(void)row;
	put_text(w, object, "type", "string");
	put_text(w, object, "pattern", "^[0-9]+(ms|[smhd])$");
}

static void
write_true(struct writing *w, struct object *object, const struct policy_key *row)
{
	(void)row;
	put(w, object, "const", (struct value){.type = VALUE_BOOL, .boolean = true});
}

static void
write_scalar(struct writing *w, struct object *object, const struct policy_key *row)
{
	static const char *const types[] = {"string", "number", "boolean", NULL};

	(void)row;
	put(w, object, "type", text_list(w, types));
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
write_list(struct writing *w, struct object *object, const struct policy_key *row)
{
	put_text(w, object, "type", "array");
	put_bounds(w, object, row, "minItems", "maxItems");
	put(w, object, "items", write_item(w, row));
}

static void
write_text_or_texts(struct writing *w, struct object *object, const struct policy_key *row)
{
	struct policy_key list = *row;
	struct value *choices = arena_array(w->arena, 2, sizeof(*choices));

	w->failed = w->failed || choices == NULL;
	if (choices == NULL)
		return;
	list.type = POLICY_TYPE_TEXTS;
	list.help = NULL;
	choices[0] = write_item(w, row);
	choices[1] = write_row(w, &list);
	put(w, object, "anyOf", (struct value){.type = VALUE_ARRAY, .length = 2, .items = choices});
}

/* A closed map: these keys and no others. */
static void
write_keys(struct writing *w, struct object *object, const struct policy_key *rows)
{
	const char *required[POLICY_ROWS_MAX + 1] = {NULL};
	struct object properties = object_new(w, POLICY_ROWS_MAX);
	unsigned n = 0;

	for (; rows->name != NULL; rows++) {
		put(w, &properties, rows->name, write_row(w, rows));
		if (rows->need == POLICY_REQUIRED && n < POLICY_ROWS_MAX)
			required[n++] = rows->name;
	}
	put_text(w, object, "type", "object");
	put(w, object, "properties", object_value(&properties));
	if (n > 0)
		put(w, object, "required", text_list(w, required));
	put(w, object, "additionalProperties", (struct value){.type = VALUE_BOOL});
}

static void
write_map(struct writing *w, struct object *object, const struct policy_key *row)
{
	struct object names;

	put_bounds(w, object, row, "minProperties", "maxProperties");
	if (row->rows != NULL) {
		for (unsigned i = 0; i < ARRAY_SIZE(shared); i++)
			if (row->rows == shared[i].rows) {
				w->used[i] = true;
				put_text(w, object, "$ref", shared[i].at);
				return;
			}
		write_keys(w, object, row->rows);
		return;
	}
	put_text(w, object, "type", "object");
	names = object_new(w, 1);
	put_text(w, &names, "pattern", row->pattern);
	if (row->pattern != NULL)
		put(w, object, "propertyNames", object_value(&names));
	put(w, object, "additionalProperties", write_item(w, row));
}

static void
write_text_or_map(struct writing *w, struct object *object, const struct policy_key *row)
{
	struct policy_key text = *row, map = *row;
	struct value *choices = arena_array(w->arena, 2, sizeof(*choices));

	w->failed = w->failed || choices == NULL;
	if (choices == NULL)
		return;
	text.type = POLICY_TYPE_TEXT;
	map.type = POLICY_TYPE_MAP;
	text.help = map.help = NULL;
	choices[0] = write_row(w, &text);
	choices[1] = write_row(w, &map);
	put(w, object, "anyOf", (struct value){.type = VALUE_ARRAY, .length = 2, .items = choices});
}

static void (*const writers[POLICY_TYPE_COUNT])(
    struct writing *w, struct object *object, const struct policy_key *row) = {
    [POLICY_TYPE_TEXT] = write_text,
    [POLICY_TYPE_INTEGER] = write_integer,
    [POLICY_TYPE_BYTES] = write_bytes,
    [POLICY_TYPE_DURATION] = write_duration,
    [POLICY_TYPE_TRUE] = write_true,
    [POLICY_TYPE_SCALAR] = write_scalar,
    [POLICY_TYPE_NUMBER] = write_number,
    [POLICY_TYPE_TEXTS] = write_list,
    [POLICY_TYPE_TEXT_OR_TEXTS] = write_text_or_texts,
    [POLICY_TYPE_SCALARS] = write_list,
    [POLICY_TYPE_LIST] = write_list,
    [POLICY_TYPE_MAP] = write_map,
    [POLICY_TYPE_TEXT_OR_MAP] = write_text_or_map,
};

/* The row's help. The bounds of a size or a duration are for people only: a pattern cannot compare
 * them. */
static void
put_help(struct writing *w, struct object *object, const struct policy_key *row)
{
	bool bounded =
	    (row->type == POLICY_TYPE_BYTES || row->type == POLICY_TYPE_DURATION) && row->max > 0;
	char text[HELP_MAX], least[POLICY_QUANTITY_MAX], most[POLICY_QUANTITY_MAX];
	const char *copy;
	int n;

	if (row->help == NULL)
		return;
	n = snprintf(text, sizeof(text), "%s", row->help);
	if (bounded && n > 0 && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - (size_t)n, "; from %s to %s",
		    policy_quantity_text(least, row->type, row->min),
		    policy_quantity_text(most, row->type, row->max));
	copy = arena_copy(w->arena, text, strlen(text));
	w->failed = w->failed || copy == NULL;
	put_text(w, object, "description", copy);
}

static struct value
write_row(struct writing *w, const struct policy_key *row)
{
	struct object object = object_new(w, MEMBERS_MAX);

	w->failed = w->failed || ++w->depth > DEPTH_MAX || writers[row->type] == NULL;
	if (w->failed)
		return (struct value){0};
	put_help(w, &object, row);
	writers[row->type](w, &object, row);
	w->depth--;
	return object_value(&object);
}

/* The shared tables that something refers to: one may refer to another. */
static void
put_shared(struct writing *w, struct object *root)
{
	struct object definitions = object_new(w, ARRAY_SIZE(shared));
	bool written[ARRAY_SIZE(shared)] = {false};
	bool more = true;

	while (more && !w->failed) {
		more = false;
		for (unsigned i = 0; i < ARRAY_SIZE(shared); i++) {
			struct object definition;

			if (!w->used[i] || written[i])
				continue;
			written[i] = more = true;
			definition = object_new(w, MEMBERS_MAX);
			write_keys(w, &definition, shared[i].rows);
			put(w, &definitions, shared[i].name, object_value(&definition));
		}
	}
	put(w, root, "$defs", object_value(&definitions));
}

struct value
policy_json_schema(enum policy_document document, struct arena *arena)
{
	static const char *const titles[POLICY_DOCUMENT_COUNT] = {
	    [POLICY_DOCUMENT_POLICY] = "Praxa policy",
	    [POLICY_DOCUMENT_TOOLS] = "Praxa tools manifest",
	};
	struct writing w = {.arena = arena};
	struct object root = object_new(&w, MEMBERS_MAX);

	put_text(&w, &root, "$schema", "https://json-schema.org/draft/2020-12/schema");
	put_text(&w, &root, "title", titles[document]);
	write_keys(&w, &root, policy_document_rows(document));
	put_shared(&w, &root);
	return w.failed ? (struct value){0} : object_value(&root);
}
