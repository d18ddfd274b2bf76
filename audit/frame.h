/* frame.h - how records lie on the disk: segment header, frames, groups. Pure.
 *
 * A segment is a zero-filled file: one header block, then groups. A group is EVENT frames and one
 * COMMIT frame, padded with zeros to AUDIT_BLOCK, and was written by one write. The COMMIT starts
 * at a sector (zeros before it) and fits in it: after a crash a signature is there with the size
 * that it signs, or not at all. Invariant: group_parse passes a group only when every byte of it,
 * padding included, is accounted for.
 *
 * Little-endian throughout. Frame: u32 len, u32 crc, u8 type, u8 version, u16 flags, u64 index,
 * len bytes of body, zeros up to a multiple of 8. The crc (CRC-32C) runs over the segment's random
 * id, then len and everything behind the crc: a stale or misdirected block of another segment does
 * not pass. The crc is for tears; hashes and signatures are for people. */
#ifndef AUDIT_FRAME_H
#define AUDIT_FRAME_H

#include "common/digest.h"

enum {
	AUDIT_BLOCK = 4096,
	AUDIT_SECTOR = 512, /* what a disk writes whole or not at all */
	FRAME_HEAD = 20,
	FRAME_ALIGN = 8,
	FRAME_VERSION = 1,
	FRAME_BODY_MAX = 65535, /* an entry of a C2SP bundle has a 16-bit length */
	GROUP_BYTES_MAX = 256 * 1024,
	GROUP_RECORDS_MAX = 256,
	SEGMENT_BYTES_MIN =
	    128 * 1024,        /* holds the header and the largest record with its commit */
	SEGMENT_NAME_MAX = 32, /* seg-%016x.plog */
	SEGMENT_VKEY_MAX = 256,
	BOOT_ID_BYTES = 16,
};

enum frame_type { FRAME_END = 0, FRAME_EVENT = 1, FRAME_COMMIT = 2 };

enum {
	FRAME_FIRST = 1, /* flag: starts a group; tells a later group from the rest of a torn one */
	SEGMENT_AFTER_FAILURE = 1, /* flag: bytes behind predecessor_used were never acknowledged */
};

/* The header block. What it says about the predecessor is checked, never believed. */
struct segment_header {
	uint32_t flags;
	uint64_t id;               /* random, never 0 */
	uint64_t first_index;      /* of the first record; the name says the same */
	uint64_t bytes;            /* of the whole file */
	uint64_t predecessor_id;   /* 0: this is the first segment */
	uint64_t predecessor_used; /* offset behind its last group */
	struct digest origin;      /* SHA-256 of the log's origin */
	struct digest chain;       /* the chain's head at first_index */
	uint8_t boot_id[BOOT_ID_BYTES];
	char vkey[SEGMENT_VKEY_MAX]; /* the public key in force, for people; never trusted */
};

struct frame {
	uint8_t type;
	uint16_t flags;
	uint64_t index; /* EVENT: of the record; COMMIT: size of the log behind it */
	const unsigned char *body;
	uint32_t length;
	uint32_t offset; /* from the start of the group */
};

enum group_state {
	GROUP_BAD = 0,
	GROUP_NONE, /* the preallocated end: a zeroed frame head */
	GROUP_WHOLE,
};

/* A parsed group; frames borrow from the caller's buffer. frames[count] is the commit. */
struct group {
	uint32_t count; /* records */
	uint32_t bytes; /* padding included */
	struct frame frames[GROUP_RECORDS_MAX + 1];
	/* Set when the state is GROUP_BAD. */
	uint32_t bad_offset;
	uint64_t bad_index;
	const char *why; /* static storage */
};

/* CRC-32C (RFC 3720 appendix B.4) of data continued from crc; start with 0. */
uint32_t frame_crc32c(uint32_t crc, const void *data, size_t length);

/* Bytes that a frame with this body takes. */
size_t frame_size(size_t body);
/* Writes one frame at to, which has room; returns its bytes. */
size_t frame_put(unsigned char *to, uint64_t segment_id, const struct frame *frame);

/* Reads the frame at bytes; NULL on success, or what is wrong (static storage). ret->offset is 0.
 * Trust: bytes may be anything. */
MUST_USE const char *frame_parse(
    const unsigned char *bytes, size_t length, uint64_t segment_id, struct frame *ret);

/* Where a commit goes whose last record ends at this offset of its group. */
size_t group_commit_at(size_t end);
/* Parses the group at bytes[0..length), whose first record must have this index. length is what the
 * segment still has, at most GROUP_BYTES_MAX. Trust: bytes may be anything. */
enum group_state group_parse(const unsigned char *bytes, size_t length, uint64_t segment_id,
    uint64_t index, struct group *ret);
/* True when a valid frame that starts a group stands at bytes: something was written later. */
bool group_starts_at(const unsigned char *bytes, size_t length, uint64_t segment_id);

void segment_name(char to[SEGMENT_NAME_MAX], uint64_t first_index);
/* True for the name of a segment. */
MUST_USE bool segment_name_parse(const char *name, uint64_t *ret_first_index);
void segment_header_put(unsigned char to[AUDIT_BLOCK], const struct segment_header *header);
/* NULL on success, or what is wrong (static storage). Trust: block may be anything. */
MUST_USE const char *segment_header_parse(
    const unsigned char block[AUDIT_BLOCK], struct segment_header *ret);

#endif
