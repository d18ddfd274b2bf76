#include "cli/line_diff.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LOOK_AHEAD = 64 };

/* A text, and the line that it stands at. */
struct cursor {
	const char *at, *end;
	unsigned line;
};

static size_t
line_length(const struct cursor *c)
{
	const char *newline = memchr(c->at, '\n', (size_t)(c->end - c->at));

	return newline != NULL ? (size_t)(newline - c->at) : (size_t)(c->end - c->at);
}

static bool
is_done(const struct cursor *c)
{
	return c->at == c->end;
}

static void
step(struct cursor *c)
{
	size_t length = line_length(c);

	c->at += length + (c->at + length < c->end);
	c->line++;
}

static struct cursor
ahead(struct cursor c, unsigned lines)
{
	while (lines-- > 0 && !is_done(&c))
		step(&c);
	return c;
}

static bool
is_same(const struct cursor *a, const struct cursor *b)
{
	size_t length = line_length(a);

	if (is_done(a) || is_done(b))
		return is_done(a) && is_done(b);
	return length == line_length(b) && memcmp(a->at, b->at, length) == 0;
}

static void
print(struct cursor *c, unsigned lines, char sign)
{
	for (; lines > 0 && !is_done(c); lines--) {
		printf("%c%.*s\n", sign, (int)line_length(c), c->at);
		step(c);
	}
}

/* How many lines of each are skipped to where the two meet again, as few as there can be. */
static void
find_meeting(
    const struct cursor *old, const struct cursor *new, unsigned *ret_old, unsigned *ret_new)
{
	for (unsigned sum = 1; sum <= LOOK_AHEAD; sum++)
		for (unsigned i = 0; i <= sum; i++) {
			struct cursor a = ahead(*old, i), b = ahead(*new, sum - i);

			if (is_same(&a, &b)) {
				*ret_old = i;
				*ret_new = sum - i;
				return;
			}
		}
	*ret_old = *ret_new = LOOK_AHEAD / 2;
}

void
line_diff_print(
    const char *name, const char *old, size_t old_length, const char *new, size_t new_length)
{
	struct cursor a = {old, old + old_length, 1}, b = {new, new + new_length, 1};

	while (!is_done(&a) || !is_done(&b)) {
		unsigned gone = 0, come = 0;

		if (is_same(&a, &b)) {
			step(&a);
			step(&b);
			continue;
		}
		find_meeting(&a, &b, &gone, &come);
		printf("%s:%u:\n", name, a.line);
		print(&a, gone, '-');
		print(&b, come, '+');
	}
}
