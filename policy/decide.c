/* The one place where a request becomes a verdict.
 *
 * Each decision is a list of numbered steps; docs/policy.md has the same numbers. Every step but
 * the last refuses; what reaches the end of one that knows no rule is denied. Triggers and memory
 * stand here, tools in decide_tool.c, sub-agents and models in decide_agent.c. */
#include "policy/decide_parts.h"

#define REASON_ROW(name, verdict, text) [POLICY_REASON_##name] = {POLICY_##verdict, text},
static const struct {
	enum policy_verdict verdict;
	const char *text;
} reasons[POLICY_REASON_COUNT] = {POLICY_REASONS(REASON_ROW)};

const char *
policy_reason_text(enum policy_reason reason)
{
	return (unsigned)reason < POLICY_REASON_COUNT ? reasons[reason].text : "unknown reason";
}

/* A reason owns its verdict, so that nothing can be allowed because it is malformed. */
struct policy_decision
decide_because(enum policy_reason reason, enum err code, const char *rule, uint32_t line)
{
	return (struct policy_decision){
	    .verdict = reasons[reason].verdict,
	    .reason = reason,
	    .code = reasons[reason].verdict == POLICY_ALLOW ? ERR_OK : code,
	    .rule = rule,
	    .line = line,
	    .allowed = "",
	};
}

/* A denial in a section none of whose rules matches. */
struct policy_decision
decide_because_of(enum policy_reason reason, enum err code, const struct policy_section *section)
{
	struct policy_decision decision =
	    decide_because(reason, code, section->rule, section->line);

	decision.allowed = section->allowed;
	return decision;
}

/* A denial because something is used up. */
struct policy_decision
decide_used_up(enum policy_reason reason, enum err code, const struct policy_quota *quota)
{
	struct policy_decision decision = decide_because(reason, code, quota->rule, quota->line);

	decision.allowed = quota->text;
	return decision;
}

void
decide_name(struct policy_decision *decision, const char *name, size_t length, const char *allowed)
{
	text_copy_bytes(decision->field, sizeof(decision->field), name, length);
	decision->allowed = allowed;
}

/* The first constraint of rule that the payload fails; NULL: none. */
static const struct policy_constraint *
find_failed(const struct policy_trigger_rule *rule, const struct value *input)
{
	for (uint32_t i = 0; i < rule->where.count; i++) {
		const struct policy_constraint *constraint = &rule->where.items[i];

		if (!policy_constraint_holds(
			constraint, value_path(input, constraint->name), input))
			return constraint;
	}
	return NULL;
}

static bool
names_event(const struct policy_trigger_rule *rule, const struct policy_request *request)
{
	if (strcmp(rule->source, request->name) != 0)
		return false;
	for (uint32_t i = 0; i < rule->event_count; i++)
		if (strcmp(rule->events[i], request->event) == 0)
			return true;
	return false;
}

static struct policy_decision
decide_trigger(const struct policy *policy, const struct policy_request *request)
{
	const struct policy_constraint *failed = NULL;
	struct policy_decision miss;

	/* T1. What does not say what it is starts nothing. */
	if (request->event == NULL)
		return decide_because_of(
		    POLICY_REASON_BAD_REQUEST, ERR_TRIGGER_NOT_ALLOWED, &policy->trigger);

	for (uint32_t i = 0; i < policy->trigger_count; i++) {
		const struct policy_trigger_rule *rule = &policy->triggers[i];

		/* T2. Source and event are one pair: another source's event of the same name is
		 * another event. */
		if (!names_event(rule, request))
			continue;
		/* T3. All of `where` must hold. A field that is not there fails it. */
		failed = find_failed(rule, request->input);
		if (failed == NULL)
			return decide_because(
			    POLICY_REASON_ALLOW_RULE, ERR_OK, "trigger", rule->line);
	}
	/* T4. No rule lets it in: the last one that was tried says why. */
	if (failed == NULL)
		return decide_because_of(
		    POLICY_REASON_NO_RULE, ERR_TRIGGER_NOT_ALLOWED, &policy->trigger);
	miss = decide_because(
	    POLICY_REASON_ARGUMENT, ERR_TRIGGER_NOT_ALLOWED, failed->rule, failed->line);
	decide_name(&miss, failed->name, strlen(failed->name), failed->allowed);
	return miss;
}

/* True when key lies in the request's workspace. key is valid and begins with ws/. */
static bool
is_own(const char *key, const char *workspace)
{
	size_t length = strcspn(key + 3, "/");

	return length == strlen(workspace) && memcmp(key + 3, workspace, length) == 0;
}

static struct policy_decision
decide_memory(const struct policy_patterns *patterns, const struct policy_request *request)
{
	const char *key = request->name, *variable = NULL;
	size_t length = strnlen(key, POLICY_KEY_MAX + 1);
	struct policy_decision miss =
	    decide_because_of(POLICY_REASON_NO_RULE, ERR_MEMORY_NAMESPACE, &patterns->section);

	/* M1. Only keys that read the same everywhere: no empty segment, no "..", nothing
	 * invisible. */
	if (!policy_key_is_valid(key, length) || strncmp(key, "ws/", 3) != 0)
		return decide_because_of(
		    POLICY_REASON_BAD_REQUEST, ERR_MEMORY_NAMESPACE, &patterns->section);
	/* M2. Another workspace is out of reach whatever the patterns say, and says so: this is
	 * the boundary between customers. */
	if (!is_own(key, request->workspace))
		return decide_because_of(
		    POLICY_REASON_OTHER_WORKSPACE, ERR_WORKSPACE_SCOPE, &patterns->section);
	/* M3. A pattern opens it. Reading and writing have their own lists: neither implies the
	 * other. */
	for (uint32_t i = 0; i < patterns->count; i++) {
		const struct policy_pattern *pattern = &patterns->items[i];
		enum policy_meeting meeting =
		    policy_pattern_meets(pattern, key, length, request, &variable);

		if (meeting == POLICY_MEETS)
			return decide_because(POLICY_REASON_ALLOW_RULE, ERR_OK,
			    patterns->section.rule, pattern->line);
	}
	/* M4. No pattern opens it. */
	if (variable != NULL)
		decide_name(&miss, variable, strlen(variable), patterns->section.allowed);
	return miss;
}

struct policy_decision
policy_decide(const struct policy *policy, const struct policy_request *request)
{
	static const struct policy_usage nothing = {.dispatched = 0};
	const struct policy_usage *usage;

	/* 1. Who does not say what is wanted, and for whom, gets nothing. */
	if (policy == NULL || request->name == NULL || request->workspace == NULL)
		return decide_because(POLICY_REASON_BAD_REQUEST, ERR_PROTOCOL, "", 0);
	usage = request->usage != NULL ? request->usage : &nothing;
	/* 2. Each action has its own steps; none reaches another's. */
	switch (request->action) {
	case POLICY_TRIGGER:
		return decide_trigger(policy, request);
	case POLICY_TOOL:
		return decide_tool(policy, request, usage);
	case POLICY_MEMORY_READ:
		return decide_memory(&policy->read, request);
	case POLICY_MEMORY_WRITE:
		return decide_memory(&policy->write, request);
	case POLICY_SUBAGENT:
		return decide_subagent(policy, request, usage);
	case POLICY_MODEL:
		return decide_model(policy, request, usage);
	case POLICY_ACTION_NONE:
	case POLICY_ACTION_COUNT:
		break;
	}
	/* 3. An action that is not in the language. */
	return decide_because(POLICY_REASON_BAD_REQUEST, ERR_PROTOCOL, "", 0);
}

const struct policy_tool *
policy_tool(const struct policy *policy, const char *name)
{
	const struct policy_tool_rule *rule = policy_tool_rule_find(policy, name);

	return rule != NULL ? &rule->tool : NULL;
}

const struct policy_quota *
policy_tool_limits(const struct policy *policy, const char *name)
{
	const struct policy_tool_rule *rule = policy_tool_rule_find(policy, name);

	return rule != NULL ? rule->limits : NULL;
}

const struct policy_tool *
policy_tool_allowed(const struct policy *policy, uint32_t index)
{
	return index < policy->allowed_count ? &policy->allowed[index]->tool : NULL;
}

const struct policy_skill *
policy_skill(const struct policy *policy)
{
	return &policy->skill;
}

const struct policy_manifest *
policy_manifest(const struct policy *policy, uint32_t index)
{
	return index < policy->manifest_count ? &policy->manifests[index] : NULL;
}

const struct digest *
policy_digest(const struct policy *policy)
{
	return &policy->digest;
}

const struct digest *
policy_source_digest(const struct policy *policy)
{
	return &policy->source;
}
