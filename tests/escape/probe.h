/* probe.h - what a probe finds, inside a cell. Each probe is one function that tries one way out
 * and says what happened. It stands in the table of probes.h, with what must stop it. */
#ifndef TESTS_ESCAPE_PROBE_H
#define TESTS_ESCAPE_PROBE_H

#include <stdbool.h>

/* Zeroed: contained, for no reason given. */
struct finding {
	bool escaped;
	char how[96]; /* the errno that stopped it, or what was reached */
};

/* Contained; how says by what. */
struct finding held(const char *how);
/* Escaped; what says what was reached. */
struct finding out(const char *what);
/* A result below 0 is contained by errno; any other has reached what. */
struct finding judge(long result, const char *what);
/* As judge, for a descriptor, which it closes. */
struct finding judge_fd(int fd, const char *what);

/* Tries to become all-powerful in user namespaces of its own, as every attack that needs a
 * capability would; goes on without where it cannot. */
void gain(unsigned long namespaces);
/* A variable of the harness, which tells what it planted; "" when it is not there. */
const char *planted(const char *name);

#define PROBE_DECLARE(ident, technique, guard, also, contained) struct finding probe_##ident(void);

#endif
