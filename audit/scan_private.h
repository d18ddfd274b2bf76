/* scan_private.h - the parts of a scan; for audit/scan*.c only. */
#ifndef AUDIT_SCAN_PRIVATE_H
#define AUDIT_SCAN_PRIVATE_H

#include "audit/scan.h"

enum { WINDOW_BYTES = 4 * GROUP_BYTES_MAX };

struct audit_scan {
	const struct audit_files *files;
	const struct note_key *key;
	struct digest origin;
	enum anchor_state anchor_state;
	struct checkpoint anchor;
	bool anchor_seen; /* a commit of the anchor's size went by */

	uint64_t *segments; /* first indices, ascending */
	size_t segment_count, segment_room;
	size_t at; /* the segment in hand, when handle >= 0 */
	int handle;
	struct audit_head head;
	bool has_successor;
	struct segment_header successor;

	uint64_t window_at, window_length; /* what window holds of the segment in hand */
	unsigned char *window;

	struct group group;
	struct digest leaves[GROUP_RECORDS_MAX];
	uint32_t given; /* records of the group that were handed out */
	uint64_t group_at;
	char note[CHECKPOINT_MAX]; /* of the last group */
	size_t note_length;

	struct runs *runs;
	bool stopped;
	struct audit_verdict verdict;
};

/* Stops the scan. offset is in the segment in hand. Always SCAN_FAULT. */
enum audit_scan_state scan_stop(struct audit_scan *scan, enum audit_verdict_code code,
    uint64_t offset, uint64_t index, const char *format, ...) PRINTF_LIKE(5, 6);

/* The segment's bytes at offset, at least need of them unless it ends before. False: unreadable,
 * the scan has stopped. */
MUST_USE bool scan_view(struct audit_scan *scan, uint64_t offset, size_t need,
    const unsigned char **ret, size_t *ret_length);
/* Forgets the window: the file may have changed. */
void scan_forget(struct audit_scan *scan);

/* Reads the folder again. True: there are more segments than before. False: there are not, or the
 * scan has stopped. */
MUST_USE bool scan_list(struct audit_scan *scan);
/* Opens segment number at and checks its header against the head. False: stopped. */
MUST_USE bool scan_enter(struct audit_scan *scan, size_t at);
/* Opens the segment of the head, as an earlier scan left it. False: it is not there, or the scan
 * has stopped. */
MUST_USE bool scan_reenter(struct audit_scan *scan);
/* Reads the header of the segment behind the one in hand, if there is one: it says where this one
 * ends. False: stopped. */
MUST_USE bool scan_read_successor(struct audit_scan *scan);
/* Checks what stands behind the last group and moves to the successor. False: stopped. */
MUST_USE bool scan_leave(struct audit_scan *scan);
/* Judges a segment that has no successor and whose bytes at offset are neither a group nor the
 * end: torn or tampered. Always stops. */
enum audit_scan_state scan_judge_tail(
    struct audit_scan *scan, uint64_t offset, uint64_t index, const char *why);
/* The first byte at or behind offset that is not zero; the file's end when there is none. False:
 * stopped. */
MUST_USE bool scan_skip_zeros(struct audit_scan *scan, uint64_t offset, uint64_t *ret);

/* Verifies scan->group, which stands at the head, and moves the head behind it. False: stopped. */
MUST_USE bool scan_check_group(struct audit_scan *scan);

#endif
