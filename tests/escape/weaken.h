/* weaken.h - guards that are the launcher's own work, in this process: the linker sends its calls
 * through weaken.c (--wrap), in the test programs only. */
#ifndef TESTS_ESCAPE_WEAKEN_H
#define TESTS_ESCAPE_WEAKEN_H

#include <stdint.h>

/* From now on the guards in off (GUARD_BIT) are off in what this process launches; 0: none. */
void weaken_begin(uint64_t off);

#endif
