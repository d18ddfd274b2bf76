/* amount.h - amounts as people write them: 16MiB, 90d, 0.50. */
#ifndef POLICY_AMOUNT_H
#define POLICY_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

enum policy_unit {
	POLICY_UNIT_COUNT = 0,
	POLICY_UNIT_BYTES,
	POLICY_UNIT_DURATION,   /* ns */
	POLICY_UNIT_MILLIONTHS, /* of a dollar, of one: a decimal fraction, exactly */
};

enum { POLICY_AMOUNT_MAX = 32, POLICY_MILLION = 1000000 };

/* amount in its largest unit that is exact. */
void policy_amount_text(char to[POLICY_AMOUNT_MAX], enum policy_unit unit, uint64_t amount);
/* Parses digits, or digits, a point and one to six digits; no sign, no exponent. false: anything
 * else, or above what 64 bits hold in millionths. */
bool policy_amount_parse(const char *text, uint64_t *ret_millionths);

#endif
