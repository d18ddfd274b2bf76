/* model_agent.h - the compiled form of what a Skill may hand on and ask: sub-agents and models. */
#ifndef POLICY_MODEL_AGENT_H
#define POLICY_MODEL_AGENT_H

#include "policy/glob.h"
#include "policy/quota.h"

enum {
	POLICY_SUBAGENTS_MAX = 64,
	POLICY_MODEL_RULES_MAX = 32,
	POLICY_MODELS_MAX = 64,  /* patterns of one rule */
	POLICY_REGIONS_MAX = 32, /* of one rule */
};

/* A list of rules of one kind, and how people find it. */
struct policy_section {
	const char *rule; /* memory.read; "" where the file has none */
	uint32_t line;
	const char *allowed; /* for people */
};

/* One edge from this Skill to a child: nothing else of the parent's goes over it. */
struct policy_subagent {
	const char *name;
	const char *rule; /* subagents.summarizer */
	uint32_t line;
	struct policy_quota depth; /* most: of the child; a run that a trigger woke has 0 */
	struct policy_quota run;   /* most: how many one run may dispatch */
	const char *const *grants; /* tools; sorted, each allowed to the parent, too */
	uint32_t grant_count;
	struct policy_section grant;
};

struct policy_subagents {
	struct policy_section section;
	const struct policy_subagent *items; /* sorted by name */
	uint32_t count;
};

/* X(enumerator, name, has regions) */
#define POLICY_PROVIDERS(X)        \
	X(ANTHROPIC, anthropic, 0) \
	X(BEDROCK, bedrock, 1)     \
	X(VERTEX, vertex, 1)
#define POLICY_PROVIDER_ENUM(name, text, regions) POLICY_PROVIDER_##name,
enum policy_provider { POLICY_PROVIDERS(POLICY_PROVIDER_ENUM) POLICY_PROVIDER_COUNT };

struct policy_model_rule {
	uint32_t line;
	enum policy_provider provider;
	const char *const *regions;
	uint32_t region_count; /* 0: the provider has none */
	const struct glob *models;
	uint32_t model_count;
	const char *allowed; /* for people: its models */
};

struct policy_models {
	struct policy_section section;
	const struct policy_model_rule *items;
	uint32_t count;
};

/* The name of a provider; NULL outside the table. */
const char *policy_provider_name(enum policy_provider provider);

#endif
