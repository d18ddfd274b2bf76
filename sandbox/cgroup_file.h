/* cgroup_file.h - the small text files of a cgroup. */
#ifndef SANDBOX_CGROUP_FILE_H
#define SANDBOX_CGROUP_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "common/scope.h"

/* Both return 0 or -errno. */
MUST_USE int cgroup_file_write(int dir_fd, const char *name, const char *text);
/* The whole file, terminated, without its last newline. -EFBIG: longer than size allows. */
MUST_USE int cgroup_file_read(int dir_fd, const char *name, char *ret, size_t size);
/* Hands the controllers of dir_fd that Praxa uses down to what is below it, as far as they are
 * there and allowed; a leaf notices by its files what is missing. */
void cgroup_file_hand_down(int dir_fd);
/* The number behind "key " at the begin of a line of text; 0: there is none. */
uint64_t cgroup_file_number(const char *text, const char *key);

#endif
