/* log_place.h - which log a command reads. */
#ifndef CLI_LOG_PLACE_H
#define CLI_LOG_PLACE_H

#include <stddef.h>

/* The folder of a workspace's log: log itself where it was said outright, else
 * STATE/audit/WORKSPACE, written into path; what is NULL of these is what praxa run takes when
 * nobody says: its state folder, and ws_local. NULL: there is no home to have a state folder, or
 * the path is too long. */
const char *log_place(
    const char *log, const char *state, const char *workspace, char *path, size_t size);

#endif
