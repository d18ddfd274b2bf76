/* stack_files.h - the folders, sockets and identities of a stack. */
#ifndef CLI_STACK_FILES_H
#define CLI_STACK_FILES_H

#include <sys/types.h>

#include "cli/stack.h"

enum stack_daemon { STACK_AUDITD = 0, STACK_BROKER, STACK_PRAXAD };

enum stack_socket {
	STACK_AUDIT_SUPERVISOR = 0,
	STACK_AUDIT_BROKER,
	STACK_GRANTS,
	STACK_CONTROL,
	STACK_SOCKETS,
};

struct stack_files {
	int lock_fd;
	char state[PATHS_MAX], run[PATHS_MAX + 16];
	char audit_root[PATHS_MAX + 16], log[PATHS_MAX + 96];
	char memory_root[PATHS_MAX + 16], memory[PATHS_MAX + 96];
	char policy_root[PATHS_MAX + 16], policy[PATHS_MAX + 96]; /* praxad's */
	char init[PATHS_MAX + 16];
	char sockets[STACK_SOCKETS][PATHS_MAX + 48];
	int socket_fds[STACK_SOCKETS];
	uid_t uids[STACK_DAEMONS]; /* (uid_t)-1: ours */
	char uid_texts[STACK_DAEMONS][16];
};

/* Nothing is open. */
void stack_files_init(struct stack_files *files);
/* Takes the folder's lock, makes what is missing and opens the sockets. ERR_RATE_LIMIT: another
 * stack has the folder. */
MUST_USE enum err stack_files_open(struct stack_files *files, const char *state,
    const char *workspace, const char *daemons, struct fault *fault);
/* Removes the sockets and gives the lock back; safe after a failure. */
void stack_files_close(struct stack_files *files);
/* Where a daemon's messages go: stderr if verbose, else run/<name>.log, started anew. */
MUST_USE enum err stack_files_open_log(const struct stack_files *files, const char *name,
    bool verbose, int *ret_fd, struct fault *fault);
/* The last line of a daemon's run/<name>.log without its prefix; false: there is none. */
bool stack_files_last_line(
    const struct stack_files *files, const char *name, char *to, size_t size);
MUST_USE enum err stack_files_write_pid(
    const struct stack_files *files, const char *name, pid_t pid, struct fault *fault);
void stack_files_remove_pid(const struct stack_files *files, const char *name);

#endif
