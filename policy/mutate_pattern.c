/* Mutants of memory patterns: the pattern left out, each '*' that crosses, and everything from one
 * piece on given up for '**'. */
#include <stdio.h>

#include "policy/mutate.h"

enum { SPELLED_MAX = GLOB_LENGTH_MAX + 8 };

static struct policy_patterns *
patterns_of(struct policy *policy, enum policy_action action)
{
	return action == POLICY_MEMORY_READ ? &policy->read : &policy->write;
}

/* The mutant in which changed (NULL: nothing) stands at index. */
static void
put(struct mutating *m, enum policy_action action, uint32_t index,
    const struct policy_pattern *changed, struct mutant *ret)
{
	struct policy_patterns *patterns;
	struct policy_pattern *items;

	*ret = (struct mutant){.policy = *m->policy, .action = action};
	patterns = patterns_of(&ret->policy, action);
	ret->rule = patterns->section.rule;
	ret->line = patterns->items[index].line;
	items = mutate_copy(m, patterns->items, patterns->count, sizeof(*items),
	    changed == NULL ? index : UINT32_MAX, 0);
	if (items == NULL)
		return;
	if (changed != NULL)
		items[index] = *changed;
	patterns->items = items;
	patterns->count -= changed == NULL;
}

/* The pattern as the file would spell it: it is told from others by that. false: too long. */
static bool
spell(const struct policy_pattern *pattern, char to[SPELLED_MAX])
{
	size_t used = 0;

	for (uint32_t i = 0; i < pattern->piece_count && used < SPELLED_MAX; i++) {
		const struct policy_piece *piece = &pattern->pieces[i];

		used += (size_t)snprintf(to + used, SPELLED_MAX - used, "%s%.*s%s",
		    piece->variable ? "{" : "", (int)piece->length, piece->text,
		    piece->variable ? "}" : "");
	}
	if (used < SPELLED_MAX)
		used += (size_t)snprintf(to + used, SPELLED_MAX - used, "%s",
		    pattern->has_glob ? pattern->glob.pattern : "");
	return used < SPELLED_MAX;
}

/* Hands on the mutant in which the pattern at index ends with this glob behind its first pieces. */
static void
try(struct mutating *m, enum policy_action action, uint32_t index, uint32_t piece_count,
    const char *glob)
{
	struct policy policy = *m->policy;
	const struct policy_pattern *whole = &patterns_of(&policy, action)->items[index];
	struct policy_pattern changed = *whole;
	char spelled[SPELLED_MAX];
	const char *fault = NULL;
	struct mutant mutant;
	char *text;

	changed.piece_count = piece_count;
	changed.has_glob = true;
	if (!policy_glob_compile(glob, strlen(glob), &m->arena, &changed.glob, &fault)) {
		m->out_of_memory = m->out_of_memory || fault == NULL;
		return;
	}
	if (!spell(&changed, spelled) || strcmp(spelled, whole->text) == 0)
		return;
	text = arena_copy(&m->arena, spelled, strlen(spelled));
	m->out_of_memory = m->out_of_memory || text == NULL;
	changed.text = text;
	put(m, action, index, &changed, &mutant);
	mutate_hand_on(m, &mutant, "%s for %s", spelled, whole->text);
}

/* Gives up everything from piece on. A literal keeps the '/' in front of it: keys end at segments.
 * A last one that is nothing else is the next one's mutant. */
static void
cut(struct mutating *m, enum policy_action action, uint32_t index, uint32_t piece)
{
	struct policy policy = *m->policy;
	const struct policy_pattern *whole = &patterns_of(&policy, action)->items[index];
	bool literal = piece < whole->piece_count && !whole->pieces[piece].variable;

	if (literal && whole->pieces[piece].length == 1)
		return;
	try(m, action, index, piece, literal ? "/**" : "**");
}

/* Each '*' that stays inside a segment, as one that crosses; where it is all of the glob, that was
 * a cut. */
static void
cross(struct mutating *m, enum policy_action action, uint32_t index)
{
	struct policy policy = *m->policy;
	const struct policy_pattern *whole = &patterns_of(&policy, action)->items[index];
	char glob[GLOB_LENGTH_MAX + 2];

	for (size_t at = 0; mutate_cross(whole->glob.pattern, &at, glob);)
		if (strcmp(glob, "**") != 0)
			try(m, action, index, whole->piece_count, glob);
}

/* "ws/" and {workspace} stand in front of every pattern: another workspace is out of reach whatever
 * a pattern says. */
enum { OWN_PIECES = 2 };

void
mutate_patterns(struct mutating *m, enum policy_action action)
{
	struct policy policy = *m->policy;
	const struct policy_patterns *patterns = patterns_of(&policy, action);

	for (uint32_t i = 0; i < patterns->count; i++) {
		const struct policy_pattern *pattern = &patterns->items[i];
		struct mutant mutant;

		put(m, action, i, NULL, &mutant);
		mutate_hand_on(m, &mutant, "without %s", pattern->text);
		for (uint32_t piece = OWN_PIECES; piece <= pattern->piece_count; piece++)
			cut(m, action, i, piece);
		if (pattern->has_glob)
			cross(m, action, i);
	}
}
