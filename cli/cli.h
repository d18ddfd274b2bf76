/* cli.h - what people type: one row a subcommand, one file a subcommand. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* Exit codes of `praxa`. Typed errors have codes of their own (common/fault.h, docs/errors.md). */
enum {
	CLI_OK = 0,
	CLI_SKILL_FAILED = 1, /* the run ended, but not with exit code 0 */
	CLI_USAGE = 2,
	CLI_INTERNAL = 70,
};

/* Each gets its own argv (argv[0] is the subcommand's name) and answers an exit code. */
int cmd_run(int argc, char *const argv[]);
int cmd_up(int argc, char *const argv[]);
int cmd_reload(int argc, char *const argv[]);
int cmd_policy(int argc, char *const argv[]);
int cmd_doctor(int argc, char *const argv[]);
int cmd_audit(int argc, char *const argv[]);
int cmd_sandbox(int argc, char *const argv[]);

#endif
