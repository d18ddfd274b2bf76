/* args.h - command lines as tables: one row an option, one small handler a row. */
#ifndef COMMON_ARGS_H
#define COMMON_ARGS_H

#include "common/fault.h"

/* One option. handler gets the value ("" for a flag) and the caller's context; it answers ERR_OK or
 * a fault that says what was expected. */
struct args_option {
	const char *name;     /* without the dashes */
	char letter;          /* short form, or 0 */
	const char *argument; /* name of the value in the usage text; NULL: a flag */
	const char *help;
	enum err (*handler)(void *context, const char *value, struct fault *fault);
};

/* Define a handler that keeps what was given in the caller's struct type: the value in a const char
 * *member, which borrows it from argv, or in a bool member that it was given. The _AS forms define
 * a function that other files have rows for, too; the others a static on_<member>. */
#define ARGS_KEEP_TEXT_AS(function, type, member)                                \
	enum err function(void *context, const char *value, struct fault *fault) \
	{                                                                        \
		(void)fault;                                                     \
		((type *)context)->member = value;                               \
		return ERR_OK;                                                   \
	}
#define ARGS_KEEP_FLAG_AS(function, type, member)                                \
	enum err function(void *context, const char *value, struct fault *fault) \
	{                                                                        \
		(void)value;                                                     \
		(void)fault;                                                     \
		((type *)context)->member = true;                                \
		return ERR_OK;                                                   \
	}
#define ARGS_KEEP_TEXT(type, member) static ARGS_KEEP_TEXT_AS(on_##member, type, member)
#define ARGS_KEEP_FLAG(type, member) static ARGS_KEEP_FLAG_AS(on_##member, type, member)

/* Parses --name value, --name=value, -n value and flags from argv[1..argc); stops at "--" or at the
 * first word that is not an option, whose index is *ret_rest. rows ends with a zeroed row. An
 * unknown option is ERR_PROTOCOL with "did you mean". */
MUST_USE enum err args_parse(const struct args_option *rows, int argc, char *const argv[],
    void *context, int *ret_rest, struct fault *fault);
/* Prints the options, one line each, to stdout. */
void args_usage(const struct args_option *rows);

#endif
