/* Texts by construction: the product of non-deterministic automata, all their places advanced at
 * once, searched breadth first. The first text that every automaton agrees on is a shortest one; a
 * search that ends without one is a proof that there is none. */
#include "common/utf8.h"
#include "policy/analyse.h"

enum { LETTERS_MAX = 4096, NODES_MAX = 1 << 18, BUCKETS_LEAST = 1 << 10 };

/* What a state ends with: the excluded words that it may become, how much of them is read, where
 * the key stands, and the length as far as it matters. */
enum { TAIL_WORDS = 0, TAIL_DEPTH, TAIL_KEY, TAIL_LENGTH, TAIL };

/* A text read so far: where every automaton stands, and how it got there. */
struct node {
	const struct node *before, *next; /* next: in its bucket, or in the queue */
	struct node *queued;
	uint32_t letter;
	uint64_t length;
	uint64_t state[];
};

struct search {
	struct analysis *a;
	const struct analyse_language *language;
	uint32_t *offsets; /* of each pattern's set of places in a state */
	uint32_t words;    /* of a state: places, then TAIL */
	uint32_t *letters;
	uint32_t letter_count;
	struct node **buckets;
	uint32_t bucket_count, node_count;
	struct node *first, *last;
	struct node *spare; /* one that was there already */
	bool gave_up;
};

static uint32_t
set_words(const struct analyse_word *pattern)
{
	return pattern->length / 64 + 1;
}

static bool
has(const uint64_t *set, uint32_t place)
{
	return (set[place / 64] >> place % 64 & 1) != 0;
}

/* Places behind a wildcard are reached for free. */
static void
add(const struct analyse_word *pattern, uint64_t *set, uint32_t place)
{
	set[place / 64] |= UINT64_C(1) << place % 64;
	while (place < pattern->length && pattern->letters[place] >= LETTER_STAR) {
		place++;
		set[place / 64] |= UINT64_C(1) << place % 64;
	}
}

static void
advance(const struct analyse_word *pattern, const uint64_t *from, uint64_t *to, uint32_t letter)
{
	for (uint32_t word = 0; word < set_words(pattern); word++)
		for (uint64_t left = from[word]; left != 0; left &= left - 1) {
			uint32_t place = word * 64 + (uint32_t)__builtin_ctzll(left);

			if (place == pattern->length)
				continue;
			if (pattern->letters[place] == letter)
				add(pattern, to, place + 1);
			else if (pattern->letters[place] == LETTER_STARS ||
				 (pattern->letters[place] == LETTER_STAR && letter != '/'))
				add(pattern, to, place);
		}
}

static bool
is_empty(const struct analyse_word *pattern, const uint64_t *set)
{
	for (uint32_t word = 0; word < set_words(pattern); word++)
		if (set[word] != 0)
			return false;
	return true;
}

/* True where whatever follows will match. */
static bool
is_everything(const struct analyse_word *pattern, const uint64_t *set)
{
	return pattern->length > 0 && pattern->letters[pattern->length - 1] == LETTER_STARS &&
	       has(set, pattern->length - 1);
}

/* Where a key stands in its segment. */
enum { SEGMENT_EMPTY = 0, SEGMENT_DOT, SEGMENT_DOTS, SEGMENT_SOUND, SEGMENT_BAD };

static uint64_t
advance_key(uint64_t state, uint32_t letter)
{
	if (letter == '/')
		return state == SEGMENT_SOUND ? SEGMENT_EMPTY : SEGMENT_BAD;
	if (letter == '.' && state < SEGMENT_DOTS)
		return state + 1;
	return state == SEGMENT_BAD ? SEGMENT_BAD : SEGMENT_SOUND;
}

/* The excluded words that begin with the text, as a range of the sorted list. */
static uint64_t
advance_words(const struct search *s, uint64_t range, uint64_t depth, uint32_t letter)
{
	uint32_t low = (uint32_t)(range >> 32), high = (uint32_t)range;
	const struct analyse_word *words = s->language->words;

	while (low < high && (words[low].length <= depth || words[low].letters[depth] != letter))
		low++;
	while (high > low &&
	       (words[high - 1].length <= depth || words[high - 1].letters[depth] != letter))
		high--;
	return low == high ? 0 : (uint64_t)low << 32 | high;
}

static bool
is_excluded(const struct search *s, const struct node *node, uint64_t range)
{
	for (uint32_t i = (uint32_t)(range >> 32); i < (uint32_t)range; i++)
		if (s->language->words[i].length == node->length)
			return true;
	return false;
}

static bool
is_accepted(const struct search *s, const struct node *node)
{
	const struct analyse_language *l = s->language;
	const uint64_t *tail = &node->state[s->words - TAIL];

	for (uint32_t i = 0; i < l->pattern_count; i++)
		if (has(&node->state[s->offsets[i]], l->patterns[i].length) == l->negated[i])
			return false;
	if (is_excluded(s, node, tail[TAIL_WORDS]) ||
	    (l->is_key && tail[TAIL_KEY] != SEGMENT_SOUND))
		return false;
	return l->length_is_right == NULL || l->length_is_right(l->context, node->length);
}

/* False where nothing behind this node can be accepted. */
static bool
is_alive(const struct search *s, const struct node *node)
{
	const struct analyse_language *l = s->language;

	for (uint32_t i = 0; i < l->pattern_count; i++) {
		const uint64_t *set = &node->state[s->offsets[i]];

		if (l->negated[i] ? is_everything(&l->patterns[i], set)
				  : is_empty(&l->patterns[i], set))
			return false;
	}
	return !l->is_key || node->state[s->words - TAIL + TAIL_KEY] != SEGMENT_BAD;
}

static struct node *
new_node(struct search *s)
{
	const size_t size = sizeof(struct node) + s->words * sizeof(uint64_t);
	struct node *node = TAKE(s->spare);

	if (node != NULL)
		return memset(node, 0, size);
	node = arena_alloc(&s->a->scratch, size);
	s->gave_up = s->gave_up || node == NULL;
	return node;
}

static uint64_t
hash(const struct search *s, const struct node *node)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15);

	for (uint32_t i = 0; i < s->words; i++)
		h = ((h ^ node->state[i]) * UINT64_C(0xff51afd7ed558ccd)) ^ (h >> 29);
	return h ^ (h >> 32);
}

static void
grow(struct search *s)
{
	uint32_t count = s->bucket_count == 0 ? BUCKETS_LEAST : s->bucket_count * 4;
	struct node **buckets = arena_array(&s->a->scratch, count, sizeof(*buckets));

	s->gave_up = s->gave_up || buckets == NULL;
	if (buckets == NULL)
		return;
	for (uint32_t i = 0; i < s->bucket_count; i++)
		for (struct node *node = s->buckets[i], *next; node != NULL; node = next) {
			struct node **bucket = &buckets[hash(s, node) % count];

			next = (struct node *)(uintptr_t)node->next;
			node->next = *bucket;
			*bucket = node;
		}
	s->buckets = buckets;
	s->bucket_count = count;
}

/* Puts node at the end of the queue, unless one that stands where it stands was there. */
static void
enqueue(struct search *s, struct node *node)
{
	struct node **bucket;

	if (s->node_count >= s->bucket_count)
		grow(s);
	if (s->gave_up)
		return;
	bucket = &s->buckets[hash(s, node) % s->bucket_count];
	for (const struct node *other = *bucket; other != NULL; other = other->next)
		if (memcmp(other->state, node->state, s->words * sizeof(node->state[0])) == 0) {
			s->spare = node;
			return;
		}
	node->next = *bucket;
	*bucket = node;
	if (s->last != NULL)
		s->last->queued = node;
	else
		s->first = node;
	s->last = node;
	s->gave_up = ++s->node_count > NODES_MAX;
}

static struct node *
step(struct search *s, const struct node *from, uint32_t letter)
{
	const struct analyse_language *l = s->language;
	struct node *node = new_node(s);
	uint64_t *tail;

	if (node == NULL)
		return NULL;
	tail = &node->state[s->words - TAIL];
	for (uint32_t i = 0; i < l->pattern_count; i++)
		advance(&l->patterns[i], &from->state[s->offsets[i]], &node->state[s->offsets[i]],
		    letter);
	node->before = from;
	node->letter = letter;
	node->length = from->length + 1;
	tail[TAIL_WORDS] = advance_words(s, from->state[s->words - TAIL], from->length, letter);
	tail[TAIL_DEPTH] = tail[TAIL_WORDS] != 0 ? node->length : 0;
	tail[TAIL_KEY] =
	    l->is_key ? advance_key(from->state[s->words - TAIL + TAIL_KEY], letter) : 0;
	if (l->length_is_right != NULL)
		tail[TAIL_LENGTH] = node->length < l->length_cap ? node->length : l->length_cap;
	return node;
}

static void
add_letter(struct search *s, uint32_t letter)
{
	for (uint32_t i = 0; i < s->letter_count; i++)
		if (s->letters[i] == letter)
			return;
	if (s->letter_count < LETTERS_MAX)
		s->letters[s->letter_count++] = letter;
	else
		s->gave_up = true;
}

/* One letter that nothing names stands for all of them, and comes first. */
static void
collect_letters(struct search *s)
{
	const struct analyse_language *l = s->language;
	uint32_t other = 'a', first;

	for (uint32_t i = 0; i < l->pattern_count; i++)
		for (uint32_t j = 0; j < l->patterns[i].length; j++)
			if (l->patterns[i].letters[j] < LETTER_STAR)
				add_letter(s, l->patterns[i].letters[j]);
	for (uint32_t i = 0; i < l->word_count; i++)
		for (uint32_t j = 0; j < l->words[i].length; j++)
			add_letter(s, l->words[i].letters[j]);
	add_letter(s, '/');
	add_letter(s, '.');
	for (uint32_t i = 0; i < s->letter_count;) {
		if (s->letters[i++] != other)
			continue;
		other = other == 'z' ? 'A' : other == 'Z' ? 0x4e00 : other + 1;
		i = 0;
	}
	add_letter(s, other);
	if (s->gave_up)
		return;
	first = s->letters[0];
	s->letters[0] = other;
	s->letters[s->letter_count - 1] = first;
}

static int
compare_words(const void *a, const void *b)
{
	const struct analyse_word *x = a, *y = b;

	for (uint32_t i = 0; i < x->length && i < y->length; i++)
		if (x->letters[i] != y->letters[i])
			return x->letters[i] < y->letters[i] ? -1 : 1;
	return (x->length > y->length) - (x->length < y->length);
}

static bool
prepare(struct search *s)
{
	const struct analyse_language *l = s->language;
	struct node *start;

	s->letters = arena_array(&s->a->scratch, LETTERS_MAX, sizeof(*s->letters));
	s->offsets = arena_array(&s->a->scratch, l->pattern_count + 1, sizeof(*s->offsets));
	if (s->letters == NULL || s->offsets == NULL)
		return false;
	collect_letters(s);
	if (l->word_count > 1)
		qsort(l->words, l->word_count, sizeof(*l->words), compare_words);
	for (uint32_t i = 0; i < l->pattern_count; i++) {
		s->offsets[i] = s->words;
		s->words += set_words(&l->patterns[i]);
	}
	s->words += TAIL;
	start = new_node(s);
	if (s->gave_up)
		return false;
	for (uint32_t i = 0; i < l->pattern_count; i++)
		add(&l->patterns[i], &start->state[s->offsets[i]], 0);
	start->state[s->words - TAIL] = l->word_count;
	if (is_alive(s, start))
		enqueue(s, start);
	return true;
}

static enum analyse_answer
spell_out(struct search *s, const struct node *node, struct analyse_word *ret)
{
	uint32_t *letters = analyse_alloc(s->a, node->length + 1, sizeof(*letters));

	if (letters == NULL)
		return ANALYSE_UNKNOWN;
	ret->letters = letters;
	ret->length = (uint32_t)node->length;
	for (; node->before != NULL; node = node->before)
		letters[node->length - 1] = node->letter;
	return ANALYSE_FOUND;
}

enum analyse_answer
analyse_language_find(
    struct analysis *a, const struct analyse_language *language, struct analyse_word *ret)
{
	struct search s = {.a = a, .language = language};
	enum analyse_answer answer = ANALYSE_NONE;

	arena_clear(&a->scratch);
	if (!prepare(&s))
		return ANALYSE_UNKNOWN;
	for (const struct node *node = s.first; node != NULL; node = node->queued) {
		if (is_accepted(&s, node)) {
			answer = spell_out(&s, node, ret);
			break;
		}
		a->work -= (int64_t)s.letter_count * s.words;
		s.gave_up = s.gave_up || a->work < 0;
		for (uint32_t i = 0; !s.gave_up && i < s.letter_count; i++) {
			struct node *next = step(&s, node, s.letters[i]);

			if (next != NULL && is_alive(&s, next))
				enqueue(&s, next);
			else
				s.spare = next;
		}
		if (s.gave_up) {
			answer = ANALYSE_UNKNOWN;
			break;
		}
	}
	arena_clear(&a->scratch);
	return answer;
}
