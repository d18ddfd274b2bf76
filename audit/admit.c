#include "audit/admit.h"

#include "common/utf8.h"

/* What a kind of event says about its run. Zeroed: the run must be live. */
enum run_rule {
	RUN_LIVE = 0,
	RUN_NEW,      /* admits it */
	RUN_OPTIONAL, /* may name none; one that it names need not be live */
	RUN_NONE,     /* is of no run */
};

static const enum run_rule rules[] = {
    [EVENT_RUN_ADMITTED] = RUN_NEW,
    [EVENT_RUN_REFUSED] = RUN_OPTIONAL,
    [EVENT_POLICY_ACCEPTED] = RUN_NONE,
    [EVENT_POLICY_REFUSED] = RUN_NONE,
    [EVENT_PEER_REFUSED] = RUN_OPTIONAL,
};

static enum run_rule
rule_of(unsigned kind)
{
	return kind < ARRAY_SIZE(rules) ? rules[kind] : RUN_LIVE;
}

static bool
skill_is_valid(const char *skill)
{
	return strncmp(skill, "sk_", 3) == 0 && id_name_is_valid(skill + 3);
}

static enum err
check_texts(const struct wire_audit_append *append, struct fault *fault)
{
	if (append->run[0] != '\0' && !id_is_valid(append->run, ID_RUN))
		return fault_set(fault, ERR_PROTOCOL, "'%s' is not a run", append->run);
	if (append->skill[0] != '\0' && !skill_is_valid(append->skill))
		return fault_set(fault, ERR_PROTOCOL, "'%s' is not a Skill", append->skill);
	if (!utf8_is_valid(append->tool, strlen(append->tool)) ||
	    !utf8_is_valid(append->rule, strlen(append->rule)))
		return fault_set(fault, ERR_PROTOCOL, "tool or rule is not UTF-8");
	if (append->error != ERR_OK &&
	    err_from_name(err_name((enum err)append->error)) != (enum err)append->error)
		return fault_set(fault, ERR_PROTOCOL, "there is no error %u", append->error);
	return ERR_OK;
}

static enum err
check_new(const struct wire_audit_append *append, const struct run_state *live, struct fault *fault)
{
	if (append->run[0] == '\0' || append->skill[0] == '\0')
		return fault_set(fault, ERR_PROTOCOL, "an admission names a run and its Skill");
	if (live != NULL)
		return fault_set(fault, ERR_PROTOCOL, "%s was admitted before", append->run);
	return ERR_OK;
}

static enum err
check_run(const struct wire_audit_append *append, enum wire_role role, const struct run_state *live,
    struct fault *fault)
{
	enum run_rule rule = rule_of(append->kind);

	if (rule == RUN_NEW)
		return check_new(append, live, fault);
	if (rule == RUN_NONE)
		return append->run[0] == '\0' ? ERR_OK
					      : fault_set(fault, ERR_PROTOCOL, "%s is of no run",
						    event_name(append->kind));
	if (append->run[0] == '\0' && rule == RUN_LIVE)
		return fault_set(fault, ERR_PROTOCOL, "%s needs a run", event_name(append->kind));
	if (live == NULL && append->run[0] != '\0' && (rule == RUN_LIVE || role == WIRE_BROKER))
		return fault_set(fault, ERR_RUN_ENDED,
		    "%s is not admitted in this log, or has ended", append->run);
	if (live != NULL && strcmp(live->skill, append->skill) != 0)
		return fault_set(fault, ERR_PROTOCOL, "%s is a run of %s, not of '%s'", append->run,
		    live->skill, append->skill);
	return ERR_OK;
}

enum err
audit_admit(const struct wire_audit_append *append, enum wire_role role, const struct runs *runs,
    struct fault *fault)
{
	enum err r;

	if (event_name(append->kind) == NULL)
		return fault_set(fault, ERR_PROTOCOL, "there is no event %u", append->kind);
	if ((event_roles(append->kind) & role) == 0)
		return fault_set(fault, ERR_PROTOCOL, "%s may not come from this process",
		    event_name(append->kind));
	r = check_texts(append, fault);
	if (r != ERR_OK)
		return r;
	return check_run(
	    append, role, append->run[0] != '\0' ? runs_find(runs, append->run) : NULL, fault);
}
