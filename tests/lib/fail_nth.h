/* fail_nth.h - proves every error path, not only the ones imagined: run a piece of code failing its
 * first, second, ... Nth allocation or I/O call until it passes (after mpack's
 * test_system_fail_until_ok). */
#ifndef TESTS_LIB_FAIL_NTH_H
#define TESTS_LIB_FAIL_NTH_H

#include <stdbool.h>

enum fail_kind { FAIL_MEMORY = 1, FAIL_IO = 2 };

/* From now on the nth call (1 = the next) of these kinds fails: NULL with ENOMEM, or -1 with error.
 * Once only. */
void fail_nth_arm(unsigned kinds, unsigned nth, int error);
/* Stops failing; true when the armed call was reached. */
bool fail_nth_disarm(void);

/* Runs code(context) with the 1st, 2nd, ... call failing until a run makes fewer calls than that.
 * code answers true when it succeeded or noticed the failure and released everything; false fails
 * the surrounding test. Returns how many calls were failed. */
unsigned fail_nth_until_ok(unsigned kinds, int error, bool (*code)(void *context), void *context);

#endif
