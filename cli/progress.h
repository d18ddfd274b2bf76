/* progress.h - what a person sees while a run goes on: one line a step on stderr, with colour and
 * signs on a terminal and plain words elsewhere. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "common/fault.h"

enum progress_kind { PROGRESS_STEP, PROGRESS_DONE, PROGRESS_FAILED, PROGRESS_NOTE };

/* quiet: nothing is shown but failures. From here on the process ignores SIGPIPE. */
void progress_init(bool quiet);
void progress_line(enum progress_kind kind, const char *format, ...) PRINTF_LIKE(2, 3);
/* The Skill's own output, each line marked, control characters made harmless. Partial lines wait
 * for their end; length 0 shows what waits. stream: 1 or 2. */
void progress_output(unsigned stream, const char *bytes, size_t length);
/* A daemon was killed (status as wait(2) has it) and runs again. */
void progress_restarted(const char *daemon, int status);
/* A fault in full: type, message, where its rule stands, what is allowed, what to do. */
void progress_fault(const char *what, const struct fault *fault);

#endif
