#include "audit/verdict.h"

#define ROW(name, text, exit_code, meaning) [AUDIT_##name] = {text, exit_code, meaning},
static const struct audit_verdict_info rows[] = {AUDIT_VERDICTS(ROW)};

const struct audit_verdict_info *
audit_verdict_info(enum audit_verdict_code code)
{
	return &rows[(unsigned)code < AUDIT_VERDICT_COUNT ? code : AUDIT_UNREADABLE];
}
