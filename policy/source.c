#include "policy/source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "common/io.h"
#include "policy/load.h"
#include "policy/model.h"

/* The files of a pack while it is put together. */
struct gathering {
	const char *shown;
	int dir_fd;
	struct policy_problems *problems;
	struct arena arena; /* the tree and the manifests' names */
	struct pack_file files[1 + POLICY_MANIFESTS_MAX];
	char *contents[1 + POLICY_MANIFESTS_MAX];
	uint32_t count;
};

static const char *
read_error(int error)
{
	if (error == -ELOOP)
		return "it is a link; a policy's files are regular files";
	if (error == -EFBIG)
		return "it has more than 256 KiB";
	if (error == -EISDIR || error == -EINVAL)
		return "it is not a regular file";
	return strerror(-error);
}

/* Reads a file beneath the directory as name in the pack. 0 or -errno. */
static int
gather(struct gathering *g, const char *path, const char *name)
{
	size_t length = 0;
	int r =
	    io_read_file(g->dir_fd, path, POLICY_FILE_BYTES_MAX, &g->contents[g->count], &length);

	if (r < 0)
		return r;
	g->files[g->count] = (struct pack_file){
	    .name = name,
	    .name_length = (uint32_t)strlen(name),
	    .data = (const unsigned char *)g->contents[g->count],
	    .length = (uint32_t)length,
	};
	g->count++;
	return 0;
}

static enum err
gather_manifest(struct gathering *g, const struct policy_file *file, const struct yaml_node *item)
{
	static const char folder[] = "manifest/";
	char *name = arena_alloc(&g->arena, sizeof(folder) + item->length);
	int r;

	if (name == NULL)
		return ERR_INTERNAL;
	memcpy(name, folder, sizeof(folder) - 1);
	memcpy(name + sizeof(folder) - 1, item->text, item->length);
	r = gather(g, item->text, name);
	if (r == -ENOMEM)
		return ERR_INTERNAL;
	if (r < 0)
		policy_problem_add(g->problems, file, item->place, "",
		    "the manifest %s cannot be read: %s", item->text, read_error(r));
	return r < 0 ? ERR_POLICY : ERR_OK;
}

/* An item that is not a plain name, or one too many, is left out: policy_load says what is wrong
 * with it. One that is there twice is packed once. */
static enum err
gather_manifests(struct gathering *g)
{
	struct policy_file file = {
	    .name = g->shown, .text = g->contents[0], .length = g->files[0].length};
	const struct yaml_node *list = NULL;
	enum err r = policy_load_names(&file, &g->arena, &list, g->problems), worst = ERR_OK;

	if (r != ERR_OK)
		return r;
	for (const struct yaml_node *item = list != NULL ? list->child : NULL;
	     item != NULL && g->count < ARRAY_SIZE(g->files); item = item->next) {
		const struct yaml_node *name = policy_load_name(item);

		if (name == NULL || !policy_load_name_is_valid(name) ||
		    policy_load_is_repeated(list, item))
			continue;
		r = gather_manifest(g, &file, name);
		worst = r != ERR_OK ? r : worst;
	}
	return worst;
}

static enum err
pack_files(struct gathering *g, int *ret_fd)
{
	struct fault fault;
	enum err r = pack_from_files(g->files, g->count, ret_fd, &fault);

	if (r != ERR_OK)
		policy_problem_add(
		    g->problems, NULL, (struct policy_place){0}, "", "%s", fault.message);
	return r == ERR_OK || r == ERR_INTERNAL ? r : ERR_POLICY;
}

static enum err
gather_all(struct gathering *g, int *ret_fd)
{
	const char *slash = strrchr(g->shown, '/');
	int r = gather(g, slash != NULL ? slash + 1 : g->shown, "policy");
	enum err e;

	if (r == -ENOMEM)
		return ERR_INTERNAL;
	if (r < 0) {
		policy_problem_add(g->problems, NULL, (struct policy_place){0}, "",
		    "%s cannot be read: %s", g->shown, read_error(r));
		return ERR_POLICY;
	}
	e = gather_manifests(g);
	return e == ERR_OK ? pack_files(g, ret_fd) : e;
}

/* Opens the directory that path's file lies in. */
static int
open_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	SCOPED_FREE char *dir = slash != NULL ? strndup(path, (size_t)(slash - path)) : NULL;
	int fd;

	if (slash != NULL && dir == NULL)
		return -ENOMEM;
	fd = openat(AT_FDCWD,
	    slash == NULL   ? "."
	    : slash == path ? "/"
			    : dir,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static enum err
load(int pack_fd, const char *shown, struct policy **ret, struct policy_problems *problems)
{
	struct pack pack = {0};
	struct fault fault;
	enum err r = pack_open(pack_fd, &pack, &fault);

	if (r != ERR_OK) {
		policy_problem_add(
		    problems, NULL, (struct policy_place){0}, "", "%s", fault.message);
		return r == ERR_INTERNAL ? r : ERR_POLICY;
	}
	r = policy_load(&pack, shown, ret, problems);
	pack_close(&pack);
	return r;
}

enum err
policy_source_open(const char *path, struct policy_source *ret, struct policy_problems *problems)
{
	SCOPED_FD dir_fd = open_directory(path);
	SCOPED_FD pack_fd = -1;
	SCOPED_FREE struct gathering *g = calloc(1, sizeof(*g));
	struct policy *policy = NULL;
	enum err r;

	*problems = (struct policy_problems){0};
	if (g == NULL || dir_fd == -ENOMEM)
		return ERR_INTERNAL;
	if (dir_fd < 0) {
		policy_problem_add(problems, NULL, (struct policy_place){0}, "",
		    "%s: its directory cannot be opened: %s", path, strerror(-dir_fd));
		return ERR_POLICY;
	}
	g->shown = path;
	g->dir_fd = dir_fd;
	g->problems = problems;
	arena_init(&g->arena, POLICY_TREE_BYTES_MAX);
	r = gather_all(g, &pack_fd);
	arena_clear(&g->arena);
	for (uint32_t i = 0; i < g->count; i++)
		free(g->contents[i]);
	if (r == ERR_OK)
		r = load(pack_fd, path, &policy, problems);
	if (r != ERR_OK)
		return r;
	*ret = (struct policy_source){
	    .pack_fd = TAKE_FD(pack_fd), .dir_fd = TAKE_FD(dir_fd), .policy = policy};
	return ERR_OK;
}

/* No link on the way, and nothing above the policy's directory: what was reviewed is what lies
 * beside the policy (openat2(2)). */
static int
open_beneath(int dir_fd, const char *path)
{
	struct open_how how = {
	    .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static enum err
compare_digest(int pack_fd, const char *path, const struct digest *pinned, struct fault *fault)
{
	char want[DIGEST_TEXT_MAX], got[DIGEST_TEXT_MAX];
	struct pack pack = {0};
	struct digest digest;
	enum err r = pack_open(pack_fd, &pack, fault);

	if (r != ERR_OK)
		return r;
	digest = pack.digest;
	pack_close(&pack);
	if (digest_equal(&digest, pinned))
		return ERR_OK;
	digest_text(want, pinned);
	digest_text(got, &digest);
	/* Short, so that FAULT_MESSAGE_MAX holds both digests and the command. */
	fault_set(fault, ERR_SKILL_DIGEST,
	    "the bundle %.48s is %s, not the pinned %s; review it, then pin what this prints: "
	    "praxa policy digest %.48s",
	    path, got, want, path);
	fault_field(fault, "digest", want);
	return ERR_SKILL_DIGEST;
}

enum err
policy_source_bundle(const struct policy_source *source, const char *path,
    const struct digest *pinned, int *ret_fd, struct fault *fault)
{
	SCOPED_FD dir_fd = open_beneath(source->dir_fd, path);
	SCOPED_FD pack_fd = -1;
	enum err r;

	if (dir_fd < 0)
		return fault_set(fault, ERR_SKILL_DIGEST,
		    "the bundle \"%s\" cannot be opened: %s; it must be a directory beneath the "
		    "policy's, without links",
		    path, strerror(-dir_fd));
	r = pack_from_dir(dir_fd, &pack_fd, fault);
	if (r == ERR_OK)
		r = compare_digest(pack_fd, path, pinned, fault);
	if (r == ERR_OK)
		*ret_fd = TAKE_FD(pack_fd);
	return r;
}

void
policy_source_done(struct policy_source *source)
{
	if (source->policy != NULL) {
		close(source->pack_fd);
		close(source->dir_fd);
		policy_free(&source->policy);
	}
	*source = (struct policy_source){.pack_fd = -1, .dir_fd = -1};
}
