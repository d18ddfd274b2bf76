/* glob.h - patterns over text: '*' is any run of characters without '/', '**' any run at all, and
 * everything else is itself.
 *
 * There are no classes, no '?', no escapes: a literal '*' is written with another operator. So
 * every pattern is a regular expression a reader can expand in his head, and inclusion of two of
 * them is decidable. Invariant: matching reads the text once, whatever pattern and text are; no
 * backtracking (a pattern such as *a*a*a*b must not be a way to stop the broker). */
#ifndef POLICY_GLOB_H
#define POLICY_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"

enum {
	GLOB_LENGTH_MAX = 255, /* bytes of a pattern */
	GLOB_WORDS = (GLOB_LENGTH_MAX + 1 + 63) / 64,
};

/* A set of places in a pattern: bit i is "everything before token i has matched". */
struct glob_set {
	uint64_t words[GLOB_WORDS];
};

/* The non-deterministic automaton of a pattern, all its places advanced at once. A token is one
 * byte, or one wildcard. Zeroed: matches nothing. */
struct glob {
	const char *pattern;             /* as it was written, terminated */
	uint8_t length;                  /* tokens; the place behind them is acceptance */
	uint8_t words;                   /* of a set, that are in use */
	struct glob_set stars;           /* places of '*' and '**': passed for free */
	struct glob_set stay;            /* '**': stays at every byte */
	struct glob_set stay_piece;      /* '*' and '**': stay at every byte but '/' */
	struct glob_set end;             /* the accepting place */
	uint8_t class_of[256];           /* byte to row of literals; 0: not in the pattern */
	const struct glob_set *literals; /* [class]: places where that byte moves on */
};

/* Compiles pattern[0..length). *ret_fault is NULL, or says what is wrong with the pattern: then
 * false. false with *ret_fault NULL: out of memory. */
bool policy_glob_compile(const char *pattern, size_t length, struct arena *arena, struct glob *ret,
    const char **ret_fault);
/* True when all of text matches. Pure, no allocation, O(length). */
bool policy_glob_match(const struct glob *glob, const char *text, size_t length);

#endif
