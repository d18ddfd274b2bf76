/* report.h - what a person, or a program with --json, gets when a run has ended. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/session.h"

/* Prints the verdict with its reasons, the record, the layers that were active, and the result of
 * verifying the log, to stdout. Answers the exit code of `praxa run`. */
int report_run(const struct session_result *result, bool json);

#endif
