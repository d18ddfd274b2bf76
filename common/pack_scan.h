/* pack_scan.h - the layout of a pack, without hashing it: for praxa-init, which unpacks what the
 * supervisor has already compared with its pin, and links no libcrypto. */
#ifndef COMMON_PACK_SCAN_H
#define COMMON_PACK_SCAN_H

#include "common/pack.h"

/* The first bytes of every pack. */
extern const char pack_magic[8];

/* Orders by name, byte by byte. */
int pack_compare(const void *a, const void *b);
/* Sorts files and refuses a bad or repeated name: ERR_PROTOCOL with the name. */
MUST_USE enum err pack_check_names(struct pack_file *files, uint32_t count, struct fault *fault);
/* Lists the files of the pack at map[0..length). *ret_files is heap memory of the caller's whose
 * names and data borrow from map. ERR_PROTOCOL: not a pack. Trust: map may hold anything. */
MUST_USE enum err pack_scan(const void *map, size_t length, struct pack_file **ret_files,
    uint32_t *ret_count, struct fault *fault);

#endif
