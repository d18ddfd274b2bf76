#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "sandbox/bpf.h"
#include "sandbox/profile_rule.h"

const uint32_t profile_archs[] = {SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64, 0};

static bool
holds(const struct scmp_arg_cmp *cmp, uint64_t value)
{
	switch (cmp->op) {
	case SCMP_CMP_NE:
		return value != cmp->datum_a;
	case SCMP_CMP_LT:
		return value < cmp->datum_a;
	case SCMP_CMP_LE:
		return value <= cmp->datum_a;
	case SCMP_CMP_EQ:
		return value == cmp->datum_a;
	case SCMP_CMP_GE:
		return value >= cmp->datum_a;
	case SCMP_CMP_GT:
		return value > cmp->datum_a;
	case SCMP_CMP_MASKED_EQ:
		return (value & cmp->datum_a) == cmp->datum_b;
	case _SCMP_CMP_MIN:
	case _SCMP_CMP_MAX:
		break;
	}
	return false;
}

static bool
matches(const struct profile_rule *rule, const struct seccomp_data *data)
{
	for (uint32_t i = 0; i < rule->count; i++)
		if (!holds(&rule->args[i], data->args[rule->args[i].arg]))
			return false;
	return true;
}

/* The filter is the truth; the rule is found by it, so that an answer is never explained by a rule
 * that the filter did not follow. */
void
profile_ask(
    const struct profile *profile, const struct seccomp_data *data, struct profile_answer *ret)
{
	*ret = (struct profile_answer){
	    .action = bpf_run(profile->filter, profile->length, data), .reason = ""};
	if (data->arch != profile->arch)
		return;
	for (const struct profile_rule *rule = profile->rules; rule != NULL; rule = rule->next) {
		if (rule->number != data->nr)
			continue;
		ret->named = true;
		if (rule->action == ret->action && matches(rule, data)) {
			ret->rule = rule->rule;
			ret->reason = rule->reason;
			return;
		}
	}
}

void
profile_arch_name(uint32_t arch, char *to, size_t size)
{
	text_copy(to, size,
	    arch == SCMP_ARCH_X86_64    ? "x86_64"
	    : arch == SCMP_ARCH_AARCH64 ? "aarch64"
					: "foreign");
}

void
profile_call_name(uint32_t arch, int number, char *to, size_t size)
{
	char *name = NULL;

	text_copy(to, size, "foreign");
	for (const uint32_t *known = profile_archs; *known != 0; known++)
		if (*known == arch) {
			name = seccomp_syscall_resolve_num_arch(arch, number);
			text_copy(to, size, name != NULL ? name : "unknown");
		}
	free(name);
}
