/* line_diff.h - two texts, line by line, as `diff -u0` would print them without its positions. */
#ifndef CLI_LINE_DIFF_H
#define CLI_LINE_DIFF_H

#include <stddef.h>

/* Prints the lines that old has and new has not with -, the others with +, under the line of old
 * where they stand. Lines far from where they were may be printed as gone and come. */
void line_diff_print(
    const char *name, const char *old, size_t old_length, const char *new, size_t new_length);

#endif
