#include "audit/frame.h"

#include <inttypes.h>
#include <stdio.h>

#include "audit/bytes.h"
#include "audit/zero.h"

static const char magic[8] = {'P', 'R', 'A', 'X', 'A', 'L', 'O', 'G'};

enum {
	VERSION = 1,
	/* Offsets in the header block. */
	AT_VERSION = 8,
	AT_FLAGS = 12,
	AT_ID = 16,
	AT_FIRST_INDEX = 24,
	AT_BYTES = 32,
	AT_PREDECESSOR_ID = 40,
	AT_PREDECESSOR_USED = 48,
	AT_ORIGIN = 56,
	AT_CHAIN = 88,
	AT_BOOT_ID = 120,
	AT_VKEY = 136,
	AT_END = AT_VKEY + SEGMENT_VKEY_MAX,
	AT_CRC = AUDIT_BLOCK - 4,
};

void
segment_name(char to[SEGMENT_NAME_MAX], uint64_t first_index)
{
	snprintf(to, SEGMENT_NAME_MAX, "seg-%016" PRIx64 ".plog", first_index);
}

bool
segment_name_parse(const char *name, uint64_t *ret_first_index)
{
	char again[SEGMENT_NAME_MAX];
	uint64_t index;

	if (sscanf(name, "seg-%16" SCNx64, &index) != 1)
		return false;
	/* Only the one spelling that we write is a segment. */
	segment_name(again, index);
	if (strcmp(again, name) != 0)
		return false;
	*ret_first_index = index;
	return true;
}

void
segment_header_put(unsigned char to[AUDIT_BLOCK], const struct segment_header *header)
{
	memset(to, 0, AUDIT_BLOCK);
	memcpy(to, magic, sizeof(magic));
	put_u32(to + AT_VERSION, VERSION);
	put_u32(to + AT_FLAGS, header->flags);
	put_u64(to + AT_ID, header->id);
	put_u64(to + AT_FIRST_INDEX, header->first_index);
	put_u64(to + AT_BYTES, header->bytes);
	put_u64(to + AT_PREDECESSOR_ID, header->predecessor_id);
	put_u64(to + AT_PREDECESSOR_USED, header->predecessor_used);
	memcpy(to + AT_ORIGIN, header->origin.bytes, DIGEST_BYTES);
	memcpy(to + AT_CHAIN, header->chain.bytes, DIGEST_BYTES);
	memcpy(to + AT_BOOT_ID, header->boot_id, BOOT_ID_BYTES);
	memcpy(to + AT_VKEY, header->vkey, strnlen(header->vkey, SEGMENT_VKEY_MAX - 1));
	put_u32(to + AT_CRC, frame_crc32c(0, to, AT_CRC));
}

const char *
segment_header_parse(const unsigned char block[AUDIT_BLOCK], struct segment_header *ret)
{
	if (memcmp(block, magic, sizeof(magic)) != 0)
		return "this is not a segment of a Praxa log";
	if (get_u32(block + AT_CRC) != frame_crc32c(0, block, AT_CRC))
		return "the checksum of the segment's header does not fit";
	if (get_u32(block + AT_VERSION) != VERSION)
		return "the segment has an unknown version";
	if (!zero_is(block + AT_END, AT_CRC - AT_END) || block[AT_END - 1] != 0)
		return "the segment's header is not filled with zeros";
	ret->flags = get_u32(block + AT_FLAGS);
	ret->id = get_u64(block + AT_ID);
	ret->first_index = get_u64(block + AT_FIRST_INDEX);
	ret->bytes = get_u64(block + AT_BYTES);
	ret->predecessor_id = get_u64(block + AT_PREDECESSOR_ID);
	ret->predecessor_used = get_u64(block + AT_PREDECESSOR_USED);
	memcpy(ret->origin.bytes, block + AT_ORIGIN, DIGEST_BYTES);
	memcpy(ret->chain.bytes, block + AT_CHAIN, DIGEST_BYTES);
	memcpy(ret->boot_id, block + AT_BOOT_ID, BOOT_ID_BYTES);
	memcpy(ret->vkey, block + AT_VKEY, SEGMENT_VKEY_MAX);
	if ((ret->flags & ~(uint32_t)SEGMENT_AFTER_FAILURE) != 0 || ret->id == 0)
		return "the segment's header has unknown flags or no id";
	if (ret->bytes < SEGMENT_BYTES_MIN || ret->bytes % AUDIT_BLOCK != 0)
		return "the segment's header has an impossible size";
	return NULL;
}
