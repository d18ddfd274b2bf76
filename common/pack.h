/* pack.h - a set of named files in one sealed memory file.
 *
 * A Skill's bundle and a policy with its manifests are read from disk once, hashed, and travel as
 * packs: what was hashed is what is used. Invariant: names are relative, without empty, '.' or '..'
 * parts, sorted by byte value, and occur once.
 *
 * The digest is what anybody computes with coreutils:
 *   find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
 *
 * Layout, host byte order: 8 bytes magic, u32 count, u32 zero; per file u32 name length, u32 data
 * length, name, data. A pack never leaves the host. */
#ifndef COMMON_PACK_H
#define COMMON_PACK_H

#include "common/digest.h"
#include "common/fault.h"

enum {
	PACK_FILES_MAX = 1024,
	PACK_NAME_MAX = 255,
	PACK_BYTES_MAX = 32 * 1024 * 1024, /* the whole pack: it is held in memory per run */
};

struct pack_file {
	const char *name; /* not terminated */
	uint32_t name_length;
	const unsigned char *data;
	uint32_t length;
};

/* A mapped pack; files borrow from the mapping. Zeroed: empty. */
struct pack {
	struct pack_file *files;
	uint32_t count;
	const void *map;
	size_t map_length;
	struct digest digest;
};

/* Packs every regular file beneath the directory dir_fd (borrowed). Links, devices and sockets,
 * names with control characters or backslashes, a tree without a file, and anything above the
 * limits are refused with ERR_SKILL_DIGEST and the name: what cannot be pinned cannot be run.
 * Blocks on the file system. */
MUST_USE enum err pack_from_dir(int dir_fd, int *ret_fd, struct fault *fault);
/* Packs count files given by name and content, in any order. ERR_LIMIT or ERR_PROTOCOL on a bad
 * or repeated name. */
MUST_USE enum err pack_from_files(
    const struct pack_file *files, uint32_t count, int *ret_fd, struct fault *fault);
/* Maps and checks a pack. Trust: fd may come from a less trusted process; it must be sealed.
 * fd stays the caller's. */
MUST_USE enum err pack_open(int fd, struct pack *ret, struct fault *fault);
/* The file by name, or NULL. */
const struct pack_file *pack_find(const struct pack *pack, const char *name);
/* Accepts a zeroed pack. */
void pack_close(struct pack *pack);

#endif
