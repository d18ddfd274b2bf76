/* A denial in words: what was refused, why, and what to do next. The reader is a Skill that can
 * correct itself, and a person who looks for the line in the policy. */
#include <stdio.h>

#include "policy/model.h"

enum { NAME_SHOWN_MAX = 96 };

static const char *
subject(enum policy_action action)
{
	static const char *const names[] = {
	    [POLICY_ACTION_NONE] = "request",
	    [POLICY_TRIGGER] = "trigger",
	    [POLICY_TOOL] = "tool",
	    [POLICY_MEMORY_READ] = "memory key",
	    [POLICY_MEMORY_WRITE] = "memory key",
	    [POLICY_SUBAGENT] = "sub-agent",
	    [POLICY_MODEL] = "model",
	};

	return (unsigned)action < ARRAY_SIZE(names) ? names[action] : "request";
}

/* What to do about a request of this kind that no rule allows. */
static const char *
remedy(enum policy_action action)
{
	static const char *const texts[] = {
	    [POLICY_ACTION_NONE] = "ask for a trigger, a tool or a memory key",
	    [POLICY_TRIGGER] = "start it by an event that the policy names",
	    [POLICY_TOOL] = "use a tool that tool.list shows, or ask the owner for a rule",
	    [POLICY_MEMORY_READ] = "use a key that memory.read opens",
	    [POLICY_MEMORY_WRITE] = "use a key that memory.write opens",
	    [POLICY_SUBAGENT] = "do it in this Skill, or ask the owner for an edge",
	    [POLICY_MODEL] = "use a model of a provider and a region that llm names",
	};

	return (unsigned)action < ARRAY_SIZE(texts) ? texts[action] : texts[POLICY_ACTION_NONE];
}

/* Denials because of a number, or of what an edge grants. */
static enum err
say_used_up(
    const char *what, const struct policy_decision *decision, const char *name, struct fault *fault)
{
	static const struct {
		const char *before, *between, *behind;
	} texts[POLICY_REASON_COUNT] = {
	    [POLICY_REASON_RATE] = {"the limit of the ", " is reached: the policy gives it ", ""},
	    [POLICY_REASON_DEPTH] = {"the ", " would stand too deep: the policy gives it ", ""},
	    [POLICY_REASON_FAN_OUT] = {"the run may dispatch no more of the ",
		": the policy gives ", ""},
	    [POLICY_REASON_BUDGET] = {"no budget is left for the ", ": the policy gives ",
		"; end with what there is"},
	};

	if (decision->reason == POLICY_REASON_GRANT)
		return fault_set(fault, decision->code,
		    "the %s \"%s\" is not granted the tool \"%s\"; granted: %s", what, name,
		    decision->field, decision->allowed);
	return fault_set(fault, decision->code, "%s%s \"%s\"%s%s%s", texts[decision->reason].before,
	    what, name, texts[decision->reason].between, decision->allowed,
	    texts[decision->reason].behind);
}

static enum err
say(const struct policy_request *request, const struct policy_decision *decision, const char *name,
    struct fault *fault)
{
	const char *what = subject(request->action), *field = decision->field;
	const char *next = remedy(request->action), *allowed = decision->allowed;

	switch (decision->reason) {
	case POLICY_REASON_NO_RULE:
		if (field[0] != '\0')
			return fault_set(fault, decision->code,
			    "no rule allows the %s \"%s\": the trigger's payload has no usable "
			    "text for {%s}",
			    what, name, field);
		return fault_set(
		    fault, decision->code, "no rule allows the %s \"%s\"; %s", what, name, next);
	case POLICY_REASON_DENY_RULE:
		return fault_set(fault, decision->code, "a rule denies the %s \"%s\"%s%s", what,
		    name, allowed[0] != '\0' ? ": " : "", allowed);
	case POLICY_REASON_ARGUMENT:
		return fault_set(fault, decision->code,
		    "\"%s\" of the %s \"%s\" is outside what the rule allows; expected: %s", field,
		    what, name, allowed);
	case POLICY_REASON_UNKNOWN_ARGUMENT:
		return fault_set(fault, decision->code,
		    "the rule for the %s \"%s\" does not name \"%s\"; leave it out", what, name,
		    field);
	case POLICY_REASON_SCHEMA:
		return fault_set(fault, decision->code,
		    "%s%s%s of the %s \"%s\" does not fit its schema; expected: %s",
		    field[0] != '\0' ? "\"" : "", field[0] != '\0' ? field : "the call",
		    field[0] != '\0' ? "\"" : "", what, name, allowed);
	case POLICY_REASON_OTHER_WORKSPACE:
		return fault_set(fault, decision->code,
		    "the key \"%s\" belongs to another workspace; keys begin with ws/%s/", name,
		    request->workspace);
	case POLICY_REASON_BAD_REQUEST:
		return fault_set(
		    fault, decision->code, "the %s \"%s\" is malformed; %s", what, name, next);
	case POLICY_REASON_RATE:
	case POLICY_REASON_DEPTH:
	case POLICY_REASON_FAN_OUT:
	case POLICY_REASON_GRANT:
	case POLICY_REASON_BUDGET:
		return say_used_up(what, decision, name, fault);
	case POLICY_REASON_APPROVAL:
		return fault_set(fault, decision->code, "the %s \"%s\" needs the approval of %s",
		    what, name, allowed);
	case POLICY_REASON_ALLOW_RULE:
		return fault_set(fault, ERR_OK, "allowed");
	case POLICY_REASON_COUNT:
		break;
	}
	return fault_set(fault, ERR_INTERNAL, "a decision without a reason");
}

enum err
policy_fault(const struct policy_request *request, const struct policy_decision *decision,
    struct fault *fault)
{
	char name[NAME_SHOWN_MAX];
	enum err code;

	/* A zeroed decision is a denial, whatever its code says. */
	if (decision->verdict != POLICY_ALLOW && decision->code == ERR_OK)
		return fault_set(fault, ERR_INTERNAL, "a denial without an error");
	text_copy(name, sizeof(name), request->name != NULL ? request->name : "");
	code = say(request, decision, name, fault);
	if (code == ERR_OK)
		return ERR_OK;
	fault_at(fault, decision->rule, decision->line);
	fault_field(fault, decision->field, decision->allowed);
	return code;
}
