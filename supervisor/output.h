/* output.h - a Skill's stdout and stderr: opaque bytes, counted, handed to who follows the run. */
#ifndef SUPERVISOR_OUTPUT_H
#define SUPERVISOR_OUTPUT_H

#include "supervisor/run.h"

/* Makes the two pipes, starts to read, and hands the write ends to the caller. */
MUST_USE enum err output_open(struct run *run, int ret_writers[2], struct fault *fault);
/* Reads what is left after the cell has ended; never blocks. */
void output_drain(struct run *run);
/* Closes both; safe at any time. */
void output_done(struct run *run);

#endif
