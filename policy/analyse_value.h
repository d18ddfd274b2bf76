/* analyse_value.h - the parts of analyse_value_find, one file a kind of value. */
#ifndef POLICY_ANALYSE_VALUE_H
#define POLICY_ANALYSE_VALUE_H

#include "policy/analyse.h"

struct value_question {
	struct analysis *a;
	const struct literal *literals;
	uint32_t count;
	unsigned kinds;
	const struct value *excluded;
	uint32_t excluded_count;
};

bool analyse_value_is_excluded(const struct value_question *q, const struct value *value);
/* EQ and IN. */
bool analyse_value_is_list(const struct policy_test *test);

/* What LEN asks for: conditions on a length, and where they stop mattering. */
struct value_lengths {
	const struct value_question *q;
	uint64_t cap;
};
struct value_lengths analyse_value_lengths(const struct value_question *q);
bool analyse_value_length_is_right(const void *lengths, uint64_t length);

enum analyse_answer analyse_value_text(const struct value_question *q, struct value *ret);
enum analyse_answer analyse_value_array(const struct value_question *q, struct value *ret);
enum analyse_answer analyse_value_object(const struct value_question *q, struct value *ret);

#endif
