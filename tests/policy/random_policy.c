#include "tests/policy/random_policy.h"

#include <stdarg.h>
#include <stdio.h>

#include "tests/policy/fixture.h"

enum { TEXT_MAX = 8192 };

/* What a policy is drawn as: parts that can be drawn anew one by one. */
struct draft {
	uint64_t
	    seeds[9]; /* manifest, trigger, tool, read, write, quotas, agents, models, approvals */
};

struct text {
	char bytes[TEXT_MAX];
	size_t used;
};

uint32_t
random_draw(struct random *random, uint32_t bound)
{
	/* splitmix64 */
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) % bound);
}

static void PRINTF_LIKE(2, 3) say(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->used += (size_t)vsnprintf(
	    text->bytes + text->used, sizeof(text->bytes) - text->used, format, args);
	va_end(args);
}

#define PICK(random, list) ((list)[random_draw((random), ARRAY_SIZE(list))])

static const char *const globs[] = {
    "*", "**", "a*", "*b", "a/*", "**/b", "*a*", "a**", "b", "ab", "*/*", "a*b"};
static const char *const texts[] = {"a", "b", "ab", "/", "a/", "aa"};

static void
say_text_operator(struct random *random, struct text *text, const char *path)
{
	switch (random_draw(random, 9)) {
	case 0:
	case 1:
		say(text, "glob: \"%s\"", PICK(random, globs));
		break;
	case 2:
		say(text, "prefix: \"%s\"", PICK(random, texts));
		break;
	case 3:
		say(text, "suffix: \"%s\"", PICK(random, texts));
		break;
	case 4:
		say(text, "eq: \"%s\"", PICK(random, texts));
		break;
	case 5:
		say(text, "in: [ \"%s\", \"%s\" ]", PICK(random, texts), PICK(random, texts));
		break;
	case 6:
		say(text, "len: { min: %u }", random_draw(random, 3));
		break;
	case 7:
		say(text, "len: { max: %u }", random_draw(random, 3));
		break;
	default:
		say(text, "equals_trigger: %s", path);
		break;
	}
}

static void
say_number_operator(struct random *random, struct text *text)
{
	static const char *const numbers[] = {"0", "1", "2", "1.5", "2.0"};

	switch (random_draw(random, 5)) {
	case 0:
		say(text, "eq: %s", PICK(random, numbers));
		break;
	case 1:
		say(text, "in: [ %s, %s ]", PICK(random, numbers), PICK(random, numbers));
		break;
	case 2:
		say(text, "range: { min: %s }", PICK(random, numbers));
		break;
	case 3:
		say(text, "range: { max: %s }", PICK(random, numbers));
		break;
	default:
		say(text, random_draw(random, 2) ? "type: integer" : "type: number");
		break;
	}
}

/* A constraint on something that kind says: s text, n number, l list, v anything. */
static void
say_constraint(struct random *random, struct text *text, char kind, const char *path)
{
	uint32_t count = 1 + random_draw(random, 2);

	if (kind == 'v')
		kind = "snl"[random_draw(random, 3)];
	say(text, "{ ");
	if (random_draw(random, 12) == 0) {
		say(text, "absent: true }");
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			say(text, ", ");
		if (kind == 's') {
			say_text_operator(random, text, path);
		} else if (kind == 'n') {
			say_number_operator(random, text);
		} else if (random_draw(random, 3) == 0) {
			say(text, "len: { m%s: %u }", random_draw(random, 2) ? "in" : "ax",
			    random_draw(random, 3));
		} else {
			say(text, "each: { ");
			say_text_operator(random, text, path);
			say(text, " }");
		}
	}
	say(text, "%s }", random_draw(random, 3) == 0 ? ", optional: true" : "");
}

static void
say_manifest(struct random *random, struct text *text)
{
	uint32_t loose = random_draw(random, 3);

	say(text,
	    "tools: 1\nintegration: t\nbundle: { path: t, digest: sha256:%064d }\ntool:\n"
	    "  t.a:\n    summary: s\n    run: [ /a ]\n    profile: shell\n    arguments:\n",
	    0);
	if (random_draw(random, 4) == 0)
		say(text, "      required: [ x ]\n");
	say(text, "      properties:\n        x: { type: string%s }\n",
	    loose == 0 ? ", maxLength: 2" : "");
	say(text, "        m: { type: %s%s }\n", random_draw(random, 3) == 0 ? "number" : "integer",
	    random_draw(random, 3) == 0 ? ", maximum: 2" : "");
	say(text, "        l: { type: array, items: { type: string%s } }\n",
	    random_draw(random, 3) == 0 ? ", minLength: 1" : "");
}

static void
say_triggers(struct random *random, struct text *text)
{
	static const char *const paths[] = {"$.x", "$.y", "$.x.z", "$.x[0]"};
	uint32_t rules = 1 + random_draw(random, 3);

	say(text, "trigger:\n");
	for (uint32_t i = 0; i < rules; i++) {
		uint32_t fields = random_draw(random, 3), first = random_draw(random, 2);

		say(text, "  - source: cli\n    event: %s\n",
		    random_draw(random, 3) == 0 ? "[ e, f ]" : "e");
		if (fields > 0)
			say(text, "    where:\n");
		for (uint32_t j = 0; j < fields; j++) {
			uint32_t field = j == 0                        ? first
					 : random_draw(random, 6) == 0 ? 2 + random_draw(random, 2)
								       : 1 - first;

			say(text, "      %s: ", paths[field]);
			say_constraint(random, text, random_draw(random, 3) == 0 ? 'v' : 's',
			    paths[field == 0]);
			say(text, "\n");
		}
	}
}

/* { run: 2 }, with some of the names. */
static void
say_quotas(struct random *random, struct text *text, const char *const *names, uint32_t count)
{
	uint32_t chosen = 1 + random_draw(random, (1U << count) - 1);

	say(text, "{");
	for (uint32_t i = 0; i < count; i++)
		if ((chosen & 1U << i) != 0)
			say(text, "%s %s: %u", (chosen & ((1U << i) - 1)) != 0 ? "," : "", names[i],
			    1 + random_draw(random, 3));
	say(text, " }");
}

static void
say_budget(struct random *random, struct text *text)
{
	static const char *const budgets[] = {"calls", "tokens", "usd"};

	say(text, "budget: { run: ");
	say_quotas(random, text, budgets, ARRAY_SIZE(budgets));
	if (random_draw(random, 2) == 0) {
		say(text, ", day: ");
		say_quotas(random, text, budgets, ARRAY_SIZE(budgets));
	}
	say(text, " }\n");
}

static void
say_tool(struct random *random, struct random *quotas, struct text *text)
{
	static const char *const limits[] = {"per_run", "per_hour", "per_day"};

	static const struct {
		const char *name;
		char kind;
	} arguments[] = {{"x", 's'}, {"m", 'n'}, {"l", 'l'}};
	uint32_t which = random_draw(random, 12);

	if (which == 0)
		return;
	say(text, "tools:\n  t.a:\n    allow:%s\n", which == 1 ? " {}" : "");
	for (uint32_t i = 0; which > 1 && i < ARRAY_SIZE(arguments); i++) {
		if (random_draw(random, 3) == 0 && i > 0)
			continue;
		say(text, "      %s: ", arguments[i].name);
		say_constraint(
		    random, text, arguments[i].kind, random_draw(random, 2) ? "$.x" : "$.y");
		say(text, "\n");
	}
	if (random_draw(quotas, 2) == 0) {
		say(text, "    limits: ");
		say_quotas(quotas, text, limits, ARRAY_SIZE(limits));
		say(text, "\n");
	}
	if (random_draw(random, 12) == 0)
		say(text, "    deny: always\n");
}

static void
say_patterns(struct random *random, struct text *text, const char *name)
{
	static const char *const tails[] = {"**", "*", "a", "a/*", "*/a", "{x}", "{x}/**", "{y}/a",
	    "a/**", "{x}/{y}", "a*", "**/a", "{x}/*", "b/**", "a.*"};
	uint32_t count = random_draw(random, 4);

	say(text, "  %s: [", name);
	for (uint32_t i = 0; i < count; i++)
		say(text, "%s \"ws/{workspace}/%s\"", i > 0 ? "," : "", PICK(random, tails));
	say(text, " ]\n");
}

/* ret_text: the policy's file, heap memory of the caller's; NULL: it is not wanted. */
static void
say_subagents(struct random *random, struct text *text)
{
	uint32_t chosen = random_draw(random, 4);

	if (chosen > 0)
		say(text, "subagents:\n");
	for (uint32_t i = 0; i < 2; i++)
		if ((chosen & 1U << i) != 0)
			say(text, "  s%u: { max_depth: %u, max_per_run: %u, grant: [%s ] }\n", i,
			    1 + random_draw(random, 3), 1 + random_draw(random, 3),
			    random_draw(random, 2) ? " t.a" : "");
}

static void
say_models(struct random *random, struct text *text)
{
	static const char *const places[] = {"anthropic", "bedrock, region: r1",
	    "bedrock, region: r2", "bedrock, region: [ r2, r1 ]", "vertex, region: r1"};
	uint32_t rules = random_draw(random, 4);

	if (rules > 0)
		say(text, "llm:\n");
	for (uint32_t i = 0; i < rules; i++)
		say(text, "  - { provider: %s, models: [ \"%s\", \"%s\" ] }\n",
		    PICK(random, places), PICK(random, globs), PICK(random, globs));
}

static void
say_approvals(struct random *random, struct text *text)
{
	static const char *const confidences[] = {
	    "", ", confidence: { below: 0.5 }", ", confidence: { below: 1 }"};
	static const char *const people[] = {
	    "group: a", "group: b", "group: a, not: run_initiator"};
	uint32_t rules = random_draw(random, 2) ? random_draw(random, 4) : 0;

	if (rules > 0)
		say(text, "approval:\n");
	for (uint32_t i = 0; i < rules; i++) {
		say(text, "  - { when: { tool: t.a");
		if (random_draw(random, 2)) {
			say(text, ", args: { x: ");
			say_constraint(random, text, 's', "$.x");
			say(text, " }");
		}
		say(text, "%s }, by: { %s }, expires: %uh }\n", PICK(random, confidences),
		    PICK(random, people), 1 + random_draw(random, 2));
	}
}

static struct policy *
load(const struct draft *draft, char **ret_text)
{
	struct random random[ARRAY_SIZE(draft->seeds)];
	struct text policy = {.used = 0}, manifest = {.used = 0};
	struct fixture_file files[2] = {{.name = "policy"}, {.name = "manifest/t.yaml"}};
	struct policy_problems problems;
	struct policy *ret = NULL;

	for (unsigned i = 0; i < ARRAY_SIZE(random); i++)
		random[i].state = draft->seeds[i];
	say_manifest(&random[0], &manifest);
	say(&policy,
	    "policy: 1\nskill: s\nowner: { team: t }\nmanifests: [ t.yaml ]\n"
	    "bundle: { path: s, digest: sha256:%064d, run: [ /a ] }\nsandbox: { profile: shell }\n",
	    0);
	say_triggers(&random[1], &policy);
	say_tool(&random[2], &random[5], &policy);
	say_budget(&random[5], &policy);
	say_subagents(&random[6], &policy);
	say_models(&random[7], &policy);
	say_approvals(&random[8], &policy);
	say(&policy, "memory:\n");
	say_patterns(&random[3], &policy, "read");
	say_patterns(&random[4], &policy, "write");
	files[0].text = policy.bytes;
	files[0].length = policy.used;
	files[1].text = manifest.bytes;
	files[1].length = manifest.used;
	if (getenv("PRAXA_POLICY_SHOW") != NULL)
		fprintf(stderr, "%s---\n%s===\n", policy.bytes, manifest.bytes);
	if (fixture_load(files, 2, "random", &ret, &problems) == ERR_OK) {
		if (ret_text != NULL)
			*ret_text = strdup(policy.bytes);
		return ret;
	}
	if (getenv("PRAXA_POLICY_SHOW") != NULL)
		fprintf(stderr, "%s\n", problems.items[0].message);
	return NULL;
}

static uint64_t
seed(struct random *random)
{
	return (uint64_t)random_draw(random, UINT32_MAX) << 32 | random_draw(random, UINT32_MAX);
}

static struct policy *
draw(struct random *random, struct draft *draft, char **ret_text)
{
	struct policy *policy;

	do {
		for (unsigned i = 0; i < ARRAY_SIZE(draft->seeds); i++)
			draft->seeds[i] = seed(random);
	} while ((policy = load(draft, ret_text)) == NULL);
	return policy;
}

void
random_pair(struct random *random, struct policy *pair[2])
{
	struct draft draft, other;

	pair[0] = draw(random, &draft, NULL);
	if (random_draw(random, 2) == 0) {
		pair[1] = draw(random, &other, NULL);
		return;
	}
	do {
		other = draft;
		other.seeds[random_draw(random, ARRAY_SIZE(other.seeds))] = seed(random);
	} while ((pair[1] = load(&other, NULL)) == NULL);
}

struct policy *
random_policy(struct random *random, char **ret_text)
{
	struct draft draft;

	return draw(random, &draft, ret_text);
}
