/* Memory patterns against each other. A variable is a letter that no pattern spells: what holds for
 * a value that nobody has named holds for all, and a pattern whose variable has no value matches
 * nothing. So a key of one pattern is compared with those of the others' whose variables it has,
 * too. */
#include "policy/analyse.h"

enum { VARIABLES_MAX = POLICY_PIECES_MAX };

/* The variables that a run has values for: those of the pattern in question. */
struct variables {
	const char *names[VARIABLES_MAX];
	uint32_t count;
};

static uint32_t
variable(struct variables *variables, const char *name, bool add)
{
	for (uint32_t i = 0; i < variables->count; i++)
		if (strcmp(variables->names[i], name) == 0)
			return i;
	if (!add || variables->count == VARIABLES_MAX)
		return VARIABLES_MAX;
	variables->names[variables->count] = name;
	return variables->count++;
}

/* The pattern as tokens. false: it has a variable that the run has no value for. */
static bool
tokens_of(struct analysis *a, const struct policy_pattern *pattern, struct variables *variables,
    bool add, struct analyse_word *ret)
{
	uint32_t *tokens =
	    analyse_alloc(a, strlen(pattern->text) + POLICY_PIECES_MAX + 1, sizeof(*tokens));
	struct analyse_word part;
	uint32_t n = 0;

	if (tokens == NULL)
		return false;
	for (uint32_t i = 0; i < pattern->piece_count; i++) {
		const struct policy_piece *piece = &pattern->pieces[i];
		uint32_t index;

		if (piece->variable) {
			index = variable(variables, piece->text, add);
			if (index == VARIABLES_MAX)
				return false;
			tokens[n++] = LETTER_VARIABLE + index;
			continue;
		}
		part = analyse_letters(a, piece->text, piece->length);
		if (part.length > 0)
			memcpy(tokens + n, part.letters, part.length * sizeof(*tokens));
		n += part.length;
	}
	if (pattern->has_glob) {
		part = analyse_tokens(a, pattern->glob.pattern);
		if (part.length > 0)
			memcpy(tokens + n, part.letters, part.length * sizeof(*tokens));
		n += part.length;
	}
	*ret = (struct analyse_word){.letters = tokens, .length = n};
	return !a->out_of_memory;
}

/* A value for a variable: its own name, or, where that happens to be what a pattern spells, one in
 * letters that none does. */
static struct value
value_of(struct analysis *a, const struct variables *variables, uint32_t index, bool plain)
{
	uint32_t *letters;
	struct analyse_word word = {.length = 1};

	if (strcmp(variables->names[index], "workspace") == 0)
		return value_string(ANALYSE_WORKSPACE);
	if (plain)
		return value_string(variables->names[index]);
	letters = analyse_alloc(a, 1, sizeof(*letters));
	if (letters == NULL)
		return value_string("x");
	letters[0] = 0x13000 + index; /* Egyptian hieroglyphs */
	word.letters = letters;
	return analyse_spell(a, &word);
}

/* The key that word spells, and the payload that it needs. */
static bool
spell(struct analysis *a, const struct analyse_word *word, const struct variables *variables,
    bool plain, struct key_example *ret)
{
	struct value_pair *pairs = analyse_alloc(a, variables->count, sizeof(*pairs));
	struct value *values = analyse_alloc(a, variables->count, sizeof(*values));
	char *key = analyse_alloc(a, word->length * 64 + 1, 1);
	uint32_t n = 0;
	size_t used = 0;

	if (a->out_of_memory)
		return false;
	for (uint32_t i = 0; i < variables->count; i++) {
		values[i] = value_of(a, variables, i, plain);
		if (strcmp(variables->names[i], "workspace") != 0)
			pairs[n++] =
			    (struct value_pair){value_string(variables->names[i]), values[i]};
	}
	for (uint32_t i = 0; i < word->length; i++) {
		const struct analyse_word letter = {.letters = &word->letters[i], .length = 1};
		struct value text = word->letters[i] >= LETTER_VARIABLE
					? values[word->letters[i] - LETTER_VARIABLE]
					: analyse_spell(a, &letter);

		memcpy(key + used, text.string, text.length);
		used += text.length;
	}
	ret->input = (struct value){.type = VALUE_MAP, .length = n, .pairs = pairs};
	ret->name = key;
	return !a->out_of_memory;
}

static enum analyse_answer
find_word(struct analysis *a, const struct policy_pattern *pattern,
    const struct policy_pattern *const *others, uint32_t count, struct variables *variables,
    struct analyse_word *ret)
{
	struct analyse_word words[POLICY_PATTERNS_MAX + 1];
	bool negated[POLICY_PATTERNS_MAX + 1] = {false};
	struct analyse_language language = {
	    .patterns = words, .negated = negated, .pattern_count = 1, .is_key = true};

	if (count > POLICY_PATTERNS_MAX || !tokens_of(a, pattern, variables, true, &words[0]))
		return ANALYSE_UNKNOWN;
	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(others[i]->text, pattern->text) == 0)
			return ANALYSE_NONE;
		negated[language.pattern_count] = true;
		language.pattern_count +=
		    tokens_of(a, others[i], variables, false, &words[language.pattern_count]);
	}
	return a->out_of_memory ? ANALYSE_UNKNOWN : analyse_language_find(a, &language, ret);
}

enum analyse_answer
analyse_key_find(struct analysis *a, const struct policy_pattern *pattern,
    const struct policy_pattern *const *others, uint32_t count, key_check check,
    const void *context, struct key_example *ret)
{
	struct variables variables = {.count = 0};
	struct analyse_word word = {0};
	enum analyse_answer answer = find_word(a, pattern, others, count, &variables, &word);

	for (int plain = 1; answer == ANALYSE_FOUND && plain >= 0; plain--)
		if (spell(a, &word, &variables, plain == 1, ret) && check(context, ret))
			return answer;
	return answer == ANALYSE_NONE ? answer : ANALYSE_UNKNOWN;
}
