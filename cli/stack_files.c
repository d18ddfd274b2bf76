#include "cli/stack_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/io.h"
#include "common/peer.h"

/* The first identities of the range that praxad takes its cells' from (supervisor/supervisor.h). */
enum { UID_AUDITD = 0x70000001, UID_BROKER = 0x70000002 };

enum { LAST_WORDS_MAX = 64 * 1024 };

void
stack_files_init(struct stack_files *files)
{
	*files = (struct stack_files){.lock_fd = -1};
	for (int i = 0; i < STACK_SOCKETS; i++)
		files->socket_fds[i] = -1;
}

static void
choose_identities(struct stack_files *files)
{
	static const uid_t as_root[STACK_DAEMONS] = {
	    [STACK_AUDITD] = UID_AUDITD,
	    [STACK_BROKER] = UID_BROKER,
	    [STACK_PRAXAD] = (uid_t)-1,
	};

	for (int i = 0; i < STACK_DAEMONS; i++) {
		uid_t shown;

		files->uids[i] = geteuid() == 0 ? as_root[i] : (uid_t)-1;
		shown = files->uids[i] == (uid_t)-1 ? geteuid() : files->uids[i];
		snprintf(files->uid_texts[i], sizeof(files->uid_texts[i]), "%u", (unsigned)shown);
	}
}

/* The folder and those above it, as mkdir -p does. */
static int
make_path(const char *path, mode_t mode)
{
	char part[PATHS_MAX + 128];
	size_t length = strlen(path);

	if (length >= sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* Whoever could write into a folder of ours, or swap it for another, would be handed our sockets
 * and, from root, a chown of whatever he put there. */
static enum err
check_folder(const char *path, const struct stat *st, uid_t owner, struct fault *fault)
{
	if (st->st_uid != geteuid() && st->st_uid != owner)
		return fault_set(fault, ERR_CONFINEMENT,
		    "%s belongs to uid %u; choose a folder of your own with --state", path,
		    (unsigned)st->st_uid);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return fault_set(fault, ERR_CONFINEMENT,
		    "others may write into %s; close it with chmod go-w, or choose another folder "
		    "with --state",
		    path);
	return ERR_OK;
}

/* Makes the folder if it is not there. One that is there must be nobody else's, and no link. */
static enum err
make_folder(const char *path, mode_t mode, uid_t owner, struct fault *fault)
{
	SCOPED_FD fd = -1;
	struct stat st;
	int r = make_path(path, mode);
	enum err e;

	if (r == 0) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;
	}
	if (r < 0)
		return fault_set(fault, ERR_NOT_FOUND, "%s: %s", path, strerror(-r));
	e = check_folder(path, &st, owner, fault);
	if (e == ERR_OK && owner != (uid_t)-1 && st.st_uid != owner && fchown(fd, owner, owner) < 0)
		return fault_set(fault, ERR_INTERNAL, "%s: %s", path, strerror(errno));
	return e;
}

/* Every folder on the way: nobody may swap what lies beneath; and as root the daemons, which have
 * other identities, must be able to walk through it. */
static enum err
check_way(const char *path, struct fault *fault)
{
	char part[PATHS_MAX];
	struct stat st;

	for (size_t i = 1; i <= strlen(path); i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (stat(part, &st) < 0)
			return fault_set(fault, ERR_NOT_FOUND, "%s: %s", part, strerror(errno));
		if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
			return fault_set(fault, ERR_CONFINEMENT,
			    "everybody may rename what lies in %s; choose another folder with "
			    "--state",
			    part);
		if (geteuid() == 0 && (st.st_mode & S_IXOTH) == 0)
			return fault_set(fault, ERR_CONFINEMENT,
			    "%s is closed to the daemons' own users; choose another folder with "
			    "--state, or open it with chmod o+x",
			    part);
	}
	return ERR_OK;
}

static enum err
take_lock(struct stack_files *files, struct fault *fault)
{
	char path[PATHS_MAX + 16];

	snprintf(path, sizeof(path), "%s/lock", files->state);
	files->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (files->lock_fd < 0)
		return fault_set(fault, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
	if (flock(files->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return fault_set(fault, ERR_RATE_LIMIT,
		    "another praxa uses %s; wait for it, or choose another folder with --state",
		    files->state);
	return ERR_OK;
}

static void
name_everything(struct stack_files *files, const char *workspace, const char *daemons)
{
	static const char *const names[STACK_SOCKETS] = {
	    [STACK_AUDIT_SUPERVISOR] = "audit-supervisor.sock",
	    [STACK_AUDIT_BROKER] = "audit-broker.sock",
	    [STACK_GRANTS] = "broker.sock",
	    [STACK_CONTROL] = "control.sock",
	};

	snprintf(files->run, sizeof(files->run), "%s/run", files->state);
	snprintf(files->audit_root, sizeof(files->audit_root), "%s/audit", files->state);
	snprintf(files->log, sizeof(files->log), "%s/%s", files->audit_root, workspace);
	snprintf(files->memory_root, sizeof(files->memory_root), "%s/memory", files->state);
	snprintf(files->memory, sizeof(files->memory), "%s/%s", files->memory_root, workspace);
	snprintf(files->policy_root, sizeof(files->policy_root), "%s/policy", files->state);
	snprintf(files->policy, sizeof(files->policy), "%s/%s", files->policy_root, workspace);
	snprintf(files->init, sizeof(files->init), "%.*s/praxa-init", PATHS_MAX - 1, daemons);
	for (int i = 0; i < STACK_SOCKETS; i++)
		snprintf(
		    files->sockets[i], sizeof(files->sockets[i]), "%s/%s", files->run, names[i]);
}

static enum err
make_folders(const struct stack_files *files, struct fault *fault)
{
	const struct {
		const char *path;
		mode_t mode;
		uid_t owner;
	} folders[] = {
	    {files->run, 0711, (uid_t)-1},
	    {files->audit_root, 0700, files->uids[STACK_AUDITD]},
	    {files->memory_root, 0711, (uid_t)-1},
	    {files->memory, 0700, files->uids[STACK_BROKER]},
	    {files->policy_root, 0700, (uid_t)-1},
	    {files->policy, 0700, (uid_t)-1},
	};
	enum err r = ERR_OK;

	for (unsigned i = 0; r == ERR_OK && i < ARRAY_SIZE(folders); i++)
		r = make_folder(folders[i].path, folders[i].mode, folders[i].owner, fault);
	return r;
}

static enum err
open_sockets(struct stack_files *files, struct fault *fault)
{
	for (int i = 0; i < STACK_SOCKETS; i++) {
		int r = peer_bind(files->sockets[i], 0600, &files->socket_fds[i]);

		if (r == -ENAMETOOLONG)
			return fault_set(fault, ERR_LIMIT,
			    "%s is too long for a socket (107 bytes); choose a shorter --state",
			    files->sockets[i]);
		if (r < 0)
			return fault_set(
			    fault, ERR_INTERNAL, "%s: %s", files->sockets[i], strerror(-r));
	}
	/* The broker, under its own identity, connects to the log. */
	if (files->uids[STACK_BROKER] != (uid_t)-1 &&
	    chown(files->sockets[STACK_AUDIT_BROKER], files->uids[STACK_BROKER],
		files->uids[STACK_BROKER]) < 0)
		return fault_set(fault, ERR_INTERNAL, "chown: %s", strerror(errno));
	return ERR_OK;
}

/* Makes the state folder and finds where it is. Only its own path may have links. */
static enum err
resolve_state(struct stack_files *files, const char *state, struct fault *fault)
{
	const mode_t mode = geteuid() == 0 ? 0711 : 0700;
	int r = make_path(state, mode);
	SCOPED_FREE char *whole = r == 0 ? realpath(state, NULL) : NULL;

	if (r < 0 || whole == NULL)
		return fault_set(
		    fault, ERR_NOT_FOUND, "%s: %s", state, strerror(r < 0 ? -r : errno));
	if (strlen(whole) >= sizeof(files->state))
		return fault_set(fault, ERR_LIMIT, "%s: the path is too long", state);
	snprintf(files->state, sizeof(files->state), "%s", whole);
	return make_folder(files->state, mode, (uid_t)-1, fault);
}

enum err
stack_files_open(struct stack_files *files, const char *state, const char *workspace,
    const char *daemons, struct fault *fault)
{
	mode_t before = umask(0022);
	enum err r;

	choose_identities(files);
	r = resolve_state(files, state, fault);
	if (r == ERR_OK) {
		name_everything(files, workspace, daemons);
		r = check_way(files->state, fault);
	}
	if (r == ERR_OK)
		r = take_lock(files, fault);
	if (r == ERR_OK)
		r = make_folders(files, fault);
	if (r == ERR_OK)
		r = open_sockets(files, fault);
	umask(before);
	return r;
}

void
stack_files_close(struct stack_files *files)
{
	for (int i = 0; i < STACK_SOCKETS; i++) {
		if (files->socket_fds[i] < 0)
			continue;
		close(files->socket_fds[i]);
		unlink(files->sockets[i]);
	}
	if (files->lock_fd >= 0)
		close(files->lock_fd);
}

enum err
stack_files_open_log(const struct stack_files *files, const char *name, bool verbose, int *ret_fd,
    struct fault *fault)
{
	char path[PATHS_MAX + 96];

	snprintf(path, sizeof(path), "%s/%s.log", files->run, name);
	*ret_fd = verbose ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
			  : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*ret_fd < 0)
		return fault_set(fault, ERR_INTERNAL, "%s: %s", path, strerror(errno));
	return ERR_OK;
}

bool
stack_files_last_line(const struct stack_files *files, const char *name, char *to, size_t size)
{
	char path[PATHS_MAX + 96];
	char *text = NULL, *line;
	size_t length = 0;

	snprintf(path, sizeof(path), "%s/%s.log", files->run, name);
	if (io_read_file(AT_FDCWD, path, LAST_WORDS_MAX, &text, &length) < 0)
		return false;
	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	line = strrchr(text, '\n');
	line = line != NULL ? line + 1 : text;
	if (line[0] == '<' && strchr(line, ':') != NULL) /* log.h: <priority>name: */
		line = strchr(line, ':') + 1;
	text_copy(to, size, line + strspn(line, " "));
	free(text);
	return to[0] != '\0';
}

enum err
stack_files_write_pid(
    const struct stack_files *files, const char *name, pid_t pid, struct fault *fault)
{
	char path[PATHS_MAX + 96], text[32];
	int length = snprintf(text, sizeof(text), "%ld\n", (long)pid);

	snprintf(path, sizeof(path), "%s/%s.pid", files->run, name);
	{
		SCOPED_FD fd =
		    open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

		if (fd >= 0 && io_write_full(fd, text, (size_t)length) == 0)
			return ERR_OK;
	}
	return fault_set(fault, ERR_INTERNAL, "%s: %s", path, strerror(errno));
}

void
stack_files_remove_pid(const struct stack_files *files, const char *name)
{
	char path[PATHS_MAX + 96];

	snprintf(path, sizeof(path), "%s/%s.pid", files->run, name);
	unlink(path);
}

enum err
stack_default_state(char *to, size_t size, struct fault *fault)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (geteuid() == 0)
		n = snprintf(to, size, "/var/lib/praxa");
	else if (state != NULL && state[0] == '/')
		n = snprintf(to, size, "%s/praxa", state);
	else if (home != NULL && home[0] == '/')
		n = snprintf(to, size, "%s/.local/state/praxa", home);
	else
		return fault_set(fault, ERR_NOT_FOUND, "there is no HOME; give --state DIR");
	if (n < 0 || (size_t)n >= size)
		return fault_set(fault, ERR_LIMIT, "the path of the state folder is too long");
	return ERR_OK;
}
