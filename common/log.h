/* log.h - what a daemon says: one line on stderr, with the priority that journald reads
 * (sd-daemon(3), "<3>") when stderr is not a terminal. Only processes call this; libraries return
 * faults. */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/fault.h"

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/* Sets the name in front of each line (static storage) and the least urgent level that is shown. */
void log_init(const char *name, enum log_level level);
/* Writes one line. Control characters in the text become '?'. Blocks as write(2) does. */
void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
/* Writes what failed and a fault on one line. */
void log_fault(enum log_level level, const char *what, const struct fault *fault);

#endif
