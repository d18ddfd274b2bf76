/* pairs.h - the first of two cells. */
#ifndef TESTS_ESCAPE_PAIRS_H
#define TESTS_ESCAPE_PAIRS_H

/* Sets up what probe looks for in another cell, prints "up" and waits; does not return but for an
 * unknown probe. What cannot be set up is left out: the second cell then finds nothing. */
int pairs_hold(const char *probe);

#endif
