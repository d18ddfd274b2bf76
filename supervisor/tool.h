/* tool.h - exec tools: the broker names one, we run it in a cell of its own.
 *
 * Trust: the broker chooses only among the tools that the run's policy allows; program, mounts and
 * limits come from the manifest, and arguments pass by as a sealed memory file that becomes stdin.
 */
#ifndef SUPERVISOR_TOOL_H
#define SUPERVISOR_TOOL_H

#include "supervisor/run.h"

enum { TOOL_JOBS_MAX = 16 /* of one run at a time */ };

/* Starts the tool; its end, or why it cannot start, goes to the broker as TOOL_DONE. Takes
 * message->fds. */
void tool_exec(struct run *run, struct wire_message *message);
/* Kills one call's tool; it still ends with TOOL_DONE. A call that has ended is no error. */
void tool_cancel(struct run *run, uint32_t call);
/* Kills all of a run's tools. */
void tool_stop_all(struct run *run);
/* Kills and frees them without a word. */
void tool_free_all(struct run *run);

#endif
