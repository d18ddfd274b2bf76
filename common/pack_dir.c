/* Reads a directory tree into a pack. Every step goes through a descriptor of the directory above
 * it and follows no link, so a tree that changes under our hands can make us fail, not stray. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/io.h"
#include "common/pack.h"

enum { DIR_DEPTH_MAX = 16 };

struct walk {
	struct pack_file files[PACK_FILES_MAX];
	char *names[PACK_FILES_MAX];
	char *contents[PACK_FILES_MAX];
	uint32_t count;
	size_t total;
	char path[PACK_NAME_MAX + 1];
};

static enum err
refuse(struct fault *fault, const struct walk *walk, const char *why)
{
	return fault_set(fault, ERR_SKILL_DIGEST, "\"%s\": %s", walk->path, why);
}

static enum err
add_file(struct walk *walk, int dir_fd, const char *name, struct fault *fault)
{
	size_t length = 0;
	char *content = NULL;
	int r;

	if (walk->count == PACK_FILES_MAX)
		return refuse(fault, walk, "the bundle has more than 1024 files");
	r = io_read_file(dir_fd, name, PACK_BYTES_MAX - walk->total, &content, &length);
	if (r == -EFBIG)
		return refuse(fault, walk, "the bundle holds more than 32 MiB");
	if (r < 0)
		return refuse(fault, walk, strerror(-r));
	walk->contents[walk->count] = content;
	walk->names[walk->count] = strdup(walk->path);
	if (walk->names[walk->count] == NULL) {
		free(content);
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	}
	walk->files[walk->count] = (struct pack_file){
	    .name = walk->names[walk->count],
	    .name_length = (uint32_t)strlen(walk->path),
	    .data = (unsigned char *)content,
	    .length = (uint32_t)length,
	};
	walk->count++;
	walk->total += length;
	return ERR_OK;
}

static enum err walk_dir(struct walk *walk, int dir_fd, int depth, struct fault *fault);

static enum err
walk_entry(struct walk *walk, int dir_fd, const char *name, int depth, struct fault *fault)
{
	size_t before = strlen(walk->path);
	struct stat st;
	enum err r;
	int n = snprintf(
	    walk->path + before, sizeof(walk->path) - before, "%s%s", before > 0 ? "/" : "", name);

	if ((size_t)n >= sizeof(walk->path) - before)
		r = refuse(fault, walk, "the path is longer than 255 bytes");
	else if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = refuse(fault, walk, strerror(errno));
	else if (S_ISREG(st.st_mode))
		r = add_file(walk, dir_fd, name, fault);
	else if (!S_ISDIR(st.st_mode))
		r = refuse(fault, walk, "only files and directories can be pinned, no links");
	else {
		SCOPED_FD sub =
		    openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		r = sub < 0 ? refuse(fault, walk, strerror(errno))
			    : walk_dir(walk, sub, depth + 1, fault);
	}
	walk->path[before] = '\0';
	return r;
}

static enum err
walk_dir(struct walk *walk, int dir_fd, int depth, struct fault *fault)
{
	int copy = depth > DIR_DEPTH_MAX ? -1 : openat(dir_fd, ".", O_RDONLY | O_CLOEXEC);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	enum err r = ERR_OK;

	if (dir == NULL) {
		if (copy >= 0)
			close(copy);
		return refuse(fault, walk,
		    depth > DIR_DEPTH_MAX ? "directories are nested deeper than 16"
					  : strerror(errno));
	}
	while (r == ERR_OK) {
		const struct dirent *entry = readdir(dir);

		if (entry == NULL)
			break;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = walk_entry(walk, dir_fd, entry->d_name, depth, fault);
	}
	closedir(dir);
	return r;
}

enum err
pack_from_dir(int dir_fd, int *ret_fd, struct fault *fault)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	enum err r;

	if (walk == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	r = walk_dir(walk, dir_fd, 1, fault);
	/* Without a file, xargs and sha256sum would print something that we do not. */
	if (r == ERR_OK && walk->count == 0)
		r = fault_set(fault, ERR_SKILL_DIGEST, "the bundle has no file");
	if (r == ERR_OK)
		r = pack_from_files(walk->files, walk->count, ret_fd, fault);
	if (r == ERR_PROTOCOL || r == ERR_LIMIT)
		r = fault != NULL ? (fault->code = ERR_SKILL_DIGEST) : ERR_SKILL_DIGEST;
	for (uint32_t i = 0; i < walk->count; i++) {
		free(walk->names[i]);
		free(walk->contents[i]);
	}
	free(walk);
	return r;
}
