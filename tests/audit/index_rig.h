/* index_rig.h - a log of four live runs over several segments, and an index of it. */
#ifndef TESTS_AUDIT_INDEX_RIG_H
#define TESTS_AUDIT_INDEX_RIG_H

#include "audit/index.h"
#include "tests/audit/place.h"

enum { INDEX_RIG_RUNS = 6, INDEX_RIG_RECORDS = 400 };

struct index_rig_answers {
	uint64_t at[INDEX_RIG_RECORDS + 64];
	unsigned count;
};

/* The event that woke run n is that of n % 2. */
extern const char *const index_rig_events[2];

const char *index_rig_run_name(unsigned n);
void index_rig_append(struct place *place, enum event_kind kind, unsigned run, const char *tool,
    enum err error, const void *body, size_t length);
void index_rig_admit(struct place *place, unsigned run);
/* Records of the first four runs, the same at each call. */
void index_rig_append_some(struct place *place, unsigned count);
void index_rig_log(struct place *place);
/* path NULL: in the log's folder. Fails the test. */
struct audit_index *index_rig_open_index(const struct place *place, const char *path, bool fresh);
/* An audit_index_each that keeps the index of each record in a struct index_rig_answers. */
bool index_rig_keep(void *context, const struct audit_scan_record *record);
/* All records that fit; fails the test. */
void index_rig_ask(
    struct audit_index *index, const struct audit_index_query *query, struct index_rig_answers *to);

#endif
