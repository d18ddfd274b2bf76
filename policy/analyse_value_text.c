/* Texts: globs, prefixes and suffixes become patterns of tokens, lists become excluded words. */
#include "policy/analyse_value.h"
#include "policy/constraint.h"

/* A language being put together. */
struct building {
	struct analyse_language language;
	struct analyse_word *patterns;
	bool *negated;
};

struct value_lengths
analyse_value_lengths(const struct value_question *q)
{
	struct value_lengths lengths = {.q = q};

	for (uint32_t i = 0; i < q->count; i++) {
		const struct atom *atom = q->literals[i].atom;
		const struct policy_bounds *bounds;

		if (atom->kind != ATOM_TEST || atom->test->operator!= POLICY_OPERATOR_LEN)
			continue;
		bounds = &atom->test->bounds;
		if (bounds->has_min && (uint64_t)bounds->min.integer + 1 > lengths.cap)
			lengths.cap = (uint64_t)bounds->min.integer + 1;
		if (bounds->has_max && (uint64_t)bounds->max.integer + 1 > lengths.cap)
			lengths.cap = (uint64_t)bounds->max.integer + 1;
	}
	return lengths;
}

bool
analyse_value_length_is_right(const void *context, uint64_t length)
{
	const struct value_question *q = ((const struct value_lengths *)context)->q;

	for (uint32_t i = 0; i < q->count; i++) {
		const struct atom *atom = q->literals[i].atom;
		const struct policy_bounds *bounds;
		bool holds;

		if (atom->kind != ATOM_TEST || atom->test->operator!= POLICY_OPERATOR_LEN)
			continue;
		bounds = &atom->test->bounds;
		holds = (!bounds->has_min || length >= (uint64_t)bounds->min.integer) &&
			(!bounds->has_max || length <= (uint64_t)bounds->max.integer);
		if (holds == q->literals[i].negated)
			return false;
	}
	return true;
}

static void
add_words(struct analysis *a, struct building *b, const struct value *values, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (values[i].type == VALUE_STRING)
			b->language.words[b->language.word_count++] =
			    analyse_letters(a, values[i].string, values[i].length);
}

/* text and a wildcard behind, or in front of it. */
static struct analyse_word
open_ended(struct analysis *a, const struct value *text, bool front)
{
	struct analyse_word word = analyse_letters(a, text->string, text->length);
	uint32_t *tokens = analyse_alloc(a, word.length + 1, sizeof(*tokens));

	if (tokens == NULL)
		return (struct analyse_word){0};
	if (word.length > 0)
		memcpy(tokens + front, word.letters, word.length * sizeof(*tokens));
	tokens[front ? 0 : word.length] = LETTER_STARS;
	return (struct analyse_word){.letters = tokens, .length = word.length + 1};
}

/* Adds what one literal asks of a text. false: no text can hold it. */
static bool
add_literal(struct analysis *a, struct building *b, const struct literal *literal)
{
	static const struct value empty = {.type = VALUE_STRING, .string = ""};
	const struct policy_test *test = literal->atom->test;
	struct analyse_word pattern;

	if (literal->atom->kind == ATOM_EQUAL)
		return true;
	if (literal->atom->kind != ATOM_TEST)
		return literal->negated;
	switch (test->operator) {
	case POLICY_OPERATOR_GLOB:
		pattern = analyse_tokens(a, test->glob->pattern);
		break;
	case POLICY_OPERATOR_PREFIX:
	case POLICY_OPERATOR_SUFFIX:
		pattern = open_ended(a, &test->text, test->operator== POLICY_OPERATOR_SUFFIX);
		break;
	case POLICY_OPERATOR_EQ:
	case POLICY_OPERATOR_IN:
		if (literal->negated)
			add_words(a, b, test->in.values, test->in.count);
		return literal->negated;
	case POLICY_OPERATOR_LEN:
		return true;
	/* The same answer for every text. */
	case POLICY_OPERATOR_RANGE:
	case POLICY_OPERATOR_TYPE:
	case POLICY_OPERATOR_ABSENT:
	case POLICY_OPERATOR_EACH:
	case POLICY_OPERATOR_EQUALS_TRIGGER:
	case POLICY_OPERATOR_COUNT:
		return policy_test_holds(test, &empty, NULL) != literal->negated;
	}
	b->patterns[b->language.pattern_count] = pattern;
	b->negated[b->language.pattern_count++] = literal->negated;
	return true;
}

/* Without a pattern only the length and the excluded words count: no search. */
static enum analyse_answer
find_free(const struct value_question *q, const struct value_lengths *lengths, struct value *ret)
{
	char *text;

	for (uint64_t n = 0; n <= lengths->cap + 1; n++) {
		if (n > ANALYSE_TEXT_MAX)
			return ANALYSE_UNKNOWN;
		if (!analyse_value_length_is_right(lengths, n))
			continue;
		text = analyse_alloc(q->a, n + 1, 1);
		if (text == NULL)
			return ANALYSE_UNKNOWN;
		memset(text, 'x', n);
		*ret = (struct value){.type = VALUE_STRING, .length = (uint32_t)n, .string = text};
		return ANALYSE_FOUND;
	}
	return ANALYSE_NONE;
}

enum analyse_answer
analyse_value_text(const struct value_question *q, struct value *ret)
{
	struct value_lengths lengths = analyse_value_lengths(q);
	struct building b = {.patterns = analyse_alloc(q->a, q->count, sizeof(*b.patterns)),
	    .negated = analyse_alloc(q->a, q->count, sizeof(*b.negated))};
	struct analyse_word word = {0};
	enum analyse_answer answer;
	uint32_t words = q->excluded_count;

	for (uint32_t i = 0; i < q->count; i++)
		if (q->literals[i].atom->kind == ATOM_TEST &&
		    analyse_value_is_list(q->literals[i].atom->test))
			words += q->literals[i].atom->test->in.count;
	b.language.words = analyse_alloc(q->a, words, sizeof(*b.language.words));
	if (q->a->out_of_memory)
		return ANALYSE_UNKNOWN;
	for (uint32_t i = 0; i < q->count; i++)
		if (!add_literal(q->a, &b, &q->literals[i]))
			return ANALYSE_NONE;
	add_words(q->a, &b, q->excluded, q->excluded_count);
	if (q->a->out_of_memory)
		return ANALYSE_UNKNOWN;
	if (b.language.pattern_count == 0 && b.language.word_count == 0)
		return find_free(q, &lengths, ret);
	b.language.patterns = b.patterns;
	b.language.negated = b.negated;
	if (lengths.cap > 0) {
		b.language.length_is_right = analyse_value_length_is_right;
		b.language.context = &lengths;
		b.language.length_cap = lengths.cap;
	}
	answer = analyse_language_find(q->a, &b.language, &word);
	if (answer == ANALYSE_FOUND)
		*ret = analyse_spell(q->a, &word);
	return answer;
}
