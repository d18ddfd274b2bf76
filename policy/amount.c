#include "policy/amount.h"

#include <stdio.h>
#include <string.h>

enum { DECIMALS = 6 };

/* Two decimals at least, as money is written, and as many as are needed. */
static void
millionths_text(char to[POLICY_AMOUNT_MAX], uint64_t amount)
{
	int length = snprintf(to, POLICY_AMOUNT_MAX, "%llu.%06llu",
	    (unsigned long long)(amount / POLICY_MILLION),
	    (unsigned long long)(amount % POLICY_MILLION));
	int least = length - DECIMALS + 2;

	while (length > least && to[length - 1] == '0')
		to[--length] = '\0';
}

void
policy_amount_text(char to[POLICY_AMOUNT_MAX], enum policy_unit unit, uint64_t amount)
{
	static const struct {
		uint64_t factor;
		const char *name;
	} units[][6] = {
	    [POLICY_UNIT_COUNT] = {{1, ""}},
	    [POLICY_UNIT_BYTES] = {{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}},
	    [POLICY_UNIT_DURATION] = {{UINT64_C(86400000000000), "d"},
		{UINT64_C(3600000000000), "h"}, {UINT64_C(60000000000), "m"}, {1000000000, "s"},
		{1000000, "ms"}, {1, "ns"}},
	};
	unsigned i = 0;

	if (unit == POLICY_UNIT_MILLIONTHS) {
		millionths_text(to, amount);
		return;
	}
	while (units[unit][i].factor > 1 && amount % units[unit][i].factor != 0)
		i++;
	snprintf(to, POLICY_AMOUNT_MAX, "%llu%s",
	    (unsigned long long)(amount / units[unit][i].factor), units[unit][i].name);
}

bool
policy_amount_parse(const char *text, uint64_t *ret_millionths)
{
	static const char digits[] = "0123456789";
	size_t whole = strspn(text, digits), part = 0;
	uint64_t amount = 0;

	if (whole == 0)
		return false;
	if (text[whole] == '.') {
		part = strspn(text + whole + 1, digits);
		if (part == 0 || part > DECIMALS)
			return false;
	}
	if (text[whole + (part > 0) + part] != '\0')
		return false;
	for (size_t i = 0; i < whole + DECIMALS; i++) {
		uint64_t digit = 0;

		if (i < whole)
			digit = (uint64_t)(text[i] - '0');
		else if (i - whole < part)
			digit = (uint64_t)(text[i + 1] - '0');
		if (amount > (UINT64_MAX - digit) / 10)
			return false;
		amount = amount * 10 + digit;
	}
	*ret_millionths = amount;
	return true;
}
