#include "tests/policy/keygen.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "common/scope.h"

enum { ARGUMENTS_MAX = 24, PATH_LENGTH = 512 };

static int
run(const char *const *argv)
{
	static const char *const envp[] = {
	    "PATH=/usr/bin:/bin", "LANG=C", "HOME=/nonexistent", NULL};
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, (char *const *)envp) ==
	    0)
		waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

static void
must(const char *const *argv)
{
	if (run(argv) == 0)
		return;
	for (; *argv != NULL; argv++)
		fprintf(stderr, "%s ", *argv);
	fprintf(stderr, "failed\n");
	abort();
}

bool
keygen_is_there(void)
{
	return access("/usr/bin/ssh-keygen", X_OK) == 0;
}

void
keygen_make(const char *dir, const char *name, const char *const *options)
{
	const char *argv[ARGUMENTS_MAX] = {"ssh-keygen", "-q", "-N", "", "-C", "test", "-f"};
	char path[PATH_LENGTH];
	unsigned n = 7;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	argv[n++] = path;
	for (; *options != NULL && n + 1 < ARGUMENTS_MAX; options++)
		argv[n++] = *options;
	must(argv);
}

void
keygen_sign(
    const char *dir, const char *name, const char *file, const char *namespace, const char *hash)
{
	const char *argv[ARGUMENTS_MAX] = {"ssh-keygen", "-Y", "sign", "-n", namespace, "-f"};
	char key[PATH_LENGTH], path[PATH_LENGTH], option[32], signature[PATH_LENGTH + 8];
	unsigned n = 6;

	snprintf(key, sizeof(key), "%s/%s", dir, name);
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	snprintf(signature, sizeof(signature), "%s.sig", path);
	unlink(signature); /* ssh-keygen would ask */
	argv[n++] = key;
	if (hash != NULL) {
		snprintf(option, sizeof(option), "hashalg=%s", hash);
		argv[n++] = "-O";
		argv[n++] = option;
	}
	argv[n++] = path;
	must(argv);
}

char *
keygen_read(const char *dir, const char *name)
{
	char path[PATH_LENGTH], *text = NULL;
	size_t length;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (io_read_file(AT_FDCWD, path, 1 << 20, &text, &length) < 0) {
		fprintf(stderr, "%s cannot be read\n", path);
		abort();
	}
	return text;
}

char *
keygen_signer(const char *dir, const char *name, const char *principal, const char *options)
{
	char file[128], *line = NULL;
	SCOPED_FREE char *key = NULL;

	snprintf(file, sizeof(file), "%s.pub", name);
	key = keygen_read(dir, file);
	if (asprintf(&line, "%s %s%s%s", principal, options, options[0] != '\0' ? " " : "", key) <
	    0)
		abort();
	return line;
}
