/* What a value may be, in words. */
#include <stdio.h>

#include "common/json.h"
#include "policy/render_parts.h"

/* A value as JSON writes it, so that 1 and "1" can be told apart. */
static void
put_value(struct page *page, const struct value *value)
{
	SCOPED_FREE char *text = json_write(value, JSON_STYLE_COMPACT, NULL);

	page->failed = page->failed || text == NULL;
	page_more(page, "{}", text != NULL ? text : "");
}

static void
put_values(struct page *page, const struct value *values, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		page_more(page, i == 0 ? "" : i + 1 == count ? " or " : ", ");
		put_value(page, &values[i]);
	}
}

void
render_texts(struct page *page, const char *const *texts, uint32_t count, const char *last)
{
	for (uint32_t i = 0; i < count; i++) {
		page_more(page, i == 0 ? "" : i + 1 == count ? last : ", ");
		page_more(page, "{}", texts[i]);
	}
}

static const char *
type_words(enum policy_schema_type type)
{
	static const char *const words[SCHEMA_TYPE_COUNT] = {
	    [SCHEMA_NONE] = "anything",
	    [SCHEMA_STRING] = "text",
	    [SCHEMA_INTEGER] = "a whole number",
	    [SCHEMA_NUMBER] = "a number",
	    [SCHEMA_BOOLEAN] = "true or false",
	    [SCHEMA_ARRAY] = "a list",
	    [SCHEMA_OBJECT] = "an object",
	};

	return words[(unsigned)type < SCHEMA_TYPE_COUNT ? type : SCHEMA_NONE];
}

static void
put_bounds(struct page *page, const struct policy_bounds *bounds)
{
	if (bounds->has_min) {
		page_more(page, "at least ");
		put_value(page, &bounds->min);
	}
	if (bounds->has_max) {
		page_more(page, bounds->has_min ? " and at most " : "at most ");
		put_value(page, &bounds->max);
	}
}

static void
put_test(struct page *page, const struct policy_test *test)
{
	switch (test->operator) {
	case POLICY_OPERATOR_EQ:
		page_more(page, "exactly ");
		put_value(page, &test->in.values[0]);
		return;
	case POLICY_OPERATOR_IN:
		page_more(page, test->in.count > 1 ? "one of " : "exactly ");
		put_values(page, test->in.values, test->in.count);
		return;
	case POLICY_OPERATOR_GLOB:
		page_more(page, "text like {}", test->glob->pattern);
		return;
	case POLICY_OPERATOR_PREFIX:
		page_more(page, "text that begins with ");
		put_value(page, &test->text);
		return;
	case POLICY_OPERATOR_SUFFIX:
		page_more(page, "text that ends with ");
		put_value(page, &test->text);
		return;
	case POLICY_OPERATOR_RANGE:
		page_more(page, "a number, ");
		put_bounds(page, &test->bounds);
		return;
	case POLICY_OPERATOR_LEN:
		put_bounds(page, &test->bounds);
		page_more(page, " characters of text, or items of a list");
		return;
	case POLICY_OPERATOR_TYPE:
		page_more(page, "[]", type_words(test->type));
		return;
	case POLICY_OPERATOR_ABSENT:
		page_more(page, "must not be there");
		return;
	case POLICY_OPERATOR_EACH:
		page_more(page, "a list whose every item is ");
		render_constraint(page, test->each);
		return;
	case POLICY_OPERATOR_EQUALS_TRIGGER:
		page_more(page, "the same as {} of the event that woke it", test->path);
		return;
	case POLICY_OPERATOR_COUNT:
		break;
	}
	page_more(page, "nothing");
}

void
render_constraint(struct page *page, const struct policy_constraint *constraint)
{
	for (uint32_t i = 0; i < constraint->count; i++) {
		page_more(page, i > 0 ? ", and " : "");
		put_test(page, &constraint->tests[i]);
	}
	if (constraint->optional)
		page_more(page, "; may be left out");
}

static void
put_count(struct page *page, const char *words, uint64_t count)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)count);
	page_more(page, words, text);
}

static void
put_schema(struct page *page, const struct policy_schema *schema)
{
	page_more(page, "[]", type_words(schema->type));
	if (schema->min_length > 0)
		put_count(page, ", at least {} characters", schema->min_length);
	if (schema->max_length > 0)
		put_count(page, ", at most {} characters", schema->max_length);
	if (schema->has_minimum) {
		page_more(page, ", at least ");
		put_value(page, &schema->minimum);
	}
	if (schema->has_maximum) {
		page_more(page, ", at most ");
		put_value(page, &schema->maximum);
	}
	if (schema->value_count > 0) {
		page_more(page, ", one of ");
		put_values(page, schema->values, schema->value_count);
	}
	if (schema->max_items > 0)
		put_count(page, ", at most {} items", schema->max_items);
	if (schema->items != NULL) {
		page_more(page, ", each item ");
		put_schema(page, schema->items);
	}
}

void
render_properties(struct page *page, unsigned depth, const struct policy_schema *schema)
{
	for (uint32_t i = 0; i < schema->property_count; i++) {
		const struct policy_property *property = &schema->properties[i];
		const struct policy_schema *inner = &property->schema;

		page_item(page, depth, "{}: ", property->name);
		put_schema(page, inner);
		page_more(page, property->required ? "; required" : "");
		while (inner->items != NULL)
			inner = inner->items;
		render_properties(page, depth + 1, inner);
	}
}
