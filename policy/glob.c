#include "policy/glob.h"

#include <string.h>

static void
add(struct glob_set *set, unsigned place)
{
	set->words[place / 64] |= UINT64_C(1) << place % 64;
}

/* One token of a pattern. */
struct token {
	bool star, crosses;
	unsigned char byte;
};

/* Reads a token at *at, which moves behind it. */
static struct token
next_token(const char *pattern, size_t length, size_t *at)
{
	struct token token = {.byte = (unsigned char)pattern[*at]};

	(*at)++;
	if (token.byte != '*')
		return token;
	token.star = true;
	token.crosses = *at < length && pattern[*at] == '*';
	*at += token.crosses;
	return token;
}

static const char *
pattern_fault(const char *pattern, size_t length)
{
	static const char foreign[] = "?[]{}\\";

	if (length == 0)
		return "an empty pattern";
	if (length > GLOB_LENGTH_MAX)
		return "a pattern of more than 255 bytes";
	for (size_t i = 0; i < length; i++) {
		if (pattern[i] == '\0' || strchr(foreign, pattern[i]) != NULL)
			return "a pattern knows only * and **; "
			       "eq, in, prefix and suffix take ? [ ] { } \\ as they are";
		if (i >= 2 && memcmp(pattern + i - 2, "***", 3) == 0)
			return "*** in a pattern; * stays inside one path segment, ** crosses";
	}
	return NULL;
}

static unsigned
count_classes(const char *pattern, size_t length, uint8_t class_of[256])
{
	unsigned classes = 1; /* 0: bytes that are not in the pattern */

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)pattern[i];

		if (byte != '*' && class_of[byte] == 0)
			class_of[byte] = (uint8_t)classes++;
	}
	return classes;
}

bool
policy_glob_compile(const char *pattern, size_t length, struct arena *arena, struct glob *ret,
    const char **ret_fault)
{
	struct glob glob = {0};
	struct glob_set *literals;
	unsigned place = 0;

	*ret_fault = pattern_fault(pattern, length);
	if (*ret_fault != NULL)
		return false;
	literals =
	    arena_array(arena, count_classes(pattern, length, glob.class_of), sizeof(*literals));
	glob.pattern = arena_copy(arena, pattern, length);
	if (literals == NULL || glob.pattern == NULL)
		return false;
	for (size_t at = 0; at < length; place++) {
		struct token token = next_token(pattern, length, &at);

		if (!token.star) {
			add(&literals[glob.class_of[token.byte]], place);
			continue;
		}
		add(&glob.stars, place);
		add(&glob.stay_piece, place);
		if (token.crosses)
			add(&glob.stay, place);
	}
	add(&glob.end, place);
	glob.length = (uint8_t)place;
	glob.words = (uint8_t)(place / 64 + 1);
	glob.literals = literals;
	*ret = glob;
	return true;
}

/* A place in front of a wildcard is also the place behind it. Two wildcards never stand side by
 * side (*** does not compile), so once is enough. */
static void
pass_stars(const struct glob *glob, struct glob_set *set)
{
	uint64_t carry = 0;

	for (unsigned i = 0; i < glob->words; i++) {
		uint64_t passed = set->words[i] & glob->stars.words[i];

		set->words[i] |= passed << 1 | carry;
		carry = passed >> 63;
	}
}

bool
policy_glob_match(const struct glob *glob, const char *text, size_t length)
{
	struct glob_set set = {{glob->words > 0}};

	pass_stars(glob, &set);
	for (size_t at = 0; at < length; at++) {
		unsigned char byte = (unsigned char)text[at];
		const struct glob_set *literal = &glob->literals[glob->class_of[byte]];
		const struct glob_set *stay = byte == '/' ? &glob->stay : &glob->stay_piece;
		uint64_t carry = 0, any = 0;

		for (unsigned i = 0; i < glob->words; i++) {
			uint64_t moved = set.words[i] & literal->words[i];

			set.words[i] = (set.words[i] & stay->words[i]) | moved << 1 | carry;
			carry = moved >> 63;
			any |= set.words[i];
		}
		if (any == 0)
			return false;
		pass_stars(glob, &set);
	}
	for (unsigned i = 0; i < glob->words; i++)
		if ((set.words[i] & glob->end.words[i]) != 0)
			return true;
	return false;
}
