#include "tests/sandbox/expect.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

static void
require(bool sound, const struct expect_line *line, const char *what)
{
	if (!sound) {
		fprintf(stderr, "expectation, line %u: %s\n", line->number, what);
		abort();
	}
}

static uint32_t
verdict(const struct expect_line *line, const char *word)
{
	if (strcmp(word, "allow") == 0)
		return SECCOMP_RET_ALLOW;
	if (strcmp(word, "EPERM") == 0)
		return SECCOMP_RET_ERRNO | EPERM;
	if (strcmp(word, "ENOSYS") == 0)
		return SECCOMP_RET_ERRNO | ENOSYS;
	require(strcmp(word, "kill") == 0, line, "unknown verdict");
	return SECCOMP_RET_KILL_PROCESS;
}

/* An architecture before the verdict; 0: none. */
static uint32_t
architecture(const char *word)
{
	if (strcmp(word, "x86_64") == 0)
		return AUDIT_ARCH_X86_64;
	return strcmp(word, "aarch64") == 0 ? AUDIT_ARCH_AARCH64 : 0;
}

/* "1=0x5412" */
static void
argument(struct expect_line *line, const char *word)
{
	char *end = NULL;

	require(word[0] >= '0' && word[0] <= '5' && word[1] == '=', line, "bad argument");
	line->args[word[0] - '0'] = strtoull(word + 2, &end, 0);
	require(end != word + 2 && *end == '\0', line, "bad value");
	line->has_args = true;
}

static void
call(struct expect_line *line, const char *word)
{
	require(line->call_count < EXPECT_CALLS_MAX && strlen(word) < sizeof(line->calls[0]), line,
	    "too many or too long");
	strcpy(line->calls[line->call_count++], word);
}

bool
expect_next(FILE *file, struct expect_line *line)
{
	char text[256], *save = NULL, *word;
	uint32_t number = line->number;

	while (fgets(text, sizeof(text), file) != NULL) {
		number++;
		text[strcspn(text, "#\n")] = '\0';
		word = strtok_r(text, " ", &save);
		if (word == NULL)
			continue;
		*line = (struct expect_line){.number = number};
		line->arch = architecture(word);
		if (line->arch != 0)
			word = strtok_r(NULL, " ", &save);
		require(word != NULL, line, "no verdict");
		line->verdict = verdict(line, word);
		while ((word = strtok_r(NULL, " ", &save)) != NULL)
			strchr(word, '=') != NULL ? argument(line, word) : call(line, word);
		require(line->call_count > 0 && (!line->has_args || line->call_count == 1), line,
		    "no call, or arguments for more than one");
		return true;
	}
	return false;
}
