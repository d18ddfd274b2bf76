/* Texts as letters and back; memory of an analysis. */
#include "common/utf8.h"
#include "policy/analyse.h"

void
analyse_init(struct analysis *a)
{
	*a = (struct analysis){.work = ANALYSE_WORK_MAX};
	arena_init(&a->arena, ANALYSE_BYTES_MAX);
	arena_init(&a->scratch, ANALYSE_SCRATCH_MAX);
}

void
analyse_done(struct analysis *a)
{
	arena_clear(&a->arena);
	arena_clear(&a->scratch);
}

void *
analyse_alloc(struct analysis *a, size_t count, size_t size)
{
	void *at = arena_array(&a->arena, count > 0 ? count : 1, size);

	a->out_of_memory = a->out_of_memory || at == NULL;
	return at;
}

struct analyse_word
analyse_letters(struct analysis *a, const char *text, size_t length)
{
	const unsigned char *t = (const unsigned char *)text;
	uint32_t *letters = analyse_alloc(a, length, sizeof(*letters));
	struct analyse_word word = {.letters = letters};

	for (size_t i = 0; letters != NULL && i < length;) {
		size_t width = utf8_width(t + i, length - i);

		width = width > 0 ? width : 1;
		letters[word.length++] = utf8_code_point(t + i, width);
		i += width;
	}
	return word;
}

struct analyse_word
analyse_tokens(struct analysis *a, const char *pattern)
{
	struct analyse_word word = analyse_letters(a, pattern, strlen(pattern));
	uint32_t *tokens = (uint32_t *)(uintptr_t)word.letters;
	uint32_t n = 0;

	for (uint32_t i = 0; tokens != NULL && i < word.length; i++) {
		bool star = tokens[i] == '*';
		bool crosses = star && i + 1 < word.length && tokens[i + 1] == '*';

		i += crosses;
		tokens[n++] = crosses ? LETTER_STARS : star ? LETTER_STAR : tokens[i];
	}
	word.length = n;
	return word;
}

static size_t
encode(uint32_t letter, char *to)
{
	if (letter < 0x80) {
		to[0] = (char)letter;
		return 1;
	}
	if (letter < 0x800) {
		to[0] = (char)(0xc0 | letter >> 6);
		to[1] = (char)(0x80 | (letter & 0x3f));
		return 2;
	}
	if (letter < 0x10000) {
		to[0] = (char)(0xe0 | letter >> 12);
		to[1] = (char)(0x80 | (letter >> 6 & 0x3f));
		to[2] = (char)(0x80 | (letter & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | letter >> 18);
	to[1] = (char)(0x80 | (letter >> 12 & 0x3f));
	to[2] = (char)(0x80 | (letter >> 6 & 0x3f));
	to[3] = (char)(0x80 | (letter & 0x3f));
	return 4;
}

struct value
analyse_spell(struct analysis *a, const struct analyse_word *word)
{
	char *text = analyse_alloc(a, word->length * 4 + 1, 1);
	uint32_t used = 0;

	for (uint32_t i = 0; text != NULL && i < word->length; i++)
		used += (uint32_t)encode(word->letters[i], text + used);
	return (struct value){
	    .type = VALUE_STRING, .length = used, .string = text != NULL ? text : ""};
}
